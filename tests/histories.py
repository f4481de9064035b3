"""Histories no shop should have and every shop may: what the pipeline must cost as if it had seen all at once.

Facts of every type, named and unnamed stops, at instants that collide on purpose (a grid that may be an hour), spans
around the longest that are believed, labels instead of codes, things nobody knows, and corrections of anything by
anything: voids of voids, loops, replacements that come first, late or never.
"""

import random
from dataclasses import replace
from typing import Any

from sync.core.calendars import calendars_of
from sync.core.clock import format_instant
from sync.core.codes import from_number
from sync.core.plant import LabelCode, Plant
from sync.core.premiums import premiums_of
from tests.cast import ANA, LUIS, Ids, a_plant, instant, raw

HOUR = 3_600_000
LABELS = {
    "person": LabelCode("person", ANA),
    "order": LabelCode("order", "MO-1"),
    "operation": LabelCode("operation", "MO-2", "20"),
    "machine": LabelCode("machine", "M1"),
    "item": LabelCode("item", "GLUE"),
    "lot": LabelCode("lot", "GLUE", "L-7"),
    "work_center": LabelCode("work_center", "W2"),
}
LETTERS = {name: from_number(number) for number, name in enumerate(LABELS, start=1)}


def a_labelled_plant() -> Plant:
    """The cast's plant, with labels on some of its things."""
    return a_plant(codes={LETTERS[name]: label for name, label in LABELS.items()})


# A shop with every premium, and calendars of people and work centers; as rows of the import.
TIMES: dict[str, list[dict[str, Any]]] = {
    "calendars": [
        *({"calendar": "DAY", "weekday": str(day), "kind": kind, "starts": starts, "ends": ends}
          for day in range(1, 7) for kind, starts, ends in (
              ("work", "06:00", "12:00"), ("work", "13:00", "17:00"), ("break", "09:00", "09:20"))),
        {"calendar": "DAY", "weekday": "2026-10-28", "kind": "holiday", "starts": "", "ends": ""},
        *({"calendar": "NIGHT", "weekday": str(day), "kind": kind, "starts": starts, "ends": ends}
          for day in range(1, 8) for kind, starts, ends in (("work", "21:00", "05:00"), ("break", "02:15", "02:45"))),
        {"calendar": "NIGHT", "weekday": "7", "kind": "holiday", "starts": "12:00", "ends": "03:00"},
    ],
    "premiums": [
        {"premium": code, "kind": kind, "starts": starts, "ends": ends, "threshold_h": threshold, "percent": percent,
         "valid_from": since}
        for code, kind, starts, ends, threshold, percent, since in (
            ("NIGHT", "night", "21:00", "06:00", "0", "20", "0001-01-01"),
            ("NIGHT", "night", "22:00", "05:30", "0", "25", "2026-10-26"),
            ("DAY", "overtime_day", "", "", "7.5", "25", "0001-01-01"),
            ("WEEK", "overtime_week", "", "", "20", "30", "0001-01-01"),
            ("SUNDAY", "weekend", "", "", "0", "100", "0001-01-01"),
            ("LATE", "weekend", "20:00", "23:00", "0", "10", "0001-01-01"),
            ("FEAST", "holiday", "", "", "0", "50", "0001-01-01"))
    ],
}  # fmt: skip


def with_times(plant: Plant) -> Plant:
    """The plant with these calendars and premiums: Ana by her own calendar, Luis by that of where he works."""
    plant.calendars, plant.premiums = calendars_of(TIMES["calendars"]), premiums_of(TIMES["premiums"])
    plant.people[ANA] = replace(plant.people[ANA], calendar="NIGHT")
    plant.work_centers["W1"] = replace(plant.work_centers["W1"], calendar="DAY")
    return plant


