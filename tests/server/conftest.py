"""The plant these tests work in; a room that needs more of it has a `shop` of its own."""

import pytest
from sqlalchemy import Engine

from tests.cast import put_plant


@pytest.fixture
def shop(database: Engine, site: str) -> Engine:
    """A site with the plant of the cast."""
    put_plant(database)
    return database
