"""What codes are called in the reader's language: elements, states, reasons, owners, kinds of facts."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from typing import Any

from flask import Flask
from flask_babel import LazyString, gettext, lazy_gettext

from server.figures import day, quantity
from server.menu import ROLE_NAMES
from server.problems import fill
from sync.core.findings import CATALOGUE
from sync.events.base import TYPES

_ = lazy_gettext

# How a word becomes text: in the language of the request, or as `server.terminal.said` has it.
Say = Callable[[object], str]

ELEMENTS: dict[str, LazyString] = {
    "labor": _("Labor"),
    "setup": _("Setup"),
    "machine": _("Machine"),
    "material": _("Material"),
    "scrap": _("Scrap"),
    "rework": _("Rework"),
    "overhead": _("Overhead"),
    "subcontracting": _("Subcontracting"),
    "output": _("Output"),
    "by_product": _("By-product"),
    "variance": _("Variance"),
}

# State of a fact -> (word, class of its badge)
STATES: dict[str, tuple[LazyString, str]] = {
    "received": (_("Received"), "waiting"),
    "costed": (_("Costed"), "good"),
    "held": (_("Held"), "held"),
    "excluded": (_("Excluded"), ""),
    "running": (_("Running"), "running"),
    "counted": (_("Counted"), ""),
    "noted": (_("Noted"), ""),
}
# Reasons that are no trouble: work that simply runs, facts that are about something else than cost. -> their state
WITHOUT_COST = {
    "time.open": "running",
    "break.open": "running",
    "quantity.counted": "counted",
    "scrap.normal": "counted",
    "downtime.noted": "counted",
    "break.noted": "noted",
    "break.over": "noted",
    "fact.noted": "noted",
}

ACTIVITIES: dict[str, LazyString] = {
    "setup": _("Setup"),
    "run": _("Run"),
    "rework": _("Rework"),
    "teardown": _("Teardown"),
    "indirect": _("Indirect"),
}

PROVENANCES: dict[str, LazyString] = {
    "measured": _("Measured"),
    "declared": _("Declared"),
    "estimated": _("Estimated"),
}

# Facts as they are told; a type not named here goes by the label of its definition.
EVENT_NAMES: dict[str, LazyString] = {
    "labor.started": _("Work started"),
    "labor.stopped": _("Work stopped"),
    "labor.declared": _("Time declared"),
    "machine.started": _("Machine started"),
    "machine.stopped": _("Machine stopped"),
    "machine.reported": _("Machine time reported"),
    "downtime.started": _("Machine down"),
    "downtime.stopped": _("Machine up again"),
    "material.received": _("Material received"),
    "material.consumed": _("Material consumed"),
    "material.returned": _("Material returned"),
    "material.substituted": _("Other material used"),
    "material.moved": _("Material moved"),
    "output.reported": _("Good pieces reported"),
    "output.by_product": _("By-product reported"),
    "defect.reported": _("Defect reported"),
    "inspection.reported": _("Inspection reported"),
    "shift.started": _("Shift started"),
    "shift.ended": _("Shift ended"),
    "break.started": _("Break started"),
    "break.stopped": _("Break ended"),
    "operation.added": _("Operation added"),
    "operation.completed": _("Operation done"),
    "operation.reopened": _("Operation reopened"),
    "order.completed": _("Order completed"),
    "order.closed": _("Order closed"),
    "order.reopened": _("Order reopened"),
    "help.called": _("Help called"),
    "help.answered": _("Call answered"),
    "event.voided": _("Fact voided"),
    "event.replaced": _("Fact replaced"),
    "event.approved": _("Fact approved"),
    "event.declined": _("Fact declined"),
}

DISPOSITIONS: dict[str, LazyString] = {
    "scrap": _("Scrap"),
    "rework": _("Rework"),
    "hold": _("Put aside"),
    "use_as_is": _("Used as is"),
}

RESULTS: dict[str, LazyString] = {"passed": _("Passed"), "failed": _("Failed")}

RATE_KINDS: dict[str, LazyString] = {
    "labor": _("labor"),
    "machine": _("machine"),
    "standard_labor": _("published standard labor"),
    "standard_cost": _("standard cost"),
    "subcontracting": _("subcontracting"),
}

# What gives or bears a cost: the part of an account's object before the colon.
OBJECTS: dict[str, LazyString] = {
    "order": _("Order"),
    "department": _("Department"),
    "work_center": _("Work center"),
    "stock": _("Stock"),
    "supplier": _("Supplier"),
    "opening": _("Opening stock"),
    "activity": _("Indirect activity"),
    "idle": _("Idle time"),
    "premium": _("Premiums"),
    "scrap": _("Scrap"),
    "variance": _("Variance"),
    "general": _("General account"),
    "transit": _("Transit of operation"),
}

VARIANCES: dict[str, LazyString] = {
    "scrap": _("Scrap beyond the standard"),
    "material_price": _("Material price"),
    "labor_rate": _("Labor rate"),
    "machine_rate": _("Machine rate"),
    "subcontracting_price": _("Price of subcontracted work"),
    "overhead_spending": _("Overhead spending"),
    "material_mix": _("Material mix"),
    "material_yield": _("Material yield"),
    "material_usage": _("Material usage"),
    "subcontracting_usage": _("More or less subcontracted work"),
    "labor_idle": _("Idle time"),
    "labor_efficiency": _("Labor efficiency"),
    "machine_efficiency": _("Machine efficiency"),
    "overhead_efficiency": _("Overhead efficiency"),
    "setup": _("Set-up time"),
    "rework": _("Rework"),
    "by_product": _("By-products"),
    "lot_size": _("Lot size"),
    "late_cost": _("Late cost"),
    "remaining": _("Remaining"),
    "negative_stock": _("Issued before receipt"),
    "standard_change": _("Change of the standard"),
    "output_cost": _("Cost of output against the standard of its stock"),
    "no_output": _("No good piece came of it"),
}

# What a pool of overhead is charged by, after the quantity.
DRIVERS: dict[str, LazyString] = {
    "labor_hour": _("hours of people"),
    "machine_hour": _("hours of machines"),
    "labor_percent": _("of labor"),
    "material_percent": _("of material"),
}

RULES: dict[str, LazyString] = {
    "backflush": _("Material drawn by reports of pieces"),
    "labor_time": _("Labor time"),
    "machine_time": _("Machine time"),
    "manual": _("Declared operation"),
    "material": _("Material movement"),
    "overhead": _("Overhead of a pool"),
    "subcontracting": _("Subcontracted work"),
    "by_product": _("By-product or joint product"),
    "output": _("Good pieces to stock"),
    "close": _("Close of the order"),
    "premium": _("Premium for when it was worked"),
    "scrap": _("Scrap at accumulated cost"),
}

SPLITS: dict[str, LazyString] = {
    "equal_share": _("Equal share of each instant"),
    "standard_time": _("By standard time"),
    "number_of_orders": _("By number of orders"),
    "main_order": _("Main order only"),
    "unattended": _("Unattended: where the person turned last"),
}

ORDER_KINDS: dict[str, LazyString] = {
    "manufacturing": _("Manufacturing order"),
    "case": _("Case"),
    "project": _("Project"),
    "ticket": _("Ticket"),
}


# What a reason is called where there is no room for the sentence.
TITLES: dict[str, LazyString] = {
    "time.open": _("Clock-out forgotten?"),
    "time.too_long": _("Time too long to believe"),
    "time.told_too_long": _("Told time too long to believe"),
    "break.open": _("Break nobody ended"),
    "time.unknown": _("Time not reported"),
    "time.stop_without_start": _("Stop without a start"),
    "time.negative": _("End before the start"),
    "reference.unknown_order": _("Unknown order"),
    "reference.unknown_operation": _("Unknown operation"),
    "reference.unknown_person": _("Unknown badge"),
    "reference.unknown_machine": _("Unknown machine"),
    "reference.unknown_work_center": _("Unknown work center"),
    "reference.unknown_item": _("Unknown item"),
    "rate.missing": _("Missing rate"),
    "unit.no_conversion": _("Missing unit conversion"),
    "stock.no_unit_cost": _("Item without a unit cost"),
    "amount.too_large": _("Amount too large to book"),
    "scrap.no_cost": _("Scrap of an order without cost"),
    "standard.not_frozen": _("Order without a standard"),
    "standard.unknown_version": _("Unknown version of a standard"),
    "standard.none": _("Nothing to make a standard of"),
    "standard.incomplete": _("Incomplete standard"),
    "standard.loop": _("An item that needs itself"),
    "correction.target_unknown": _("Correction of a fact not here yet"),
    "correction.replacement_unknown": _("Replacing fact not here yet"),
    "event.declined": _("Declined by a lead"),
    "by_product.no_value": _("By-product without a value"),
    "correction.loop": _("Corrections that correct each other"),
    "costing.failed": _("Costing failed"),
    "import.identical_row": _("Identical row imported"),
    "clock.drift": _("Device clock off"),
    "device.clock_set": _("Device clock set on the way"),
    "device.gap": _("Facts missing from a device"),
    "device.fork": _("One number, two facts"),
    "stock.negative": _("More used than received"),
    "quantity.over_order": _("More pieces than ordered"),
    "operation.added_twice": _("One number, two operations"),
    "time.end_proposed": _("Proposed clock-out"),
    "billable.no_rate": _("No billable rate"),
    "time.repeated": _("Same time reported twice"),
}


def held_title(reason: str) -> str:
    """A reason in a few words."""
    return str(TITLES.get(reason, reason))


def element(code: str, say: Say = str) -> str:
    """A cost element."""
    return say(ELEMENTS.get(code, code))


def variance(category: str, say: Say = str) -> str:
    """A category of variances."""
    return say(VARIANCES.get(category, category))


def owner(code: str) -> str:
    """Who can mend a held fact."""
    return str(_("Operator") if code == "operator" else ROLE_NAMES.get(code, code))


def split(code: str) -> str:
    """How time was shared: "By standard time, version 1" of standard_time/1."""
    name, _slash, version = code.partition("/")
    return f"{SPLITS.get(name, name)}, {gettext('version %(version)s', version=version)}"


def state(fact_state: str, reason: str = "") -> tuple[str, str]:
    """The word for a state and the class of its badge; time that simply runs is no trouble."""
    word, plate = STATES[WITHOUT_COST.get(reason, fact_state)]
    return str(word), plate


def explains(reason: str) -> bool:
    """Whether a reason says more than the state's word."""
    return bool(reason) and reason not in WITHOUT_COST


