"""The lead's pages: /board, /orders, /facts, /held; and orders with their cost for programs, under /api/v1."""

import re
from typing import Any

from flask import Blueprint, Response, jsonify, redirect, request
from flask.typing import ResponseReturnValue
from flask_babel import gettext, lazy_gettext
from sqlalchemy import Connection

from server import fragments
from server.auth.access import access, current
from server.extensions import db, now
from server.feedback import board, order_page
from server.feedback.plots import bullet
from server.feedback.reading import people, valuation
from server.fragments import PARTS
from server.intake import desk
from server.menu import menu
from server.plots import Bar, stacked
from server.problems import Problem
from server.security import local_path
from server.store import event_log, facts, floor, intake_log, order_cost, plant
from server.store.database import read, write
from server.store.facts import Fact
from server.store.order_cost import Filter, OrderCost
from sync.core.clock import local_date
from sync.costing.forgotten import CODE as END_PROPOSED
from sync.events import catalog

_ = lazy_gettext

blueprint = Blueprint("feedback", __name__)

FLOOR = {"lead", "admin", "accountant", "auditor"}
EVERYBODY = {"lead", "accountant", "payroll", "admin", "auditor"}
FINANCE = ("accountant", "payroll", "auditor")

PAGE = 50
MOST_API = 200
FACTS_SHOWN = 40


# --- board -------------------------------------------------------------------------------------------------------


@blueprint.get("/board")
@access(roles=FLOOR, objects="site", query={"wall", *PARTS}, reads={"name"})
@menu(_("Live board"), group="floor", order=10)
def live_board() -> Response:
    """Who is on what; machines; today; what waits for somebody. Each part refreshes itself."""
    part, moment, site = fragments.wanted(), now(), current.site
    if part not in ("", "work", "today", "drift"):
        raise Problem("request.invalid", pointer="/part")
    values: dict[str, Any] = {"moment": moment, "wall": "wall" in request.args}
    with read(db.engine) as connection:
        values["currency"] = plant.site(connection, site).currency
        if part in ("", "work"):
            values["floor"] = board.now_on_floor(connection, site, moment, current.reach, shared=values["wall"])
        if part in ("", "today"):
            values["today"] = board.today(connection, site, moment, current.reach)
        if part in ("", "drift"):
            values["drifting"] = board.drifting(connection, site, moment)
            values |= {"drift_of": board.drift, "drift_limit": board.DRIFT}
    template = "feedback/board.html"
    if part:
        return fragments.part(template, part, **values)
    return fragments.page(template, **values)


@blueprint.post("/help/<uuid:call>/answer")
@access(roles={"lead", "admin"}, objects="fact", writes={"next"})
def answer_call(call: Any) -> ResponseReturnValue:
    """Somebody is on the way: a fact as any other, stated by whoever is signed in. Answering twice changes nothing."""
    moment, site = now(), current.site
    with write(db.engine) as connection:
        called = facts.one(connection, site, str(call))
        if called is None or called.event.type != "help.called":
            raise Problem("request.not_found", gettext("No call for help has the id %(id)s.", id=str(call)))
        if any(fact.id == called.id for fact in floor.open_calls(connection, site, called.event.occurred_at)):
            desk.state(connection, site, current.user, "help.answered", moment, call_id=called.id)
    return redirect(local_path(request.form.get("next"), "/board"), 303)


# --- orders ------------------------------------------------------------------------------------------------------


@blueprint.get("/orders")
@access(roles=EVERYBODY, objects="site", query={"status", "text", "after", *PARTS})
@menu(_("Orders"), group="floor", order=20)
def list_orders() -> Response:
    """Orders with progress and cost against standard, soonest due first."""
    wanted = _order_filter()
    with read(db.engine) as connection:
        keys = order_cost.find_orders(connection, current.site, wanted, _after(), PAGE + 1)
        found = order_cost.costs(connection, current.site, [code for _due, code in keys[:PAGE]], valuation(), now())
        counts = order_cost.count_orders(connection, current.site)
        site = plant.site(connection, current.site)
    currency, today = site.currency, local_date(now(), site.zone).isoformat()
    values = {
        "orders": [found[code] for _due, code in keys[:PAGE]],
        "next": _cursor(keys[PAGE - 1]) if len(keys) > PAGE else "",
        "wanted": wanted,
        "counts": counts,
        "currency": currency,
        "bullet": bullet,
        "pieces_bar": _pieces_bar,
        "today": today,
        "drift_of": board.drift,
        "drifts": board.drifts,
        "moment": now(),
    }
    if fragments.wanted() == "orders":
        return fragments.part("feedback/orders.html", "orders", **values)
    return fragments.page("feedback/orders.html", **values)


def _pieces_bar(cost: OrderCost) -> list[Bar]:
    return stacked([("good", cost.good), ("scrap", cost.scrap)], cost.order.quantity)