class _History:
    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.ids = Ids(seed + 2_000_000)
        self.made: list[dict[str, Any]] = []
        self.grid = self.chance.choice([1, 1000, 60_000, HOUR])
        self.span = self.chance.choice([1, 3, 10]) * 24 * HOUR
        self.tellers = (self.labor, self.labor, self.labor, self.declared, self.pause, self.pause, self.shift,
                        self.machine, self.machine_hours, self.received, self.moved, self.moved, self.output,
                        self.defect, self.operation_added, self.noted, self.void, self.replace, self.put_right,
                        self.lead, self.loop)  # fmt: skip

    def add(self, kind: str, at: int, **fields: Any) -> str:
        self.made.append(raw(kind, at, **{"id": self.ids(), **fields}))
        return str(self.made[-1]["id"])

    def at(self) -> int:
        """Around the night the clock goes back, often at an instant taken already."""
        return instant("2026-10-23T05:00:00Z") + self.chance.randrange(self.span // self.grid) * self.grid

    def lasting(self, *around: int) -> int:
        whole = self.chance.choice([self.chance.randrange(14 * HOUR), 0, -1000, *around])
        return whole // self.grid * self.grid

    def job(self) -> dict[str, Any]:
        orders = ["MO-1", "MO-1", "MO-2", "MO-9", LETTERS["order"], LETTERS["operation"]]
        operations = ["10", "20", "20", None, "77", "25", "5"]
        return {"order": self.chance.choice(orders), "operation": self.chance.choice(operations)}

    def step(self) -> dict[str, Any]:
        job = self.job()
        return {**job, "operation": job["operation"] or "10"}

    def who(self) -> str:
        return self.chance.choice([ANA, LUIS, LETTERS["person"]])

    # --- facts

    def labor(self, at: int) -> None:
        who, activity = self.who(), self.chance.choice(["run", "setup", "rework", "teardown", "indirect"])
        work = {"indirect_code": "CLEAN"} if activity == "indirect" else self.job()
        start = self.add("labor.started", at, person=who, activity=activity, **work,
                         work_center=self.chance.choice([None, None, "W1", "W2"]),
                         provenance=self.chance.choice(["measured", "declared"]))  # fmt: skip
        if self.chance.random() < 0.85:
            loose = self.chance.choice([{}, {"order": work.get("order")}, {"operation": work.get("operation")}])
            named = {"start_id": start} if self.chance.random() < 0.6 else loose
            other = self.chance.random() < 0.05
            self.add("labor.stopped", at + self.lasting(12 * HOUR, 40 * HOUR), person=LUIS if other else who, **named)

    def declared(self, at: int) -> None:
        length = self.chance.choice([HOUR, 3 * HOUR, 11 * HOUR, 12 * HOUR, 13 * HOUR, 40 * HOUR])
        times = self.chance.choice([
            {"started_at": format_instant(at - length), "ended_at": format_instant(at)},
            {"duration_ms": self.chance.choice([0, 1, 12_345, HOUR, 50 * HOUR])},
            {},
        ])  # fmt: skip
        self.add("labor.declared", at, person=self.who(), activity="run", **self.job(), **times)

    def machine(self, at: int) -> None:
        kind = self.chance.choice(["machine", "downtime"])
        machine = self.chance.choice(["M1", "M1", LETTERS["machine"], "M2"])
        work: dict[str, Any] = {"reason": "BLADE"}
        if kind == "machine":
            work = {**self.job(), "activity": self.chance.choice([None, "setup"])} if self.chance.random() < 0.8 else {}
        start = self.add(f"{kind}.started", at, machine=machine, **work)
        if self.chance.random() < 0.8:
            start_id = start if self.chance.random() < 0.5 else None
            self.add(f"{kind}.stopped", at + self.lasting(72 * HOUR, 100 * HOUR), machine=machine, start_id=start_id)

    def machine_hours(self, at: int) -> None:
        told: dict[str, Any] = {"duration_ms": self.chance.choice([0, 1, HOUR, 400 * HOUR])}
        if self.chance.random() < 0.4:
            told = {"counter_from": "1204.5", "counter_to": self.chance.choice(["1204.5", "1204.500001", "1300"])}
        self.add("machine.reported", at, machine=self.chance.choice(["M1", "M2"]), **self.job(), **told)

    # --- presence

    def pause(self, at: int) -> None:
        who = self.who()
        start = self.add("break.started", at, person=who)
        if self.chance.random() < 0.7:
            named = {"start_id": start} if self.chance.random() < 0.6 else {}
            after = self.chance.choice(
                [self.lasting(12 * HOUR), self.lasting(40 * HOUR), HOUR // self.grid * self.grid]
            )
            other = self.chance.random() < 0.05
            self.add("break.stopped", at + after, person=LUIS if other else who, **named)

    def shift(self, at: int) -> None:
        self.add(self.chance.choice(["shift.ended", "shift.ended", "shift.started"]), at, person=self.who())

    def received(self, at: int) -> None:
        self.add("material.received", at, item=self.chance.choice(["GLUE", "GLUE", LETTERS["item"], "OAK"]),
                 quantity=self.chance.choice(["1", "3", "7", "0.97", "50", "999999999"]),
                 unit=self.chance.choice(["kg", "kg", "g", "t"]), opening=self.chance.choice([None, True]),
                 unit_cost=self.chance.choice(["0", "0.01", "1.01", "8.25", "333.333333"]))  # fmt: skip

    def moved(self, at: int) -> None:
        kind = self.chance.choice(["consumed", "consumed", "returned", "substituted"])
        self.add(f"material.{kind}", at, **self.job(), replaces="OAK" if kind == "substituted" else None,
                 item=self.chance.choice(["GLUE", "GLUE", LETTERS["item"], LETTERS["lot"], "OAK", "NIX"]),
                 quantity=self.chance.choice(["1", "3", "0.485", "9"]),
                 unit=self.chance.choice(["kg", "kg", "g", "m"]))  # fmt: skip

    def output(self, at: int) -> None:
        self.add("output.reported", at, **self.step(), quantity=str(self.chance.randrange(1, 9)))

    def defect(self, at: int) -> None:
        self.add("defect.reported", at, **self.step(), quantity=self.chance.choice(["1", "2", "0.5"]), reason="BURR",
                 disposition=self.chance.choice(["scrap", "scrap", "hold", "rework", "use_as_is"]),
                 caused_at=self.chance.choice([None, "10", "77", "25"]))  # fmt: skip

    def operation_added(self, at: int) -> None:
        job = self.job()
        self.add("operation.added", at, order=job["order"], operation=self.chance.choice(["25", "25", "5", "77", "20"]),
                 name=self.chance.choice(["Repair", "Repair", "Paint"]),
                 work_center=self.chance.choice(["W1", "W2", "W2", LETTERS["work_center"], "W9"]))  # fmt: skip

    def noted(self, at: int) -> None:
        thing = {"item": self.chance.choice(["GLUE", LETTERS["lot"], "NIX"]), "quantity": "2", "unit": "kg"}
        order = {"order": self.job()["order"]}
        kind, fields = self.chance.choice([
            ("inspection.reported", {**self.step(), "result": "passed"}),
            ("operation.completed", self.step()),
            ("operation.reopened", self.step()),
            ("order.completed", order),
            ("order.closed", order),
            ("material.moved", {**thing, "to_location": "A-01", **self.chance.choice([order, {}])}),
            ("output.by_product", {**thing, **self.job()}),
            ("help.called", {"reason": "FORKLIFT", **self.job()}),
        ])  # fmt: skip
        told = self.add(kind, at, **fields)
        if kind == "help.called":
            self.add("help.answered", at + HOUR, call_id=told)

    def closed(self, at: int) -> None:
        kind = self.chance.choice(["order.closed", "order.closed", "order.closed", "order.reopened"])
        self.add(kind, at, order=self.chance.choice(["MO-1", "MO-2"]))

    def by_product(self, at: int) -> None:
        self.add("output.by_product", at, **self.job(), item=self.chance.choice(["GLUE", "OAK", "OAK", "NIX"]),
                 quantity=self.chance.choice(["1", "2.5"]), unit=self.chance.choice(["kg", "g", "m"]))  # fmt: skip

    def walking(self) -> None:
        """What orders are given, what they give and when they are closed, more than anything else."""
        self.tellers = (self.labor, self.declared, self.machine_hours, self.received, self.moved, self.moved,
                        self.moved, self.output, self.output, self.output, self.defect, self.by_product, self.closed,
                        self.closed, self.void, self.replace, self.operation_added, self.noted)  # fmt: skip

    # --- corrections

    def void(self, at: int) -> None:
        known = self.made and self.chance.random() < 0.95
        void = self.add("event.voided", at, target_id=self.chance.choice(self.made)["id"] if known else self.ids(),
                        reason="SLIP")  # fmt: skip
        if self.chance.random() < 0.3:
            self.add("event.voided", at + 1, target_id=void, reason="SLIP")

    def lead(self, at: int) -> None:
        target = self.chance.choice(self.made)["id"] if self.made and self.chance.random() < 0.95 else self.ids()
        kind = self.chance.choice(["event.declined", "event.declined", "event.approved"])
        said = self.add(kind, at, target_id=target, reason="DOUBT")
        if self.chance.random() < 0.4:
            self.add("event.voided", at + 1, target_id=said, reason="SLIP")

    def replace(self, at: int) -> None:
        if not self.made:
            return
        target = self.chance.choice(self.made)
        replacement = self.chance.choice(self.made)["id"]
        if self.chance.random() < 0.7:
            replacement = self._meant(target)
        correction = self.ids()
        if len({target["id"], replacement, correction}) == 3:
            self.add("event.replaced", at, id=correction, target_id=target["id"], replacement_id=replacement,
                     reason="SLIP")  # fmt: skip

    def put_right(self, at: int) -> None:
        """A start told wrong, put right once or more, and stops that name any of them, told anew or not, as phones do
        that know of each other or do not."""
        kind = self.chance.choice(["labor", "labor", "machine", "downtime", "break"])
        who: dict[str, Any] = {"machine": "M1"} if kind in ("machine", "downtime") else {"person": self.who()}
        work = {"labor": {"activity": "run", **self.job()}, "machine": self.job(), "downtime": {"reason": "BLADE"}}
        told = [self.add(f"{kind}.started", at, **who, **work.get(kind, {}))]
        for _ in range(self.chance.randrange(1, 4)):
            here = [one for one in self.made if one["id"] in told]
            wrong = self.chance.choice([here[-1], here[-1], self.chance.choice(here)])
            told.append(self._meant(wrong))
            self.add("event.replaced", at, target_id=wrong["id"], replacement_id=told[-1], reason="SLIP")
        for _ in range(self.chance.randrange(3)):
            after = at + self.lasting(12 * HOUR)
            stop = self.add(f"{kind}.stopped", after, **who, start_id=self.chance.choice(told))
            if self.chance.random() < 0.4:
                anew = self.add(f"{kind}.stopped", after, **who, start_id=told[-1])
                self.add("event.replaced", at, target_id=stop, replacement_id=anew, reason="SLIP")
        if self.chance.random() < 0.3:
            self.add("event.voided", at, target_id=self.chance.choice(told), reason="SLIP")

    def _meant(self, target: dict[str, Any]) -> str:
        """What should have been said instead of `target`; sometimes it never arrives."""
        meant = {**target, "id": self.ids()}
        if "order" in meant and self.chance.random() < 0.6:
            meant["order"] = self.chance.choice(["MO-1", "MO-2"])
        if self.chance.random() < 0.5:
            moved = instant(meant["occurred_at"]) + self.chance.choice([-HOUR, HOUR, -15 * HOUR, 1])
            meant["occurred_at"] = format_instant(moved)
        if not meant["type"].startswith("event.") and self.chance.random() < 0.8:
            self.made.append(meant)
        return str(meant["id"])

    def loop(self, at: int) -> None:
        one, other = self.ids(), self.ids()
        self.add("event.voided", at, id=one, target_id=other, reason="SLIP")
        self.add("event.voided", at, id=other, target_id=one, reason="SLIP")


def a_history(seed: int, count: int = 60, *, walking: bool = False) -> list[dict[str, Any]]:
    """About `count` facts as devices send them; `walking`: mostly of what goes into orders and comes out of them."""
    history = _History(seed)
    if walking:
        history.walking()
    while len(history.made) < count:
        history.chance.choice(history.tellers)(history.at())
    return history.made
