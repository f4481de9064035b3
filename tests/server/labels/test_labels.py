"""Labels: what stands on them, and that a scanner reads what we drew."""

import random
import re
from collections.abc import Collection, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import Engine

from server.labels import paper, sheet
from server.labels.code import LEAST_MODULE_MM, QUIET, Code, Look, TooSmall, fit
from server.labels.words import GROUPS, WORDS
from server.reference import imports
from server.store import people, plant
from server.store.database import read, write
from server.store.snapshot import snapshot
from sync.core.codes import from_number, tail
from tests.server.callers import bearer, device, signed_in
from tests.server.labels import eye

TEMPLATES = Path(__file__).parents[3] / "docs" / "templates"
BASE = "https://floor.example.org"
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def demo(app: Flask, database: Engine, site: str) -> Iterator[Engine]:
    """A site with the plant of the templates, seen by somebody who reads English."""
    files = imports.read_files((path.name, path.read_bytes()) for path in TEMPLATES.glob("*.csv"))
    with write(database) as connection:
        imports.apply(connection, site, files)
        plant.put(connection, site, "locations", [{"code": "R1-03", "name": "Rack 1, bay 3"}])
        people.create_device(connection, site, "Tablet 4", "0" * 64, 0)
    with app.test_request_context(headers={"Accept-Language": "en"}):
        yield database


def make(demo: Engine, anew: bool = False, **wanted: Collection[str]) -> list[sheet.Label]:
    with write(demo) as connection:
        return sheet.make(connection, "main", wanted, BASE, name_of=lambda names: names["fr"], anew=anew)


def raster(code: Code, scale: int) -> Image.Image:
    """The squares of our <svg> as a grey picture, `scale` pixels to the module."""
    drawing = str(code.drawing())
    size = int(re.search(r'viewBox="0 0 (\d+)', drawing)[1])
    picture = Image.new("L", (size, size), 255)
    for x, y, run in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", drawing):
        picture.paste(0, (int(x), int(y), int(x) + int(run), int(y) + 1))
    return picture.resize((size * scale, size * scale), Image.Resampling.NEAREST)


EVERY = {
    "orders": ["MO-1001"], "operations": ["MO-1001"], "badges": ["1001"], "machines": ["M04"], "work_centers": ["SAW"],
    "locations": ["R1-03"], "devices": ["Tablet 4"], "items": ["OAK-27"], "lots": ["OAK-27=L=7"], "words": ["x10"],
    "reasons": ["BURR"], "activities": ["CLEAN"],
}  # fmt: skip


def test_a_scanner_reads_every_sort_of_label(demo: Engine) -> None:
    """With at least the protection its place asks for; more, where that costs no more squares."""
    one_of_each = {label.kind: label for label in make(demo, **EVERY)}
    assert one_of_each.keys() == sheet.KINDS.keys() == sheet.LOOKS.keys()
    codes = {kind: fit(label.text, sheet.LOOKS[kind], 100) for kind, label in one_of_each.items()}
    found = eye.read([raster(code, 4) for code in codes.values()])
    for (kind, label), read_ in zip(one_of_each.items(), found, strict=True):
        assert read_ is not None
        assert read_["text"] == f"HTTPS://FLOOR.EXAMPLE.ORG/S/{label.code}"
        assert "MQH".index(read_["level"]) >= "MQH".index(sheet.LOOKS[kind].protection)
        assert tail(read_["text"]) == label.code == tail(label.letters)


def test_worn_codes_are_read_fifty_of_fifty() -> None:
    """The smaller sister of tests/server/labels/test_print.py, without a browser: ten percent of the ink gone."""
    scale = 7
    for look in (Look("M", 25), Look("H", 40)):
        prints = []
        for seed in range(50):
            code = fit(f"HTTPS://FLOOR.EXAMPLE.ORG/S/{from_number(seed * 15_485_863 % 2**28)}", look, 100)
            prints.append((code.text, eye.worn(raster(code, scale), scale / code.module_mm, 0.1, seed)))
        texts = eye.look([print_ for _, print_ in prints], scale / code.module_mm)
        assert texts == [text for text, _ in prints]


def test_ink_is_lost_as_much_as_is_said() -> None:
    whole = raster(fit("HTTPS://FLOOR.EXAMPLE.ORG/S/BCDFGHJVS", Look("M", 25), 100), 7)
    ink = whole.histogram()[0]
    for seed in range(5):
        left = eye.worn(whole, 7, 0.1, seed).histogram()[0]
        assert 0.85 * ink < left <= 0.9 * ink


