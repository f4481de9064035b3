"""/payroll: rates of people, what is proposed, what they come to, means of groups, and who looked. Payroll's alone.

Every page that shows a rate or an amount of one person asks why first (`why` in its address) and is recorded; see
`server.auth.wages`. A rate waits as a proposal until somebody else approves it.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from flask import Blueprint, Response, flash, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext, ngettext
from sqlalchemy import Connection

from server import fragments
from server.auth import wages
from server.auth.access import access, current
from server.auth.wages import REASONS
from server.extensions import db, now, settings
from server.menu import menu
from server.pace import costly
from server.payroll import file, groups, paid
from server.payroll.reads import summary
from server.problems import Problem
from server.reference import imports
from server.store import audit, people, plant
from server.store import wages as store
from server.store.database import read, write
from sync.connectors.csv_file.mapping import KINDS
from sync.connectors.csv_file.source import LineError, Sheet
from sync.connectors.csv_file.workbook import is_workbook
from sync.core.clock import local_date, month_of
from sync.core.quantity import parse_decimal
from sync.costing.wages import OwnRate, OwnRates

_ = lazy_gettext

blueprint = Blueprint("payroll", __name__)

PAYROLL = {"payroll"}
WAGE = {"name", "number", "wage"}
STATES: dict[str, store.State] = {"approve": "approved", "decline": "declined", "withdraw": "withdrawn"}


@blueprint.get("/payroll")
@access(roles=PAYROLL, objects="site")
@menu(_("Wages"), group="finance", order=80)
def overview() -> Response:
    """What there is to do, and the question why one looks."""
    with read(db.engine) as connection:
        values = {
            "chosen": settings().labor_rates == "person",
            "waiting": len(store.of_state(connection, current.site, "proposed")),
            "in_force": len({row.subject for row in store.of_state(connection, current.site, "approved", "person")}),
            "alone": _alone(connection),
            "months": _months(connection),
        }
    return fragments.page("payroll/overview.html", reasons=REASONS, **values)


# --- rates of people ---------------------------------------------------------------------------------------------


@blueprint.get("/payroll/rates")
@access(roles=PAYROLL, objects="site", query={"why"}, reads=WAGE, fresh=True)
def list_rates() -> Response:
    """The rates of everybody, dated, with gaps and overlaps; a form for one, and one for a file."""
    why = _why("rates of all people")
    return _rates_page(why)


@blueprint.post("/payroll/rates")
@access(roles=PAYROLL, objects="site", reads=WAGE, fresh=True,
        writes={"why", "do", "person", "valid_from", "valid_until", "amount", "reason", "file", "text"})  # fmt: skip
def propose_rates() -> ResponseReturnValue:
    """Say what rates would change, or propose them."""
    form = request.form
    why, reason = form.get("why", ""), form.get("reason", "").strip()[:200]
    wages.look("effect of rates", why)
    with read(db.engine) as connection:
        proposed, errors, text = _given(connection)
        effects = paid.effects(connection, current.site, proposed, _today(connection)) if not errors else {}
        shown = _names(connection, {rate.person for rate in proposed})
        own = wages.in_force(connection, current.site)
    if errors or not proposed:
        return _refused(why, errors or [gettext("The file holds no rate.")])
    if form.get("do") == "preview":
        lines = [
            {"person": shown[rate.person], "rate": rate, "before": own.find(rate.person, rate.valid_from)}
            for rate in proposed
        ]
        changes = [(shown[person], effect) for person, effect in effects.items()]
        values = {"lines": lines, "effects": changes, "text": text, "why": why, "reason": reason}
        return fragments.page("payroll/preview.html", currency=_currency(), **values)
    with write(db.engine) as connection:
        by, at = f"user:{current.user}", now()
        rates = [
            store.New("person", rate.person, rate.valid_from, rate.valid_until, wages.seal(rate.amount), reason=reason)
            for rate in proposed
        ]
        for rate, identity in zip(rates, store.propose(connection, current.site, rates, by, at), strict=True):
            _tell(connection, "rate.proposed", rate.subject, identity, reason)
    flash(ngettext("%(num)s rate is proposed: it holds once somebody else has approved it.",
                   "%(num)s rates are proposed: they hold once somebody else has approved them.", len(proposed))
          if settings().wage_approvers > 1 else
          ngettext("%(num)s rate is proposed.", "%(num)s rates are proposed.", len(proposed)))  # fmt: skip
    return redirect(f"/payroll/proposals?why={why}", 303)


def _given(connection: Connection) -> tuple[list[OwnRate], Sequence[str | LineError], str]:
    """The rates of the form: those of a file, of its text shown in the preview, or the one typed."""
    form = request.form
    upload = request.files.get("file")
    text = form.get("text", "")
    if upload is not None and upload.filename:
        content = upload.read()
        rates, errors = file.read_rates(connection, current.site, content, upload.filename)
        return rates, errors, file.as_text(rates) if is_workbook(content) else content.decode("utf-8", "replace")
    if text:
        rates, errors = file.read_rates(connection, current.site, text.encode(), gettext("the file"))
        return rates, errors, text
    return _typed(connection)


def _typed(connection: Connection) -> tuple[list[OwnRate], list[str], str]:
    form = request.form
    person = form.get("person", "").strip()
    key = file.people(connection, current.site, [person]).get(person)
    if key is None:
        return [], [gettext("Nobody here has this number.")], ""
    try:
        since = date.fromisoformat(form.get("valid_from", ""))
        until = date.fromisoformat(form["valid_until"]) if form.get("valid_until") else None
        amount = parse_decimal(form.get("amount", "").strip().replace(",", "."))
    except ValueError:
        return [], [gettext("Write days as 2026-11-20 and the amount as digits.")], ""
    if sentence := file.wrong(since, until, amount):
        return [], [gettext(sentence)], ""
    rates = [OwnRate("", key, since, amount, until)]
    return rates, [], file.as_text(rates)


def _refused(why: str, errors: Sequence[str | LineError]) -> Response:
    texts = [error.text(gettext) if isinstance(error, LineError) else error for error in errors]
    page = _rates_page(why, texts)
    page.status_code = 422
    return page


def _rates_page(why: str, errors: Sequence[str] = ()) -> Response:
    with read(db.engine) as connection:
        today = _today(connection)
        own = wages.in_force(connection, current.site)
        everybody = plant.rows(connection, current.site, "people")
        departments = _departments(connection)
    people = [row for row in everybody if row["active"] or row["key"] in own.of]
    people.sort(key=lambda row: ((row["name"] or "").casefold(), row["key"]))
    values = {
        "people": people, "own": own, "today": today, "departments": departments, "errors": errors, "why": why,
        "without": sum(1 for row in people if row["active"] and own.find(row["key"], today) is None),
    }  # fmt: skip
    return fragments.page("payroll/rates.html", currency=_currency(), **values)


# --- proposals ---------------------------------------------------------------------------------------------------


@blueprint.get("/payroll/proposals")
@access(roles=PAYROLL, objects="site", query={"why"}, reads=WAGE | {"user"}, fresh=True)
def list_proposals() -> Response:
    """What waits for approval, each with what it changes; those of one person are told together."""
    why = _why("proposed rates")
    site, me = current.site, f"user:{current.user}"
    with read(db.engine) as connection:
        rows = store.of_state(connection, site, "proposed")
        own, today = wages.in_force(connection, site), _today(connection)
        of_people = [row for row in rows if row.kind == "person"]
        shown = _names(connection, {row.subject for row in of_people})
        effects = paid.effects(connection, site, [wages.rate_of(row) for row in of_people], today)
        lines = [
            _of_person(row, own, shown, effects) if row.kind == "person" else _of_group(connection, row) for row in rows
        ]
        alone = _alone(connection)
    # Many come with one file; what a mean changes in the book is looked at one by one.
    mine_to_approve = [row.id for row in of_people if row.proposed_by != me or _approvers() == 1]
    values = {"lines": lines, "alone": alone, "why": why, "me": me, "approvers": _approvers(), "all": mine_to_approve}
    return fragments.page("payroll/proposals.html", currency=_currency(), **values)


def _of_person(
    row: store.Row, own: OwnRates, shown: Mapping[str, str], effects: Mapping[str, paid.Effect]
) -> dict[str, Any]:
    """A proposed rate with what holds now and what changes in the open months."""
    holds, effect = own.find(row.subject, date.fromisoformat(row.valid_from)), effects[row.subject]
    return {"row": row, "name": shown[row.subject], "amount": wages.opened(row), "people": 0,
            "before": holds.amount if holds else None, "difference": effect.difference,
            "milliseconds": effect.milliseconds}  # fmt: skip


def _of_group(connection: Connection, row: store.Row) -> dict[str, Any]:
    """A proposed mean with what the book uses now."""
    there = groups.groups(connection, current.site, date.fromisoformat(row.valid_from))
    used = next((group.used for group in there if group.code == row.subject), None)
    return {"row": row, "name": row.subject, "amount": wages.opened(row), "before": used,
            "people": len(wages.members(row))}  # fmt: skip


@blueprint.post("/payroll/proposals")
@access(roles=PAYROLL, objects="site", writes={"why", "ids*"}, reads=WAGE, fresh=True)
def approve_all() -> ResponseReturnValue:
    """Approve the proposals that stand on the page, all or none."""
    wages.chosen()
    ids = request.form.getlist("ids")
    with write(db.engine) as connection:
        for identity in ids:
            _decide(connection, identity, "approve")
    flash(ngettext("%(num)s rate is approved.", "%(num)s rates are approved.", len(ids)))
    return redirect(f"/payroll/proposals?why={_known(request.form.get('why', ''))}", 303)


@blueprint.post("/payroll/proposals/<uuid:identity>")
@access(roles=PAYROLL, objects="proposal", writes={"do", "why"}, reads=WAGE, fresh=True)
def decide(identity: Any) -> ResponseReturnValue:
    """Approve or decline what somebody else proposed; withdraw what one proposed oneself."""
    wages.chosen()
    do = request.form.get("do", "")
    if do not in STATES:
        raise Problem("request.invalid", f"do: {', '.join(STATES)}", pointer="/do")
    with write(db.engine) as connection:
        _decide(connection, str(identity), do)
    said = {"approve": _("Approved."), "decline": _("Declined."), "withdraw": _("Withdrawn.")}
    flash(str(said[do]))
    return redirect(f"/payroll/proposals?why={_known(request.form.get('why', ''))}", 303)


def _decide(connection: Connection, identity: str, do: str) -> None:
    """Settle one proposal and record it. Raises Problem."""
    site, me = current.site, f"user:{current.user}"
    row = store.one(connection, site, identity)
    if row is None:
        raise Problem("wages.unknown")
    own = row.proposed_by == me
    if (do == "approve" and own and _approvers() > 1) or (do == "withdraw" and not own):
        raise Problem("wages.second_person")
    if not store.decide(connection, site, row.id, STATES[do], me, now()):
        raise Problem("wages.decided")
    publishing = do == "approve" and row.kind == "group"
    if publishing:
        _publish(connection, row)
    _tell(connection, "rate.published" if publishing else f"rate.{STATES[do]}", row.subject, row.id, row.reason)


def _publish(connection: Connection, row: store.Row) -> None:
    """Bring a mean into the book as the rate of its group, if that may still be."""
    members = wages.members(row)
    _check_mean(connection, members)
    rate = {"kind": "labor", "subject_kind": "rate_group", "subject": row.subject,
            "valid_from": date.fromisoformat(row.valid_from), "amount": wages.opened(row),
            "includes_labor": False}  # fmt: skip
    try:
        imports.apply(connection, current.site, [Sheet(KINDS["rates"], "", rows=[rate], lines=[1])])
    except imports.ImportRefused as refused:
        raise Problem("wages.refused", " ".join(error.text(gettext) for error in refused.errors)) from refused


def _check_mean(connection: Connection, members: Mapping[str, Decimal]) -> None:
    reason = groups.refusal(connection, current.site, members)
    if reason:
        raise Problem("wages.mean_refused", groups.sentence(reason))


# --- means of groups ---------------------------------------------------------------------------------------------


@blueprint.get("/payroll/groups")
@access(roles=PAYROLL, objects="site", query={"why", "day"}, reads=WAGE, fresh=True)
def list_groups() -> Response:
    """The mean of each rate group on a day, and whether it may be published."""
    with read(db.engine) as connection:
        today = _today(connection)
    day = _day(request.args.get("day", "")) or today.replace(day=1)
    why = _why(f"means of groups {day}")
    with read(db.engine) as connection:
        found = groups.groups(connection, current.site, day)
    values = {"groups": found, "day": day, "why": why, "sentence": groups.sentence}
    return fragments.page("payroll/groups.html", currency=_currency(), **values)


@blueprint.post("/payroll/groups")
@access(roles=PAYROLL, objects="site", writes={"why", "day", "group"}, reads=WAGE, fresh=True)
def propose_mean() -> ResponseReturnValue:
    """Propose the mean of a group as the rate its entries use from a day on."""
    wages.chosen()
    code, day = request.form.get("group", ""), _day(request.form.get("day", ""))
    if day is None:
        raise Problem("request.invalid", gettext("Write the day as 2026-11-20."), pointer="/day")
    with write(db.engine) as connection:
        found = next((one for one in groups.groups(connection, current.site, day) if one.code == code), None)
        if found is None or found.mean is None:
            raise Problem("wages.mean_refused", groups.sentence("few"))
        mean = found.mean
        if mean.reason:
            raise Problem("wages.mean_refused", groups.sentence(mean.reason))
        new = store.New("group", code, day, None, wages.seal(mean.amount), wages.seal_members(mean.members))
        (identity,) = store.propose(connection, current.site, [new], f"user:{current.user}", now())
        _tell(connection, "rate.proposed", code, identity, "")
    flash(gettext("The mean of %(group)s is proposed.", group=code))
    return redirect(f"/payroll/proposals?why={_known(request.form.get('why', ''))}", 303)


# --- what it comes to --------------------------------------------------------------------------------------------


@blueprint.get("/payroll/hours")
@access(roles=PAYROLL, objects="site", query={"why", "period"}, reads=WAGE, fresh=True)
def show_hours() -> Response:
    """Hours and amounts of each person in a month, and by department beside what the book holds."""
    period = _period()
    why = _why(f"hours {period}")
    with read(db.engine) as connection:
        lines = paid.of_month(connection, current.site, period)
        months, departments = _months(connection), _departments(connection)
    values = {"lines": lines, "sums": paid.by_department(lines), "period": period, "months": months, "why": why,
              "departments": departments}  # fmt: skip
    return fragments.page("payroll/hours.html", currency=_currency(), **values)


@blueprint.get("/payroll/hours.csv")
@access(roles=PAYROLL, objects="site", query={"why", "period"}, reads=WAGE, fresh=True)
@costly
def hours_csv() -> Response:
    """The same as CSV, for the comparison with what was paid."""
    period = _period()
    _why(f"hours {period} as CSV")
    response = Response(paid.as_csv(_cells(period)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="wages-{period}.csv"'
    return response


@blueprint.get("/api/v1/payroll/hours")
@access(roles=PAYROLL, objects="site", query={"why", "period"}, reads=WAGE, fresh=True)
def hours_json() -> Response:
    """The same as JSON: amounts as text, hours with six decimals. Never for a token: a person asks, and says why."""
    period = _period()
    _why(f"hours {period} as JSON")
    body = json.dumps({"period": period, "people": _cells(period)}, ensure_ascii=False)
    return Response(body, mimetype="application/json")


def _cells(period: str) -> list[dict[str, str]]:
    with read(db.engine) as connection:
        lines = paid.of_month(connection, current.site, period)
        return paid.cells(lines, period, plant.site(connection, current.site).currency)


# --- who looked --------------------------------------------------------------------------------------------------


@blueprint.get("/payroll/reads")
@access(roles={"payroll", "auditor"}, objects="site", query={"period"}, reads={"user"})
def show_reads() -> Response:
    """A month's summary for whoever answers for wages: who looked at what, how often, and why. It tells no amount."""
    period = _period()
    with read(db.engine) as connection:
        counted = summary(connection, current.site, period)
        months = _months(connection)
    return fragments.page("payroll/reads.html", counted=counted, period=period, months=months, reasons=REASONS,
                          actions=audit.ACTIONS)  # fmt: skip


