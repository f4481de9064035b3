"""A production log becomes facts: what each kind of row says, and ids that make a second import harmless."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from sync.connectors.csv_file.production_log import BadMapping, LogRow, facts, load_mapping, read_log, references, words
from sync.events import catalog

FOLDER = Path(__file__).parents[2] / "fixtures" / "log"
LOG = (FOLDER / "production.csv").read_text()
MAPPING = (FOLDER / "mapping.toml").read_text()
KEYS = {"E01": "p00000000000a", "E02": "p00000000000b", "E03": "p00000000000c"}


def rows(log: str = LOG, mapping: str = MAPPING) -> list[LogRow]:
    found, errors = read_log(log.encode(), "log.csv", load_mapping(mapping), ZoneInfo("UTC"))
    assert [error.text() for error in errors] == []
    return found


def said(row: LogRow) -> list[tuple]:
    """A row's facts, short: type, and what matters of it."""
    short = ("activity", "indirect_code", "machine", "started_at", "ended_at", "quantity", "disposition", "reason")
    made = facts(row, load_mapping(MAPPING), KEYS, {"Lathe 1": "LATHES"})
    return [(fact["type"], {name: fact[name] for name in short if name in fact}) for fact in made]


def at(text: str) -> int:
    return int(datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=UTC).timestamp() * 1000)


def test_production() -> None:
    first = rows()[0]
    assert (first.order, first.person, first.start) == ("WO 7", "E01", at("2026-03-02 21:30"))
    assert said(first) == [
        ("labor.declared", {"activity": "run", "started_at": "2026-03-02T21:30:00.000Z",
                            "ended_at": "2026-03-03T00:30:00.000Z"}),
        ("output.reported", {"quantity": "10"}),
        ("defect.reported", {"quantity": "1", "disposition": "scrap", "reason": "UNKNOWN"}),
    ]  # fmt: skip
    labor, output, _ = facts(first, load_mapping(MAPPING), KEYS, {"Lathe 1": "LATHES"})
    assert (labor["occurred_at"], labor["work_center"]) == ("2026-03-02T21:30:00.000Z", "LATHES")
    assert (output["occurred_at"], output["person"]) == ("2026-03-03T00:30:00.000Z", "p00000000000a")


@pytest.mark.parametrize(("begin", "end", "timed"), [
    ("25.10.2026 01:30", "25.10.2026 04:00", True),  # both there once, three and a half hours apart
    ("25.10.2026 02:30", "25.10.2026 04:00", False),  # the clock shows half past two twice
    ("24.10.2026 22:00", "25.10.2026 02:00", False),
    ("25.10.2026 03:00", "25.10.2026 04:00", True),
    ("29.03.2026 01:00", "29.03.2026 02:30", False),  # and never that night
])  # fmt: skip
def test_a_time_the_clock_shows_twice_or_never_is_not_guessed(begin: str, end: str, timed: bool) -> None:
    head, first = LOG.splitlines()[:2]
    (row,) = rows(f"{head}\n{first.replace('02.03.2026 22:30', begin).replace('03.03.2026 01:30', end)}\n")
    assert row.timed == timed
    labor, output = said(row)[:2]
    assert ("started_at" in labor[1]) == timed, "what is not known is held, not made up"
    assert output[0] == "output.reported", "the pieces count all the same"


def test_setup_rework_and_pieces_held_for_review() -> None:
    setup, rework = rows()[2:4]
    assert said(setup)[0][1]["activity"] == "setup"
    assert said(rework)[0][1]["activity"] == "rework"
    assert said(rework)[2] == ("defect.reported", {"quantity": "1", "disposition": "hold", "reason": "REVIEW"})


def test_a_breakdown_is_downtime_of_the_machine_and_indirect_time_of_the_person() -> None:
    down, up, labor = facts(rows()[4], load_mapping(MAPPING), KEYS, {})
    assert (down["type"], down["machine"], down["reason"]) == ("downtime.started", "Grinder", "BREAKDOWN")
    assert (up["type"], up["start_id"], up["occurred_at"]) == (
        "downtime.stopped",
        down["id"],
        "2026-03-03T10:00:00.000Z",
    )
    assert (labor["activity"], labor["indirect_code"]) == ("indirect", "WAITING")


def test_filler_times_are_not_believed_but_pieces_are() -> None:
    untimed = rows()[5]
    assert not untimed.timed
    assert said(untimed) == [("labor.declared", {"activity": "run"}), ("output.reported", {"quantity": "9"})]


def test_an_identical_row_is_a_fact_of_its_own_and_says_so() -> None:
    once, again = rows()[5:7]
    assert (once.digest, once.repeat, again.repeat) == (again.digest, 0, 1)
    mapping = load_mapping(MAPPING)
    ids = [fact["id"] for row in (once, again) for fact in facts(row, mapping, KEYS, {})]
    assert len(set(ids)) == 4
    assert {fact["source_repeat"] for fact in facts(again, mapping, KEYS, {})} == {1}


