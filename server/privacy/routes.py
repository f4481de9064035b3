"""/privacy: how long what is kept of people stays, what was taken away, and who was given names.
/privacy/people/KEY: all of one person, to hand out; and erasing that person."""

import json
from collections.abc import Set
from typing import Any

from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext

from server import fragments
from server.auth import wages as wage_door
from server.auth.access import access, current
from server.extensions import db, now, settings
from server.menu import menu
from server.privacy import acts, readable
from server.problems import Problem
from server.store import audit, disclosures, erasure, own_data, retention, rewrite, wages
from server.store.database import read, write
from sync.core.quantity import plain

_ = lazy_gettext

blueprint = Blueprint("privacy", __name__)

KEEPERS = {"admin", "payroll"}
RULES = frozenset(retention.RULES)
MOST = 20


@blueprint.get("/privacy")
@access(roles=KEEPERS | {"auditor"}, objects="site", query={"who"}, reads={"name", "number"})
@menu(_("Privacy"), group="admin", order=60)
def overview() -> Response:
    """Somebody found by name, number or key; terms, what went, and who has to be told."""
    return _overview()


@blueprint.post("/privacy/terms")
@access(roles={"admin"}, objects="site", writes=RULES, fresh=True)
def set_terms() -> ResponseReturnValue:
    """Keep how long each kind of data stays."""
    given = {name: text.strip() for name, text in request.form.items()}
    months = {name: int(text) for name, text in given.items() if text.isascii() and text.isdigit() and len(text) < 4}
    wrong = given.keys() - {
        name for name, term in months.items() if retention.RULES[name].low <= term <= retention.RULES[name].high
    }
    if wrong:
        page = _overview(wrong, given)
        page.status_code = 422
        return page
    with write(db.engine) as connection:
        changed = retention.set_terms(connection, settings().site, months)
        for name, (old, new) in changed.items():
            _record(connection, "retention.changed", name, {"from": f"{old} months", "to": f"{new} months"})
    flash(gettext("Kept. What is older goes within a day.") if changed else gettext("Nothing was changed."))
    return redirect("/privacy", 303)


@blueprint.post("/privacy/notices")
@access(roles=KEEPERS, objects="site", writes={"person", "receiver"})
def told() -> ResponseReturnValue:
    """A receiver was told of an erasure."""
    person, receiver = request.form.get("person", ""), request.form.get("receiver", "")
    with write(db.engine) as connection:
        if disclosures.told(connection, settings().site, person, receiver, f"user:{current.user}", now()):
            _record(connection, "person.receiver_told", person, {"receiver": receiver})
    flash(gettext("Noted."))
    return redirect("/privacy#notices", 303)


@blueprint.get("/privacy/people/<key>")
@access(roles=KEEPERS, objects="person", reads={"name", "number", "badge"})
def show_person(key: str) -> Response:
    """What is kept of somebody, in numbers; what can be done."""
    return _person_page(key)


@blueprint.get("/privacy/people/<key>/data")
@access(roles=KEEPERS, objects="person", query={"form"}, reads={"name", "number", "badge", "note", "photo", "wage"},
        fresh=True)  # fmt: skip
def give(key: str) -> Response:
    """All of it, for that person: to read and print, in the person's language; or as JSON (`form=json`)."""
    site, as_json = settings().site, request.args.get("form") == "json"
    with read(db.engine) as connection:
        data = own_data.collect(connection, site, key, now())
    if current.has("payroll") and settings().labor_rates == "person":
        wage_door.look(f"person {key}", "question")
        data["rates"] = _rates(key)
    with write(db.engine) as connection:
        acts.record_given(connection, site, data, by=f"user:{current.user}", now=now())
    if as_json:
        answer = Response(json.dumps(data, ensure_ascii=False, indent=1) + "\n", mimetype="application/json")
        answer.headers["Content-Disposition"] = f'attachment; filename="{key}.json"'
        return answer
    return Response(readable.page(data, current.language or settings().language, served=True))


@blueprint.post("/privacy/people/<key>/erase")
@access(roles=KEEPERS, objects="person", writes={"confirm", "force"}, reads={"name"}, fresh=True)
def erase(key: str) -> ResponseReturnValue:
    """Erase somebody, once number (or name) was typed again."""
    site = settings().site
    try:
        with write(db.engine) as connection:
            person = erasure.find(connection, site, key)
            if person is None:
                raise Problem("person.unknown")
            if request.form.get("confirm", "").strip() != (person.number or person.name):
                raise Problem("person.not_confirmed")
            done = acts.erase(connection, site, person, by=f"user:{current.user}", now=now(),
                              force=request.form.get("force") == "yes")  # fmt: skip
    except Problem as problem:
        page = _person_page(key, problem)
        page.status_code = problem.kind.status
        return page
    return _person_page(key, done=done)


def _rates(key: str) -> list[dict[str, str]]:
    with read(db.engine) as connection:
        states: tuple[wages.State, ...] = ("approved", "proposed", "declined", "withdrawn")
        rows = [
            row
            for state in states
            for row in wages.of_state(connection, settings().site, state, "person")
            if row.subject == key
        ]
    return [
        {"from": row.valid_from, "until": row.valid_until or "", "hour": plain(wage_door.opened(row)),
         "state": row.state}
        for row in rows
    ]  # fmt: skip


def _overview(wrong: Set[str] = frozenset(), given: dict[str, str] | None = None) -> Response:
    site, who = settings().site, request.args.get("who", "").strip()[:100]
    with read(db.engine) as connection:
        values: dict[str, Any] = {
            "found": erasure.search(connection, site, current.reach, who, MOST) if current.has(*KEEPERS) else [],
            "terms": retention.terms(connection, site),
            "runs": retention.last_runs(connection, site),
            "removals": retention.removals(connection, site),
            "receivers": disclosures.receivers(connection, site),
            "notices": disclosures.notices(connection, site),
            "waiting": rewrite.wanted(connection),
        }
    return fragments.page(
        "privacy/overview.html",
        who=who,
        rules=retention.RULES,
        wrong=wrong,
        given=given or {},
        erasure=retention.ERASURE,
        **values,
    )


def _person_page(key: str, problem: Problem | None = None, done: erasure.Erased | None = None) -> Response:
    site = settings().site
    with read(db.engine) as connection:
        data = own_data.summary(connection, site, key)
        waits = erasure.obstacles(connection, site, key)
    return fragments.page(
        "privacy/person.html", data=data, waits=waits, problem=problem, done=done, here=data["person"],
        with_rates=current.has("payroll") and settings().labor_rates == "person",
    )  # fmt: skip


def _record(connection: Any, action: str, subject: str, details: dict[str, str]) -> None:
    audit.record(
        connection, settings().site, at=now(), actor=f"user:{current.user}", action=action, subject=subject,
        details=details,
    )  # fmt: skip
