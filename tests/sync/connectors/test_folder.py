"""A folder of the dry run: whatever its files hold is read, or refused by file and line; nothing else happens."""

from zoneinfo import ZoneInfo

from hypothesis import example, given, strategies

from sync.connectors.csv_file.folder import EVENTS, RAW_EVENTS, SITE, Cell, plant_of, read_folder

FIELDS: dict[str, Cell] = {
    "id": "text", "occurred_at": "instant", "person": "text", "start_id": "text", "quantity": "number",
    "opening": "flag", "device_seq": "whole", "duration_ms": "duration",
}  # fmt: skip
PARIS = b'zone = "Europe/Paris"\ncurrency = "EUR"\n'
HEADER = b"ref,type,occurred_at,person,start_id,quantity,opening,device_seq,duration_ms\n"
CELLS = strategies.sampled_from(
    ["", "a", "labor.started", "2026-11-20 08:00", "2026-10-25 02:30", "1001", "-1", "1e9", "²", "9" * 30, "yes", "1 h",
     "31,5 h", '"', "\0", "{x}", "=1", "\u202e", "5d1f7f2e-6b0a-4c57-9a57-1c6a52f0a001"]
)  # fmt: skip
ROWS = strategies.lists(strategies.lists(CELLS, min_size=8, max_size=10).map(",".join), max_size=5)


@given(strategies.binary(max_size=60), strategies.binary(max_size=60), strategies.binary(max_size=60), ROWS)
@example(b"zone = '../../etc/passwd'", b"[" * 9999, b"", [])
@example(b"zone = 'x'\ncurrency = 5", b'{"id": 1}\n{"id": 1}', b"\xef\xbb\xbf", [])
def test_any_bytes_are_read_or_refused(site: bytes, events: bytes, orders: bytes, rows: list[str]) -> None:
    facts = HEADER + "\n".join(rows).encode()
    for files in (
        {SITE: site, RAW_EVENTS: events, "orders.csv": orders},
        {SITE: PARIS, EVENTS: facts, "people.csv": b"number\n1001\n"},
        {EVENTS: events},
    ):
        folder, errors = read_folder(files, FIELDS)
        assert all(error.text() for error in errors)
        plant_of(folder)
        for given_fact in folder.facts:
            assert given_fact.file in files and given_fact.line > 0


def test_names_ids_and_keys() -> None:
    rows = b"first,labor.started,2026-11-20 08:00,1001,,,,,\n,labor.stopped,2026-11-20 09:00,1001,first,,,,\n"
    files = {SITE: PARIS, EVENTS: HEADER + rows, "people.csv": b"number,key\n1001,\n1002,p0123456789ab\n"}
    folder, errors = read_folder(files, FIELDS)
    assert errors == []
    start, stop = (fact.raw for fact in folder.facts)
    assert stop["start_id"] == start["id"] != stop["id"]
    assert start["person"] == stop["person"] == folder.keys["1001"]
    assert (folder.keys["1002"], len(folder.keys["1001"])) == ("p0123456789ab", 13)
    assert (start["version"], start["provenance"], start["occurred_at"]) == (1, "measured", "2026-11-20T07:00:00.000Z")
    assert folder.site.zone == ZoneInfo("Europe/Paris")
    moved = {**files, EVENTS: HEADER + b"\n" * 3 + rows}
    assert read_folder(moved, FIELDS)[0].facts[0].raw == start, "a named row keeps its id wherever it stands"


def test_a_measured_value_may_be_below_zero_and_an_answer_names_its_call() -> None:
    fields: dict[str, Cell] = {**FIELDS, "measured": "signed", "call_id": "text", "name": "text"}
    header = b"ref,type,occurred_at,measured,call_id,quantity,name\n"
    rows = (
        b"call,help.called,2026-11-20 08:00,,,,\n,help.answered,2026-11-20 08:05,-0.35,call,,"
        + b"x" * 100 + b"\n,x,2026-11-20 08:05,,,-1,\n"
    )  # fmt: skip
    folder, errors = read_folder({SITE: PARIS, EVENTS: header + rows}, fields)
    assert [(error.line, error.column) for error in errors] == [(4, "quantity")], "a quantity may not"
    call, answer, _ = (fact.raw for fact in folder.facts)
    assert (answer["call_id"], answer["measured"], len(answer["name"])) == (call["id"], "-0.35", 100)


def test_a_plant_of_files() -> None:
    files = {
        SITE: PARIS, EVENTS: HEADER,
        "items.csv": b"code,unit,valuation\nOAK,m2,cump\n", "item_units.csv": b"item,unit,factor\nOAK,sheet,3.2\n",
        "orders.csv": b"code,item,quantity,kind,customer\nMO-1,OAK,5,case,Demo\n",
        "operations.csv": b"order,number,work_center\nMO-1,20,B\nMO-1,10,A\n",
        "components.csv": b"order,item,quantity_per,unit\nMO-1,OAK,2,m2\n",
        "order_accounts.csv": b"order,plan,account,percent\nMO-1,P,Y,40\nMO-1,P,X,60\n", "plans.csv": b"code\nP\n",
    }  # fmt: skip
    folder, errors = read_folder(files, FIELDS)
    assert errors == []
    plant = plant_of(folder)
    order = plant.orders["MO-1"]
    assert [step.number for step in order.operations] == ["10", "20"], "by sequence, which is the number here"
    assert (order.kind, order.customer, str(order.quantity), order.components[0].item) == ("case", "Demo", "5", "OAK")
    assert {account: str(percent) for account, percent in order.accounts["P"]} == {"X": "60", "Y": "40"}
    assert (plant.items["OAK"].valuation, str(plant.items["OAK"].units["sheet"])) == ("moving_average", "3.2")
