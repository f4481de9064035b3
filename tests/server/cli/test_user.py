"""The commands about users: whoever runs the machine acts alone, and the trail says so."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import Engine

from server.cli import main
from server.settings import Settings
from server.store import audit, people
from server.store.database import read
from tests.cast import put_plant

SAME = {"Sec-Fetch-Site": "same-origin"}
PASSWORD = "seven yellow bicycles"
Run = Callable[..., Result]


@pytest.fixture
def run(settings: Settings, site: str, database: Engine) -> Run:
    put_plant(database)

    def execute(*arguments: str, **environment: str) -> Result:
        given = {"FLOORLEDGER_DATA_DIR": str(settings.data_dir), "LANG": "C", "LC_ALL": "C", **environment}
        return CliRunner().invoke(main, ["user", *arguments], env=given)

    return execute


def user(database: Engine, name: str) -> people.User:
    with read(database) as connection:
        found = people.find_user(connection, "main", name)
    assert found
    return found


def test_a_link_from_the_machine_makes_a_user(run: Run, app: Flask, database: Engine) -> None:
    made = run("invite", "paula", "--role", "payroll", "--team", "D1", FLOORLEDGER_PUBLIC_URL="https://floor.example/")
    found = re.fullmatch(r"https://floor\.example/join#(fli_[0-9a-f]{40})\n", made.output)
    assert found, made.output
    form: dict[str, Any] = {"code": found[1], "password": PASSWORD, "again": PASSWORD}
    assert app.test_client().post("/join", data=form, headers=SAME).status_code == 303
    paula = user(database, "paula")
    assert (paula.roles, people.unpack_teams(paula.teams)) == ("payroll", frozenset({"D1"}))
    reset = run("reset", "paula")
    assert re.fullmatch(r"http://localhost:8000/reset#fli_[0-9a-f]{40}\n", reset.output)


def test_every_change_stands_in_the_trail(run: Run, database: Engine) -> None:
    run("create", "ines", "--role", "lead", "--team", "D1", FLOORLEDGER_NEW_PASSWORD=PASSWORD)
    run("roles", "ines", "--role", "payroll")
    run("teams", "ines")
    run("password", "ines", FLOORLEDGER_NEW_PASSWORD=f"{PASSWORD} twice")
    run("disable", "ines")
    run("disable", "ines", "--again")
    with read(database) as connection:
        lines = audit.lines(connection, "main", audit.Search(data=("operational", "personal", "wage"), subject="ines"))
    assert [line.action for line in lines][::-1] == [
        "user.created", "user.roles_changed", "user.teams_changed", "user.password_changed", "user.disabled",
        "user.enabled",
    ]  # fmt: skip
    assert {line.actor for line in lines} == {"cli"}
    assert PASSWORD not in repr(lines)


def test_what_cannot_be(run: Run) -> None:
    assert "no department D9" in run("create", "x", "--role", "lead", "--team", "D9",
                                     FLOORLEDGER_NEW_PASSWORD=PASSWORD).stderr  # fmt: skip
    assert "There is no such user" in run("reset", "nobody").stderr
    assert run("invite", "a/b", "--role", "lead").exit_code == 1


def test_the_list(run: Run) -> None:
    run("create", "ines", "--role", "lead", "--team", "D1", "--team", "D2", FLOORLEDGER_NEW_PASSWORD=PASSWORD)
    assert re.search(r"ines +lead +ines +D1, D2; no second factor", run("list").output)