def sentence(reason: str, params: Mapping[str, str]) -> str:
    """Why a fact is held, excluded or remarkable."""
    known = CATALOGUE.get(reason)
    return fill(gettext(known.sentence), _shown(params)) if known else reason


def action(reason: str, params: Mapping[str, str]) -> str:
    """What to do about it; "" when nothing is to be done."""
    known = CATALOGUE.get(reason)
    return fill(gettext(known.action), _shown(params)) if known and known.action else ""


def _shown(params: Mapping[str, str]) -> dict[str, str]:
    shown = dict(params)
    if "kind" in shown:
        shown["kind"] = str(RATE_KINDS.get(shown["kind"], shown["kind"]))
    if "date" in shown:
        with suppress(ValueError):
            shown["date"] = day(date.fromisoformat(shown["date"]))
    return shown


def event_type(name: str) -> str:
    """A kind of fact: "Good pieces reported"."""
    if name in EVENT_NAMES:
        return str(EVENT_NAMES[name])
    kinds = [kind for (known, _version), kind in sorted(TYPES.items()) if known == name]
    return gettext(kinds[-1].label) if kinds else name


def cost_object(code: str, say: Say = str) -> str:
    """What gives or bears: "Department WELD"."""
    kind, _colon, name = code.partition(":")
    if kind == "variance":
        return fill(say(_("Variance: {category}")), {"category": variance(name, say)})
    return f"{say(OBJECTS.get(kind, kind))} {name}".strip()