@pytest.mark.parametrize("base", ["https://a.example", BASE, "https://192.168.100.100:8443", "https://floorledger."
                                  "production.usine-de-saint-etienne.grande-entreprise.example.com"])  # fmt: skip
def test_a_code_is_as_large_as_its_place_asks(base: str) -> None:
    """Or larger, where a long address has so many squares that they would get too small."""
    text = f"{base}/S/BCDFGHJVS".upper()
    for look in sheet.LOOKS.values():
        code = fit(text, look, 200)
        assert code.side_mm == pytest.approx(max(look.side_mm, code.modules * LEAST_MODULE_MM))
        assert code.box_mm - code.side_mm == pytest.approx(2 * QUIET * code.module_mm)


def test_a_code_gives_way_to_small_labels_until_it_could_not_be_read() -> None:
    text = "HTTPS://PROD.MON-ENTREPRISE.FR/S/BCDFGHJVS"
    assert fit(text, Look("H", 40), 30).box_mm == pytest.approx(30)
    # Less protection has fewer squares, which may then be larger.
    assert (fit(text, Look("H", 40), 20.5).modules, fit(text, Look("H", 40), 19).modules) == (33, 29)
    with pytest.raises(TooSmall) as small:
        fit(text, Look("H", 40), 18)
    assert small.value.least_mm == pytest.approx(18.5)
    assert fit(text, Look("H", 40), 100, side_mm=22).side_mm == pytest.approx(22)


def test_what_people_read_beside_the_code(demo: Engine) -> None:
    wanted = {name: codes for name, codes in EVERY.items() if name not in ("badges",)}
    shown = {label.kind: (label.title, label.lines) for label in make(demo, **wanted)}
    assert shown == {
        "order": (
            "MO-1001",
            (
                "CHAIR-1 Oak chair",
                "40\N{NO-BREAK SPACE}pcs · due Dec\N{NO-BREAK SPACE}18,\N{NO-BREAK SPACE}2026",
                "Demo Furniture",
            ),
        ),
        "operation": ("MO-1001 · 30", ("Glue", "GLUE Gluing bench", "Oak chair")),
        "machine": ("M04", ("Router 4", "CNC Routers")),
        "work_center": ("SAW", ("Saws",)),
        "location": ("R1-03", ("Rack 1, bay 3",)),
        "device": ("Tablet 4", ()),
        "item": ("OAK-27", ("Oak board 27 mm", "m2")),
        "lot": ("L=7", ("OAK-27 Oak board 27 mm",)),
        "word": ("× 10", ()),
        "reason": ("Bavure", ("BURR",)),
        "activity": ("Nettoyage", ("CLEAN",)),
    }


def test_letters_stand_in_three_groups(demo: Engine) -> None:
    assert all(re.fullmatch(r"[B-X]{3} [B-X]{3} [B-X]{3}", label.letters) for label in make(demo, **EVERY))


@pytest.mark.requirement("SR-03")
def test_a_badge_shows_a_name_and_no_number(demo: Engine) -> None:
    (badge,) = make(demo, badges=["1001"])
    assert (badge.title, badge.lines, dict(badge.about)) == ("Ana Demo", (), {})
    with write(demo) as connection:
        key = plant.rows(connection, "main", "people", "number", ["1001"])[0]["key"]
        assert snapshot(connection, "main")["codes"] == {badge.code: {"kind": "person", "ref": key}}


def test_phones_are_told_what_labels_say(demo: Engine) -> None:
    """Each kind in its form on the wire; a lot stands among the lots as soon as it has a label."""
    labels = {label.kind: label for label in make(demo, **EVERY)}
    with write(demo) as connection:
        test = sheet.make_test(connection, "main", BASE)
        shown = snapshot(connection, "main")
        tablet = people.list_devices(connection, "main")[0].id
    said = {kind: shown["codes"][label.code] for kind, label in labels.items()}
    assert said["lot"] == {"kind": "lot", "ref": "OAK-27", "lot": "L=7"}
    assert said["operation"] == {"kind": "operation", "ref": "MO-1001", "operation": "30"}
    assert said["location"] == {"kind": "location", "ref": "R1-03"}
    assert said["work_center"] == {"kind": "work_center", "ref": "SAW"}
    assert said["device"] == {"kind": "device", "ref": tablet}
    assert said["word"] == {"kind": "word", "ref": "x10"}
    assert shown["codes"][test.label.code] == {"kind": "word", "ref": "test"}
    assert shown["lots"] == [{"item": "OAK-27", "lot": "L=7"}]


