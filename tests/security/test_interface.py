"""The interface keeps what its description says: schemathesis asks it what OpenAPI allows, and what it does not."""

from contextlib import suppress

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from server.auth import credentials
from server.openapi import document
from tests.security import stage
from tests.security.conftest import Stage

CHECKS = [not_a_server_error, content_type_conformance, status_code_conformance, response_schema_conformance]
# Who asks, in turn: programs, a tablet, somebody signed in, nobody.
ASKERS = ("token events:write", "device", "payroll", "token entries:read", "token reference:read", "lead", "nobody")


def ask_all(house: Stage, examples: int) -> int:
    """Every operation with generated requests, good and bad, from everybody in turn; returns how many were sent."""
    interface = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", house.app)
    operations = [found.ok() for found in interface.get_all_operations()]
    assert {one.path for one in operations} == set(document(house.app)["paths"]) - {"/api/v1/openapi.json"}
    sent = 0

    def answers(case: Case) -> None:
        nonlocal sent
        caller = house.principals[ASKERS[sent % len(ASKERS)]]
        headers = {**stage.SAME_ORIGIN, **caller.headers}
        kinds = (credentials.SESSION, credentials.DEVICE)
        cookies = {kind: found.value for kind in kinds if (found := caller.client.get_cookie(kind))}
        case.call_and_validate(headers=headers, cookies=cookies, checks=CHECKS)
        sent += 1

    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            strategy = operation.as_strategy(generation_mode=mode)
            limits = settings(max_examples=examples, deadline=None, database=None, derandomize=True,
                              phases=[Phase.generate], suppress_health_check=list(HealthCheck))  # fmt: skip
            with suppress(Unsatisfiable):  # what takes nothing cannot be asked wrongly
                limits(given(case=strategy)(answers))()
    return sent


@pytest.mark.requirement("SR-33", "SR-48")
def test_every_operation_answers_as_described(house: Stage) -> None:
    assert ask_all(house, examples=6) > 100


@pytest.mark.long
@pytest.mark.requirement("SR-33", "SR-48")
def test_every_operation_answers_as_described_thousands_of_times(house: Stage) -> None:
    assert ask_all(house, examples=300) > 5_000
