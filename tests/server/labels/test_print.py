"""Printed pages, as a printer gets them: rendered by a real browser, worn, photographed, read. And their measures: what
keeps two codes out of one view, what keeps a text from being cut."""

import io
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from PIL import Image, ImageOps
from playwright.sync_api import Page
from sqlalchemy import Connection, Engine

from server.labels import paper, sheet, things
from server.labels.code import QUIET
from server.labels.paper import APART_MM
from server.labels.routes import render_scanner, render_sheet
from server.reference import imports
from server.store import people, plant
from server.store.database import write
from server.store.sites import create_site
from server.store.tables import TABLES
from sync.core.codes import from_number
from tests.environment import LaunchChromium
from tests.server.labels import eye

TEMPLATES = Path(__file__).parents[3] / "docs" / "templates"
BASE = "https://prod.mon-entreprise.fr"
PIXELS_PER_MM = 96 / 25.4  # of the browser's own unit
SHARP = 2
HOSTILE = (
    "<script>alert(1)</script>", "\u202egnilbmutS rekaM\u202c", "W" * 200, "Aïoli " * 33, "🧰🔧🪚 Établi 👩‍🏭",
    "مصنع الخشب", "木工作業台第一号", "&amp; \"'` </style>",
)  # fmt: skip


@pytest.fixture
def shop(app: Flask, database: Engine, site: str) -> Iterator[Engine]:
    """The plant of the templates with one of everything else, inside an application, in English."""
    files = imports.read_files((path.name, path.read_bytes()) for path in TEMPLATES.glob("*.csv"))
    with app.test_request_context(headers={"Accept-Language": "en"}):
        with write(database) as connection:
            imports.apply(connection, site, files)
            plant.put(connection, site, "locations", [{"code": "R1-03", "name": "Rack 1, bay 3"}])
            people.create_device(connection, site, "Tablet 4", "0" * 64, 0)
            add_code(connection, LOT, 1)
            # The same letters in every run: a print that is read today is read tomorrow.
            shown = {found.thing: found.title for choice in things.CHOICES
                     for found in things.find(connection, site, choice, lambda names: names["en"])}  # fmt: skip
            del shown[LOT]
            for number, thing in enumerate(sorted(shown, key=lambda thing: (thing[0], shown[thing])), start=2):
                add_code(connection, thing, number)
        yield database


LOT = ("lot", "OAK-27", "2026-11-A")


def add_code(connection: Connection, thing: tuple[str, str, str], number: int) -> None:
    row = dict(zip(("kind", "ref", "detail"), thing, strict=True))
    letters = from_number(number * 15_485_863 % 2**28)
    connection.execute(TABLES["label_code"].insert().values(site="main", code=letters, **row))


@pytest.fixture
def page(launch_chromium: LaunchChromium) -> Page:
    context = launch_chromium(viewport={"width": 1000, "height": 1200}, device_scale_factor=SHARP)
    return context.pages[0]


@pytest.fixture
def show(page: Page, tmp_path: Path) -> Callable[[str], Page]:
    """Open a page as a printer sees it."""

    def open_(html: str) -> Page:
        file = tmp_path / "sheet.html"
        file.write_text(html, "utf-8")
        page.emulate_media(media="print")
        page.goto(file.as_uri())
        return page

    return open_


def printed(shop: Engine, form: str, on: str = "a4", site: str = "main", **wanted: Collection[str]) -> sheet.Sheet:
    with write(shop) as connection:
        labels = sheet.make(connection, site, wanted, BASE, name_of=lambda names: names["en"])
    return sheet.print_on(paper.find(on), labels, form=form, cut=True, site="Atelier")


def sheets(shop: Engine) -> Iterator[tuple[str, sheet.Sheet]]:
    """Every kind of label in the form it is usually printed in."""
    everything = ["*"]
    yield "route", printed(shop, "route", routes=everything)
    yield "cards", printed(shop, "labels", "a4-badges", badges=everything)
    yield "plates", printed(shop, "labels", "a4-2x4", machines=everything, work_centers=everything,
                            locations=everything, devices=everything)  # fmt: skip
    yield "roll", printed(shop, "labels", "100x50", items=everything, lots=everything)
    yield "desk", printed(shop, "desk", words=everything, reasons=everything, activities=everything)


BOXES = """
  () => [...document.querySelectorAll(".page")].map((page) => {
    const of = (element) => {
      const { left, top, right, bottom } = element.getBoundingClientRect();
      const origin = page.getBoundingClientRect();
      return [left - origin.left, top - origin.top, right - origin.left, bottom - origin.top];
    };
    return {
      page: of(page),
      codes: [...page.querySelectorAll("svg.qr")].map((code) =>
        ({ box: of(code), modules: code.viewBox.baseVal.width, text: code.getAttribute("aria-label") })),
    };
  })
"""