def test_quick_codes_are_those_the_phone_knows() -> None:
    said = "run setup rework teardown pause resume stop done good scrap hold ok cancel undo help"
    person = "break start_shift end_shift sign_out crew"
    figures = "1 2 3 4 5 6 7 8 9 0 comma erase x1 x5 x10 x50"
    assert list(WORDS) == f"{said} {person} {figures}".split()
    assert sum(len(words) for words in GROUPS.values()) == len(WORDS)


def test_the_same_thing_has_the_same_letters(demo: Engine) -> None:
    assert [label.code for label in make(demo, operations=["*"])] == [
        label.code for label in make(demo, operations=["*"])
    ]


def test_a_lost_badge_gets_other_letters_and_an_order_keeps_its(demo: Engine) -> None:
    before = make(demo, badges=["1001"], orders=["MO-1001"])
    after = make(demo, badges=["1001"], orders=["MO-1001"], anew=True)
    assert before[0].code != after[0].code
    assert before[1].code == after[1].code
    with write(demo) as connection:
        assert before[0].code not in snapshot(connection, "main")["codes"]


def test_what_is_not_known_is_named(demo: Engine) -> None:
    with pytest.raises(sheet.NothingToPrint) as nothing:
        make(
            demo, orders=["MO-1001", "MO-9"], machines=["M99"], lots=["NOTHING=1", "OAK-27", "OAK-27="], words=["test"]
        )
    assert nothing.value.codes == ["MO-9", "M99", "NOTHING=1", "OAK-27", "OAK-27=", "test"]


def test_a_route_is_an_order_and_its_operations(demo: Engine) -> None:
    with write(demo) as connection:
        plant.put(connection, "main", "orders", [{"code": "MO-2"}, {"code": "MO-3"}])
        plant.put(connection, "main", "operations", [
            {"order": "MO-2", "number": str(number), "name": "Step", "sequence": number} for number in range(1, 13)
        ])  # fmt: skip
    made = sheet.print_on(paper.A4, make(demo, routes=["MO-1001", "MO-2", "MO-3"]), form="route")
    shown = [
        (page.order.label.title, page.number, page.total, page.columns, len(page.cells))
        for page in made.pages if page.order
    ]  # fmt: skip
    assert shown == [("MO-1001", 1, 1, 1, 3), ("MO-2", 1, 2, 2, 10), ("MO-2", 2, 2, 2, 2), ("MO-3", 1, 1, 1, 0)]
    assert made.count == 3 + 3 + 12


def test_places_that_are_used_up_stay_free(demo: Engine) -> None:
    labels = make(demo, words=["pause", "stop"])
    made = sheet.print_on(paper.find("a4-2x7"), labels, skip=13)
    first, second = made.pages
    assert [bool(cell) for cell in first.cells] == [False] * 13 + [True]
    assert (len(second.cells), made.count) == (1, 2)


@pytest.mark.parametrize("name", ["", "a5", "62", "19x30", "62x19", "211x50", "50x298", "62x29x1", "62,5x29", "-62x29",
                                  "62x29 ", "1e2x50", "٦٢x29", "100x50\n"])  # fmt: skip
def test_what_is_no_paper(name: str) -> None:
    with pytest.raises(paper.UnknownPaper):
        paper.find(name)


def test_a_style_sheet_says_nothing_but_figures() -> None:
    css = paper.find("62.5x29").css()
    assert "@page { size: 62.5mm 29mm; margin: 0 }" in css
    assert re.fullmatch(r"[@a-z0-9:;{}. \n-]+", css)


@pytest.fixture
def lead(app: Flask, demo: Engine) -> FlaskClient:
    return signed_in(app, demo, "lead", language="fr")