def unknown_price(kind: str, subject: str) -> str:
    """A price nobody has given yet."""
    if kind == "conversion":
        return gettext("unit conversion of %(subject)s", subject=subject)
    if kind == "lot_size":
        return gettext("lot size of %(subject)s", subject=subject)
    if kind == "loop":
        return gettext("a bill that does not come back to itself: %(subject)s", subject=subject)
    if not subject:
        return gettext("a work center for some of the hours")
    return gettext("%(kind)s rate of %(subject)s", kind=RATE_KINDS.get(kind, kind), subject=subject)


def said(event: Any) -> str:
    """What a fact says, without who, where and when: "12 good", "3.2 kg of OAK"."""
    match event.type:
        case "labor.started" | "labor.declared":
            activity = str(ACTIVITIES[event.activity])
            return f"{activity} · {event.indirect_code}" if event.indirect_code else activity
        case "machine.started" | "machine.reported" | "machine.stopped" | "downtime.stopped":
            return str(event.machine)
        case "downtime.started":
            return f"{event.machine} · {event.reason}"
        case "labor.stopped" | "break.started" | "help.called" | "order.completed" | "order.closed" | "order.reopened":
            return str(event.reason or "")
        case "material.received" | "material.consumed" | "material.returned" | "output.by_product":
            amount = quantity(event.quantity, event.unit)
            return gettext("%(quantity)s of %(item)s", quantity=amount, item=event.item)
        case "material.substituted":
            amount = quantity(event.quantity, event.unit)
            words = {"quantity": amount, "item": event.item, "replaced": event.replaces}
            return gettext("%(quantity)s of %(item)s in place of %(replaced)s", **words)
        case "material.moved":
            amount = quantity(event.quantity, event.unit)
            way = f"{event.from_location or '?'} → {event.to_location}"
            return gettext("%(quantity)s of %(item)s", quantity=amount, item=event.item) + f" · {way}"
        case "inspection.reported":
            parts = [str(RESULTS[event.result]), event.characteristic or ""]
            parts.append(quantity(event.measured, event.unit or "") if event.measured is not None else "")
            return " · ".join(filter(None, parts))
        case "operation.added":
            return f"{event.operation} · {event.name}"
        case "output.reported":
            return gettext("%(quantity)s pieces", quantity=quantity(event.quantity))
        case "defect.reported":
            kept = str(DISPOSITIONS[event.disposition])
            return f"{quantity(event.quantity)} · {kept} · {event.reason}"
        case "event.voided" | "event.replaced" | "event.approved" | "event.declined":
            return str(event.reason)
    return ""


def in_words(event: Any) -> str:
    """Kind and content of a fact in one line."""
    return f"{event_type(event.type)} {said(event)}".strip()


def init_app(app: Flask) -> None:
    """Let templates say these words."""
    app.jinja_env.globals.update(
        element_name=element, owner_name=owner, fact_state=state, reason_sentence=sentence, reason_action=action,
        reason_explains=explains, held_title=held_title, event_type_name=event_type, cost_object_name=cost_object,
        fact_said=said, fact_words=in_words, unknown_price=unknown_price, elements=ELEMENTS, provenances=PROVENANCES,
        activities=ACTIVITIES, dispositions=DISPOSITIONS, rule_names=RULES, split_name=split, order_kinds=ORDER_KINDS,
        variance_names=VARIANCES,
    )  # fmt: skip