@blueprint.get("/orders/<path:code>")
@access(roles=EVERYBODY, objects="order", query={"state", "shown", *PARTS}, reads={"name"})
def show_order(code: str) -> Response:
    """One order: progress, cost build-up against standard, timeline, material, defects, facts."""
    part = fragments.wanted()
    state = _choice("state", ("", "costed", "held", "running", "excluded", "received"))
    shown = _whole("shown", FACTS_SHOWN, 1, facts.MOST)
    with read(db.engine) as connection:
        page = order_page.gather(connection, current.site, code, now(), current.reach)
        currency = plant.site(connection, current.site).currency
    if page is None:
        raise Problem("request.not_found", gettext("No order has the code %(code)s.", code=code))
    chosen = order_page.chosen(page, state)
    values = {
        "page": page,
        "cost": page.cost,
        "order": page.cost.order,
        "currency": currency,
        "state": state,
        "facts": chosen[:shown],
        "more": len(chosen) - shown,
        "shown": shown,
        "step_names": order_page.step_names(page.cost.order),
        "drift_of": board.drift,
        "drifts": board.drifts,
        "moment": now(),
    }
    if part in ("figures", "facts"):
        return fragments.part("feedback/order.html", part, **values)
    return fragments.page("feedback/order.html", **values)


@blueprint.get("/api/v1/orders")
@access(roles=EVERYBODY, scopes={"entries:read"}, objects="site", query={"status", "text", "after", "limit"})
def orders_json() -> ResponseReturnValue:
    """Orders with pieces and cost: `status` (open, closed, all), `text`, `after` (the cursor before), `limit`."""
    wanted, limit = _order_filter(), _whole("limit", PAGE, 1, MOST_API)
    with read(db.engine) as connection:
        keys = order_cost.find_orders(connection, current.site, wanted, _after(), limit + 1)
        codes = [code for _due, code in keys[:limit]]
        found = order_cost.costs(connection, current.site, codes, valuation(), now())
        currency = plant.site(connection, current.site).currency
    more = len(keys) > limit
    return jsonify(
        orders=[order_cost.summary_json(found[code], currency) for code in codes],
        next=_cursor(keys[limit - 1]) if more else None,
        more=more,
    )


@blueprint.get("/api/v1/orders/<path:code>/cost")
@access(roles=EVERYBODY, scopes={"entries:read"}, objects="order")
def order_cost_json(code: str) -> ResponseReturnValue:
    """An order's cost by element and operation against its standard; `valuation` says how labor is valued."""
    with read(db.engine) as connection:
        found = order_cost.costs(connection, current.site, [code], valuation(), now())
        currency = plant.site(connection, current.site).currency
    if code not in found:
        raise Problem("request.not_found", gettext("No order has the code %(code)s.", code=code))
    return jsonify(order_cost.as_json(found[code], currency))


# --- facts -------------------------------------------------------------------------------------------------------


@blueprint.get("/facts/<uuid:identity>")
@access(roles=EVERYBODY, objects="fact", reads={"name", "note", "user"})
def show_fact(identity: Any) -> Response:
    """One fact: what it says, who sent it, what became of it, its corrections, the entries it caused."""
    event_id, site = str(identity), current.site
    with read(db.engine) as connection:
        fact = facts.one(connection, site, event_id)
        if fact is None:
            raise Problem("request.not_found", gettext("No fact has the id %(id)s.", id=event_id))
        hanging = facts.within(connection, site, facts.targeting(connection, site, {event_id}), current.reach)
        named = {getattr(fact.event, name, None) for name in ("start_id", "target_id", "replacement_id")}
        related = facts.by_ids(connection, site, {one for one in named if one})
        related = facts.within(connection, site, related, current.reach)
        policies = plant.policies(connection, site)
        scopes = {event_id, *_begun_by(connection, fact, policies.longest_labor_ms)}
        too_long = fact.running and now() - fact.event.occurred_at > policies.longest_labor_ms
        keys = {one.event.person for one in [fact, *hanging, *related]} | {fact.event.declared_by}
        values = {
            "fact": fact,
            "fields": _fields(fact),
            "hanging": hanging,
            "related": related,
            "people": people(connection, {key for key in keys if key}),
            "relayed_by": facts.relayed_by(connection, site, event_id),
            "senders": facts.senders(connection, site, {fact.sender}),
            "note": facts.note(connection, site, event_id),
            "photo": _photo(connection, fact),
            "conflicts": facts.conflicts(connection, site, event_id),
            # While work simply runs its end is proposed to nobody.
            "findings": [
                found
                for found in facts.findings(connection, site, event_id)
                if found[0] != END_PROPOSED or not fact.running or too_long
            ],
            "forgotten": too_long,
            "proposed": facts.proposed_end(connection, site, fact) if fact.reason == "break.open" else None,
            "caused": facts.entries_of(connection, site, scopes, event_id) if current.has(*FINANCE) else None,
            "currency": plant.site(connection, site).currency,
            "moment": now(),
        }
    return fragments.page("feedback/fact.html", **values)