# --- shared ------------------------------------------------------------------------------------------------------


def _why(scope: str) -> str:
    """The reason in the address, once it is recorded."""
    why = request.args.get("why", "")
    wages.look(scope, why)
    return why


def _known(why: str) -> str:
    return why if why in REASONS else "rates"


def _tell(connection: Connection, action: str, subject: str, identity: str, reason: str) -> None:
    wages.record(connection, action, subject, {"proposal": identity} | ({"reason": reason} if reason else {}))


def _approvers() -> int:
    return settings().wage_approvers


def _alone(connection: Connection) -> bool:
    """Whether two people are needed and only one has the role."""
    holders = [user for user in people.list_users(connection, current.site)
               if user.active and "payroll" in user.roles.split()]  # fmt: skip
    return _approvers() > len(holders)


def _today(connection: Connection) -> date:
    return local_date(now(), plant.site(connection, current.site).zone)


def _currency() -> str:
    with read(db.engine) as connection:
        return plant.site(connection, current.site).currency


def _departments(connection: Connection) -> dict[str, str]:
    return {row["code"]: row["name"] for row in plant.rows(connection, current.site, "departments")}


def _names(connection: Connection, keys: set[str]) -> dict[str, str]:
    rows = {row["key"]: row for row in plant.rows(connection, current.site, "people", "key", keys)}
    return {key: (rows[key]["name"] if key in rows else "") or gettext("Name erased") for key in keys}


def _months(connection: Connection) -> list[str]:
    """The last twelve, newest first."""
    month, found = _today(connection).replace(day=1), []
    for _number in range(12):
        found.append(month_of(month))
        month = (month - timedelta(days=1)).replace(day=1)
    return found


def _period() -> str:
    given = request.args.get("period", "")
    if not given:
        with read(db.engine) as connection:
            return month_of(_today(connection))
    if not re.fullmatch("20[0-9]{2}-(0[1-9]|1[0-2])", given, re.ASCII):
        raise Problem("request.invalid", gettext("A period is a year and a month, such as 2026-11."), pointer="/period")
    return given


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch("20[0-9]{2}-[0-9]{2}-[0-9]{2}", text, re.ASCII) else None
    except ValueError:
        return None