def printed(client: FlaskClient, **form: object) -> str:
    answer = client.post("/labels/sheet", data=form, headers=OURS)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def test_the_pages_to_choose_from(lead: FlaskClient) -> None:
    start = lead.get("/labels").get_data(as_text=True)
    addresses = re.findall(r'href="(/labels/[a-z]+)"', start)
    assert addresses == ["/labels/orders", "/labels/badges", "/labels/places", "/labels/material", "/labels/quick",
                         "/labels/scanner"]  # fmt: skip
    pages = {address: lead.get(address).get_data(as_text=True) for address in addresses}
    assert 'value="MO-1001"' in pages["/labels/orders"]
    assert "Ana Demo" in pages["/labels/badges"]
    assert "1001" not in pages["/labels/badges"]  # Ana's number
    assert "Tablet 4" in pages["/labels/places"]
    assert "R1-03" in pages["/labels/places"]
    assert "Bavure" in pages["/labels/quick"]
    assert lead.get("/labels/nothing").status_code == 404
    for page in (start, *pages.values()):
        assert " style=" not in page  # the content security policy would drop it


def test_a_sheet_in_each_form(lead: FlaskClient) -> None:
    route = printed(lead, orders="MO-1001", **{"as": "routes"})
    assert (route.count('<svg class="qr"'), "/labels/paper/a4.css" in route) == (4, True)
    assert printed(lead, orders="*", **{"as": "orders"}).count('<svg class="qr"') == 1
    assert printed(lead, orders="*", **{"as": "operations"}).count('<svg class="qr"') == 3
    desk = printed(lead, words="*", reasons="*", **{"as": "desk"})
    assert desk.count('<svg class="qr"') == len(WORDS) + 5
    assert "Pause personnelle" in desk
    own = printed(lead, items="*", paper="own", width="80,5", height="40")
    assert '/labels/paper/80.5x40.css"' in own
    css = lead.get("/labels/paper/80.5x40.css")
    assert (css.mimetype, "80.5mm" in css.get_data(as_text=True)) == ("text/css", True)
    assert lead.get("/labels/paper/9000x40.css").status_code == 404
    for page in (route, desk, own):
        assert " style=" not in page


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({}, "Choisissez au moins"),
        ({"orders": "MO-9"}, "MO-9"),
        ({"orders": "*", "as": "orders", "paper": "napkin"}, "Ce papier n’existe pas"),
        ({"orders": "*", "as": "orders", "paper": "own", "width": "10", "height": "10"}, "Ce papier n’existe pas"),
        ({"orders": "*", "as": "orders", "paper": "own", "width": "<b>", "height": ""}, "Ce papier n’existe pas"),
        ({"orders": "*", "as": "orders", "paper": "own", "width": "21", "height": "21"}, "trop petite"),
    ],
)  # fmt: skip
def test_what_cannot_be_printed_says_why(lead: FlaskClient, form: dict[str, str], said: str) -> None:
    answer = lead.post("/labels/sheet", data=form, headers=OURS)
    assert answer.status_code == 400
    assert said in answer.get_data(as_text=True)


def test_too_many_labels_at_once(lead: FlaskClient, demo: Engine) -> None:
    with write(demo) as connection:
        plant.put(connection, "main", "items", [{"code": f"I{n}", "name": "", "unit": "pcs"} for n in range(4001)])
    answer = lead.post("/labels/sheet", data={"items": "*"}, headers=OURS)
    assert answer.status_code == 413
    assert "4000" in answer.get_data(as_text=True)
    with read(demo) as connection:
        assert snapshot(connection, "main")["codes"] == {}, "nothing got letters"


def test_a_lot_is_typed_and_then_labelled(lead: FlaskClient, demo: Engine) -> None:
    typed = {"item": "OAK-27", "lots": "2026-11-A\r\n  2026-11-B \n\n2026-11-A"}
    answer = lead.post("/labels/lots", data=typed, headers=OURS, follow_redirects=True)
    page = answer.get_data(as_text=True)
    assert "2 lots peuvent maintenant" in page
    assert re.findall(r'name="lots" value="([^"*]+)"( checked)?', page) == [
        ("OAK-27=2026-11-A", " checked"), ("OAK-27=2026-11-B", " checked")
    ]  # fmt: skip
    with read(demo) as connection:
        assert plant.lots(connection, "main") == [("OAK-27", "2026-11-A"), ("OAK-27", "2026-11-B")]
    assert printed(lead, lots="OAK-27=2026-11-B", paper="62x29").count('<svg class="qr"') == 1