def measured(page: Page) -> list[dict[str, Any]]:
    """Pages and their codes; boxes as left, top, right, bottom in millimetres, white around a code included."""
    found: list[dict[str, Any]] = page.evaluate(BOXES)
    for one in found:
        one["page"] = [side / PIXELS_PER_MM for side in one["page"]]
        for code in one["codes"]:
            code["box"] = [side / PIXELS_PER_MM for side in code["box"]]
            code["module"] = (code["box"][2] - code["box"][0]) / code["modules"]
    return found


def apart(one: list[float], other: list[float]) -> float:
    """The white between two boxes, in millimetres."""
    across = max(one[0] - other[2], other[0] - one[2], 0)
    down = max(one[1] - other[3], other[1] - one[3], 0)
    return float((across**2 + down**2) ** 0.5)


def black(code: dict[str, Any]) -> list[float]:
    """The box of a code without its white."""
    left, top, right, bottom = code["box"]
    white = QUIET * code["module"]
    return [left + white, top + white, right - white, bottom - white]


@pytest.mark.long
def test_fifty_of_fifty_worn_labels_of_each_kind_are_read(shop: Engine, show: Callable[[str], Page]) -> None:
    """Ten percent of the ink gone, held before a phone at 25 cm: every code is read, and reads what it said."""
    prints: dict[str, list[tuple[str, Image.Image]]] = defaultdict(list)
    for _, made in sheets(shop):
        page = show(render_sheet(made, complete=True))
        by_text = {cell.code.text: cell for cell in made.codes()}
        for one in measured(page):
            for code in one["codes"]:
                kind = by_text[code["text"]].label.kind
                if len(prints[kind]) < 2:
                    prints[kind].append((code["text"], cut_out(page, code["text"])))
    assert prints.keys() == sheet.KINDS.keys()
    counted = read_worn(prints, 50, 250)
    assert counted == dict.fromkeys(sheet.KINDS, 50)


def test_a_small_label_is_read_from_nearer(shop: Engine, show: Callable[[str], Page]) -> None:
    """From ten times the width of its code, as any."""
    for on in ("62x29", "57x32", "a4-3x8"):
        made = printed(shop, "labels", on, orders=["*"], items=["*"], words=["pause", "stop"])
        page = show(render_sheet(made, complete=True))
        prints = {on: [(cell.code.text, cut_out(page, cell.code.text)) for cell in made.codes()]}
        side = min(cell.code.side_mm for cell in made.codes())
        assert side >= 20
        assert read_worn(prints, 20, side * 10) == {on: 20}


def read_worn(prints: Mapping[str, list[tuple[str, Image.Image]]], times: int, distance_mm: float) -> Counter[str]:
    """How many of so many worn prints of each sort are read as what they say, at a distance."""
    held = [(name, *found[seed % len(found)], seed) for name, found in prints.items() for seed in range(times)]
    scale = PIXELS_PER_MM * SHARP
    read = eye.look([eye.worn(print_, scale, 0.1, seed) for _, _, print_, seed in held], scale, distance_mm)
    return Counter(name for (name, text, _, _), found in zip(held, read, strict=True) if found == text)


def cut_out(page: Page, text: str) -> Image.Image:
    """The code as printed, grey, black on white, with a finger's width of paper around it."""
    shot = Image.open(io.BytesIO(page.locator(f'svg.qr[aria-label="{text}"]').screenshot())).convert("L")
    return ImageOps.expand(shot, round(3 * PIXELS_PER_MM * SHARP), fill=255)


def test_codes_keep_their_distance_their_white_and_their_size(shop: Engine, show: Callable[[str], Page]) -> None:
    """A scanner never has two codes in view, and no square is smaller than a camera sees."""
    made = [
        *sheets(shop),
        *((on, printed(shop, "labels", on, orders=["*"] , operations=["*"], machines=["*"], badges=["*"], words=["*"]))
          for on in paper.SHEETS),
    ]  # fmt: skip
    for name, one in made:
        for page in measured(show(render_sheet(one, complete=True))):
            for number, code in enumerate(page["codes"]):
                assert code["module"] >= 0.5 - 0.005, f"{name}: squares of {code['module']:.2f} mm"
                assert code["box"][0] >= 0 and code["box"][1] >= 0, name
                assert code["box"][2] <= page["page"][2] and code["box"][3] <= page["page"][3], name
                for other in page["codes"][number + 1 :]:
                    assert apart(black(code), black(other)) >= APART_MM - 0.05, name
                    if one.form != "labels":  # it is not cut apart
                        assert apart(code["box"], other["box"]) >= APART_MM - 0.05, name


def test_sizes_of_codes(shop: Engine, show: Callable[[str], Page]) -> None:
    sides: dict[str, set[int]] = defaultdict(set)
    for _, made in sheets(shop):
        kinds = {cell.code.text: cell.label.kind for cell in made.codes()}
        for page in measured(show(render_sheet(made, complete=True))):
            for code in page["codes"]:
                left, _, right, _ = black(code)
                sides[kinds[code["text"]]].add(round(right - left))
    assert {kind: sizes for kind, sizes in sides.items() if sizes != {25}} == {
        "machine": {40}, "work_center": {40}, "location": {40}
    }  # fmt: skip


