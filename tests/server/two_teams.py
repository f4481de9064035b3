"""Two people of two departments on one order, for tests of who sees whom."""

from typing import Any

from sqlalchemy import Engine

from server.extensions import system_clock
from tests.cast import ANA, LUIS, raw, send, settle

JOB = {"order": "MO-1", "operation": "10"}
HOUR = 3_600_000


class Floor:
    """Ana (D1) and Luis (D2) work on the same order; each has work that runs, a fact that is held and calls for help.
    The lathe is down, as Luis told."""

    def __init__(self, engine: Engine) -> None:
        now = system_clock()
        self.engine, self.of = engine, {}
        told: list[dict[str, Any]] = []
        for person in (ANA, LUIS):
            done = raw("labor.started", now - 6 * HOUR, person=person, activity="run", **JOB)
            end = raw("labor.stopped", now - 5 * HOUR, person=person, start_id=done["id"])
            running = raw("labor.started", now - HOUR, person=person, activity="run", **JOB)
            held = raw("labor.started", now - 4 * HOUR, person=person, order="MO-1", operation="99", activity="run")
            held_end = raw("labor.stopped", now - 3 * HOUR, person=person, start_id=held["id"])
            call = raw("help.called", now - 60_000, person=person, reason="HELP", **JOB)
            # A correction names nobody: it is about whom the fact it corrects is about.
            defect = raw("defect.reported", now - 2 * HOUR, person=person, quantity="1", reason="SCRATCH",
                         disposition="scrap", **JOB)  # fmt: skip
            void = raw("event.voided", now - HOUR, target_id=defect["id"], reason="MISTAKE")
            told += [done, end, running, held, held_end, call, defect, void]
            self.of[person] = {"done": done["id"], "running": running["id"], "held": held["id"], "call": call["id"],
                               "void": void["id"], "defect": defect["id"]}  # fmt: skip
        pieces = raw("output.reported", now - 2 * HOUR, declared_by=LUIS, quantity="3", **JOB)
        self.nobodys = pieces["id"]
        send(engine, [*told, pieces], now=now)
        settle(engine)