def test_a_night_with_a_clock_change_is_as_long_as_it_was() -> None:
    last = rows()[7]
    assert (last.end - last.start) / 3_600_000 == 2  # three hours on the clock, two on the wrist
    assert said(last)[1] == ("output.reported", {"quantity": "2.5"})


def test_ids_depend_on_nothing_but_the_rows() -> None:
    """A longer export, in which old rows stand elsewhere, gives the old rows the same ids."""
    header, *lines = LOG.splitlines()
    longer = "\n".join(
        [header, "WO 9;Turning;Lathe 1;01.03.2026 08:00;01.03.2026 09:00;1,00;1;Pin;E01;P;1;0;0;", *lines]
    )
    mapping = load_mapping(MAPPING)

    def ids(log: str) -> set[str]:
        return {fact["id"] for row in rows(log) for fact in facts(row, mapping, KEYS, {})}

    assert ids(LOG) < ids(longer)
    assert len(ids(longer)) == len(ids(LOG)) + 2


def test_every_fact_is_one_the_catalogue_admits() -> None:
    mapping = load_mapping(MAPPING)
    kinds = Counter(catalog.load(fact).type for row in rows() for fact in facts(row, mapping, KEYS, {}))
    assert kinds == {"labor.declared": 8, "output.reported": 5, "defect.reported": 2, "downtime.started": 1,
                     "downtime.stopped": 1}  # fmt: skip


def test_what_the_rows_name_can_be_created() -> None:
    named = references(rows(), load_mapping(MAPPING))
    assert [order["code"] for order in named["orders"]] == ["WO 7", "WO 8"]
    steps = [(step["order"], step["number"], step["sequence"]) for step in named["operations"]]
    assert steps == [
        ("WO 7", "Turning", 10),
        ("WO 7", "Grinding", 20),
        ("WO 8", "Grinding", 10),
        ("WO 7", "Packing", 30),
        ("WO 8", "Packing", 20),
    ]
    assert named["people"][0] == {"number": "E01", "name": "E01", "rate_group": "shop"}
    reasons = words(rows(), load_mapping(MAPPING))["reasons"]
    assert {(reason["kind"], reason["code"]) for reason in reasons} == {
        ("defect", "UNKNOWN"), ("defect", "REVIEW"), ("downtime", "BREAKDOWN"),
    }  # fmt: skip
    assert references(rows(), load_mapping(MAPPING.replace("= true", "= false"))) == {}


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        (";P;10;", ";X;10;", "line 2, column Kind: “X” is not known here: write one of P, S, D"),
        (
            "02.03.2026 22:30",
            "2026-03-02",
            "line 2, column From: “2026-03-02” is not a time of the form %d.%m.%Y %H:%M",
        ),
        (";E01;P;10", ";;P;10", "line 2, column Badge: is empty"),
        (";10;1;0;\n", ";ten;1;0;\n", "line 2, column Good: “ten” is not a number"),
        (";10;1;0;\n", ";-1;1;0;\n", "line 2, column Good: “-1” must not be below zero"),
        (";Badge;", ";Operator;", "line 1: column “Badge” of the mapping is not in the file; there are Order, Step"),
        ("WO  7;Turning;Lathe 1;02", "WO  7;Lathe 1;02", "line 2: has 13 cells, the header 14"),
    ],
)
def test_what_is_wrong_is_said_where_it_is(old: str, new: str, says: str) -> None:
    assert old in LOG
    _, errors = read_log(LOG.replace(old, new, 1).encode(), "log.csv", load_mapping(MAPPING), ZoneInfo("UTC"))
    assert any(says in error.text() for error in errors), [error.text() for error in errors]


def test_an_end_before_its_start_leaves_the_time_unknown() -> None:
    backwards = LOG.replace("03.03.2026 08:30;0,50", "03.03.2026 07:30;0,50")
    assert not rows(backwards)[2].timed


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("\n[time]", "\n[tine]", "tine: Unknown field."),
        ('P = "run"', 'P = "walk"', "kinds.P.value: Must be one of: run, setup"),
        ('order = "Order"', "", "columns.order: Missing data for required field."),
        ('zone = "Europe/Paris"', 'zone = "Europe/Atlantis"', "time.zone: 'Europe/Atlantis' is not a time zone"),
        ('machine = "Station"', "", "a breakdown needs columns.machine"),
        ('kind = "Kind"', "", "columns.kind and [kinds] belong together"),
        ("[names]", "[names", "The mapping is not TOML"),
    ],
)
def test_a_mapping_that_cannot_be(old: str, new: str, says: str) -> None:
    assert old in MAPPING
    with pytest.raises(BadMapping) as wrong:
        load_mapping(MAPPING.replace(old, new, 1))
    assert says in str(wrong.value)