@pytest.mark.parametrize(
    ("item", "lots"),
    [("OAK-27", ""), ("OAK-27", " \n "), ("NOTHING", "L1"), ("", "L1"), ("OAK-27", "L" * 65), ("OAK-27", "A\tB"),
     ("OAK-27", "A\u202eB"), ("OAK-27", "\n".join(str(n) for n in range(101)))],
)  # fmt: skip
def test_what_is_no_lot(lead: FlaskClient, demo: Engine, item: str, lots: str) -> None:
    assert lead.post("/labels/lots", data={"item": item, "lots": lots}, headers=OURS).status_code == 400
    with read(demo) as connection:
        assert plant.lots(connection, "main") == []


def test_the_scanners_page_has_one_code_that_stays(lead: FlaskClient) -> None:
    page = lead.get("/labels/scanner").get_data(as_text=True)
    assert page.count('<svg class="qr"') == 1
    assert "Suffixe : Entrée" in page
    assert re.findall(r'aria-label="(HTTPS?://[^"]+)"', page) == re.findall(
        r'aria-label="(HTTPS?://[^"]+)"', lead.get("/labels/scanner").get_data(as_text=True)
    )


def test_without_anything_to_label_the_pages_say_so(app: Flask, database: Engine, site: str) -> None:
    lead = signed_in(app, database, "lead")
    assert "import them first" in lead.get("/labels").get_data(as_text=True)
    for name in ("orders", "badges", "places", "material"):
        page = lead.get(f"/labels/{name}").get_data(as_text=True)
        assert "Nothing to label yet" in page
        assert 'action="/labels/sheet"' not in page
    assert "Import items first" in lead.get("/labels/material").get_data(as_text=True)
    assert 'value="pause"' in lead.get("/labels/quick").get_data(as_text=True)


def test_hostile_names_are_text(lead: FlaskClient, demo: Engine) -> None:
    with write(demo) as connection:
        plant.put(connection, "main", "items", [{"code": "X", "name": "<script>alert(1)</script>", "unit": "pcs"}])
        plant.put(connection, "main", "machines", [{"code": "'\"><b>", "name": "\u202eX" * 60, "work_center": ""}])
    for page in (lead.get("/labels/material").get_data(as_text=True), printed(lead, items="X", machines="'\"><b>")):
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page
    assert "<bdi>\u202eX" in page, "what turns the direction of writing ends with the name"


def test_labels_are_for_leads_and_administrators(app: Flask, demo: Engine) -> None:
    posts = ("/labels/sheet", "/labels/lots")
    gets = ("/labels", "/labels/orders", "/labels/scanner", "/labels/paper/62x29.css")
    for role, allowed in (("admin", True), ("lead", True), ("accountant", False), ("payroll", False)):
        client = signed_in(app, demo, role)
        for address in gets:
            assert client.get(address).status_code == (200 if allowed else 403), (role, address)
        for address in posts:
            status = client.post(address, data={}, headers=OURS).status_code
            assert status == (400 if allowed else 403), (role, address)
    tablet = device(app, demo)
    assert {tablet.get(address).status_code for address in gets} <= {302, 303, 401, 403}
    program = app.test_client()
    assert {program.get(address, headers=bearer(demo, "reference:read")).status_code for address in gets} <= {302, 403}


def test_five_hundred_orders_are_chosen_from_quickly(lead: FlaskClient, demo: Engine) -> None:
    with write(demo) as connection:
        plant.put(connection, "main", "orders", [
            {"code": f"OF-{n:04d}", "item": "CHAIR-1", "quantity": "10", "customer": "Demo", "due_on": "2026-12-01"}
            for n in range(500)
        ])  # fmt: skip
    page = lead.get("/labels/orders").get_data(as_text=True)
    assert page.count('name="orders"') == 502  # and MO-1001, and all of them
    chance = random.Random(1)
    some = [f"OF-{n:04d}" for n in chance.sample(range(500), 60)]
    assert printed(lead, orders=some, **{"as": "orders"}).count('<svg class="qr"') == 60


def test_one_code_for_reasons_of_two_kinds_has_two_labels(demo: Engine) -> None:
    with write(demo) as connection:
        plant.put(connection, "main", "reasons", [{"kind": "pause", "code": "BURR", "name": {"en": "x", "fr": "x"}}])
    found = make(demo, reasons=["BURR"])
    assert sorted(label.thing for label in found) == [("reason", "BURR", "defect"), ("reason", "BURR", "pause")]
    assert len({label.code for label in found}) == 2