SPILT = (Path(__file__).parent / "spilt.js").read_text("utf-8")


@pytest.fixture
def hostile(shop: Engine) -> Engine:
    """A site where everything has a name somebody should not have typed."""
    with write(shop) as connection:
        create_site(connection, "odd", name=HOSTILE[0], zone="Europe/Paris", currency="EUR", language="fr")
        numbered = list(enumerate(name[:200] for name in HOSTILE))
        for kind, column in (("items", {"unit": "pcs"}), ("work_centers", {}), ("locations", {})):
            plant.put(connection, "odd", kind, [{"code": f"X{n}", "name": name, **column} for n, name in numbered])
        plant.put(connection, "odd", "machines", [
            {"code": "M" * (1 + n * 9), "name": name, "work_center": f"X{n}"} for n, name in numbered
        ])  # fmt: skip
        plant.put(connection, "odd", "people", [{"key": f"p{n}", "name": name} for n, name in numbered])
        plant.put(connection, "odd", "reasons", [
            {"kind": "defect", "code": f"R{n}", "name": {"en": name, "fr": name}} for n, name in numbered
        ])  # fmt: skip
        plant.put(connection, "odd", "orders", [
            {"code": "O" * (1 + n * 9), "item": f"X{n}", "quantity": "123456.789", "customer": name,
             "due_on": "2026-12-31"} for n, name in numbered
        ])  # fmt: skip
        plant.put(connection, "odd", "operations", [
            {"order": "O" * (1 + n * 9), "number": str(step * 10), "name": name, "sequence": step,
             "work_center": f"X{n}", "standard_setup_min": "15", "standard_run_min": "2.5"}
            for n, name in numbered for step in range(1, 3 + n)
        ])  # fmt: skip
        people.create_device(connection, "odd", HOSTILE[4], "1" * 64, 0)
        plant.codes_for(connection, "odd", [("lot", "X0", "L" * 64), ("lot", "X1", "木工作業台")])
    return shop


def test_no_name_breaks_a_label(hostile: Engine, show: Callable[[str], Page]) -> None:
    """Whatever a thing is called, the letters and the code are whole, nothing lies over anything, nothing runs."""
    everything = ["*"]
    names = ("orders", "operations", "badges", "machines", "work_centers", "locations", "devices", "items", "lots",
             "words", "reasons")  # fmt: skip
    cells = dict.fromkeys(names, everything)
    made = [(f"labels on {on}", printed(hostile, "labels", on, "odd", **cells))
            for on in (*paper.SHEETS, "62x29", "57x32", "45x20", "22x34")]  # fmt: skip
    made += [
        ("route", printed(hostile, "route", site="odd", routes=everything)),
        ("desk", printed(hostile, "desk", site="odd", words=everything, reasons=everything)),
    ]
    for name, one in made:
        html = render_sheet(one, complete=True)
        assert "<script" not in html, name
        page = show(html)
        assert page.evaluate(SPILT) == [], name
        assert page.locator("svg.qr").count() == one.count


@pytest.mark.parametrize("on", [*paper.SHEETS, *paper.ROLLS, "80x40", "33.5x50"])
def test_a_page_of_labels_is_a_page_of_paper(on: str, shop: Engine, show: Callable[[str], Page]) -> None:
    made = printed(shop, "labels", on, orders=["*"], operations=["*"], badges=["*"], items=["*"], machines=["*"],
                   words=["*"])  # fmt: skip
    check_pages(show(render_sheet(made, complete=True)), made.paper, len(made.pages))


def test_pages_of_other_forms(shop: Engine, show: Callable[[str], Page]) -> None:
    for name, made in sheets(shop):
        page = show(render_sheet(made, complete=True))
        check_pages(page, made.paper, len(made.pages))
        assert page.evaluate(SPILT) == [], name
    with write(shop) as connection:
        test = sheet.make_test(connection, "main", BASE)
    page = show(render_scanner(test, complete=True))
    check_pages(page, paper.A4, 1)
    assert page.evaluate("document.querySelector('.page').scrollHeight <= document.querySelector('.page').clientHeight")


def check_pages(page: Page, on: paper.Paper, count: int) -> None:
    """As many pages of that size as there ought to be: nothing flows over onto one more."""
    file = page.pdf(prefer_css_page_size=True, print_background=True)
    sizes = [tuple(float(side) for side in found) for found in
             re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", file)]  # fmt: skip
    assert len(sizes) == count
    for width, height in sizes:
        assert width == pytest.approx(on.width * 72 / 25.4, abs=0.75)
        assert height == pytest.approx(on.height * 72 / 25.4, abs=0.75)