def _begun_by(connection: Connection, fact: Fact, longest_ms: int) -> list[str]:
    """The starts a stop ends: their scope is where its entries stand."""
    if fact.event.type not in ("labor.stopped", "machine.stopped", "shift.ended"):
        return []
    start = getattr(fact.event, "start_id", None)
    if start:
        return sorted(event_log.chain(connection, current.site, {start}))
    return facts.starts_before(connection, current.site, fact.event, longest_ms)


def _photo(connection: Connection, fact: Fact) -> str:
    """Whether a fact's photo is "here" or "awaited"; "" without one, and for whoever may not see it."""
    if not fact.event.photo_digest or not current.has("lead", "admin", "auditor"):
        return ""
    return "here" if intake_log.has_photo(connection, current.site, fact.id) else "awaited"


# Shown in places of their own on the page, or of no use to a reader.
_ELSEWHERE = {"id", "occurred_at", "person", "declared_by", "provenance", "start_id", "target_id", "replacement_id"}


def _fields(fact: Fact) -> list[tuple[str, str, Any]]:
    """(name, label, value) of what a fact says beyond who and when."""
    return [
        (name, metadata["label"], value)
        for name, _wire, metadata in catalog.wires(type(fact.event))
        if name not in _ELSEWHERE and (value := getattr(fact.event, name)) is not None
    ]


# --- held --------------------------------------------------------------------------------------------------------


@blueprint.get("/held")
@access(roles=EVERYBODY, objects="site", query={"reason", "of", "owner", "after"}, reads={"name"})
@menu(_("Held facts"), group="floor", order=30)
def list_held() -> Response:
    """What waits for somebody, by what would solve it; and what was costed but wants a look."""
    reason, key = request.args.get("reason", ""), request.args.get("of", "")
    owner = _choice("owner", ("", "operator", "lead", "accountant", "payroll", "admin"))
    moment, site = now(), current.site
    with read(db.engine) as connection:
        forgotten = moment - plant.policies(connection, site).longest_labor_ms
        values: dict[str, Any] = {"owner": owner, "moment": moment, "reason": reason, "of": key}
        groups = facts.held_groups(connection, site, forgotten, 0 if reason else 5, reach=current.reach)
        if reason:
            group = next((one for one in groups if one.reason == reason and key in one.keys), None)
            keys = group.keys if group else (key,)
            found = facts.held_of(connection, site, reason, keys, forgotten, _held_after(), PAGE + 1, current.reach)
            last = found[PAGE - 1] if len(found) > PAGE else None
            values |= {
                "group": group,
                "facts": found[:PAGE],
                "next": f"{last.event.occurred_at}.{last.id}" if last else "",
            }
            shown = found
        else:
            remarks = [] if owner else facts.remarkable(connection, site, forgotten, reach=current.reach)
            values |= {
                "groups": [group for group in groups if not owner or group.owner == owner],
                "owners": _owners(groups),
                "remarks": remarks,
            }
            shown = [fact for group in groups for fact in group.facts]
            shown += [fact for remark in remarks for _params, fact in remark.facts]
        values["people"] = people(connection, {fact.event.person for fact in shown if fact.event.person})
    template = "feedback/held_group.html" if reason else "feedback/held.html"
    return fragments.page(template, **values)


def _owners(groups: list[facts.Group]) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for group in groups:
        counts[group.owner] = counts.get(group.owner, 0) + group.count
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))


# --- parameters --------------------------------------------------------------------------------------------------


def _order_filter() -> Filter:
    status = _choice("status", ("", "open", "closed", "all")) or "open"
    return Filter("" if status == "all" else status, request.args.get("text", "").strip()[:100])


def _choice(name: str, choices: tuple[str, ...]) -> str:
    value = request.args.get(name, "")
    if value not in choices:
        raise Problem("request.invalid", f"{name}: {', '.join(filter(None, choices))}", pointer=f"/{name}")
    return value


def _whole(name: str, default: int, low: int, high: int) -> int:
    text = request.args.get(name, "")
    if not text:
        return default
    if not re.fullmatch("[0-9]{1,9}", text, re.ASCII) or not low <= int(text) <= high:
        raise Problem("request.invalid", f"{name}: {low} - {high}", pointer=f"/{name}")
    return int(text)


def _cursor(key: tuple[str, str]) -> str:
    return f"{key[0]}.{key[1]}"


def _after() -> tuple[str, str] | None:
    """The cursor of a list of orders: the day and code of the last one shown."""
    text = request.args.get("after", "")
    if not text:
        return None
    found = re.fullmatch(r"([0-9]{4}-[0-9]{2}-[0-9]{2})\.(.{1,64})", text, re.ASCII | re.DOTALL)
    if not found:
        raise Problem("request.invalid", gettext("This is no cursor of this list."), pointer="/after")
    return found[1], found[2]


def _held_after() -> tuple[int, str] | None:
    text = request.args.get("after", "")
    if not text:
        return None
    found = re.fullmatch(r"([0-9]{1,15})\.([0-9a-f-]{36})", text, re.ASCII)
    if not found:
        raise Problem("request.invalid", gettext("This is no cursor of this list."), pointer="/after")
    return int(found[1]), found[2]
