"""The shop of the feedback room's tests."""

from tests.server.feedback.conftest import clock, shop, visit  # noqa: F401
