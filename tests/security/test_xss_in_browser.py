"""Three hundred hostile texts in every text field, drawn on every page by a real Chromium whose security policy is
switched off: what keeps them text is that they are escaped, and nothing else."""

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote, urlencode

import pytest
from playwright.sync_api import Page
from sqlalchemy import update
from werkzeug.serving import make_server

from server.auth import credentials
from server.settings import Settings
from server.store import intake_log, plant, tables
from server.store.database import read, write
from tests.cast import raw, send, settle
from tests.environment import LaunchChromium
from tests.security.conftest import Stage, put_up
from tests.security.corpora.texts import QR, XSS
from tests.security.matrix import LINES, Line
from tests.security.test_matrix import filled, opens

NOTES = 15  # twenty texts in each
TRIPWIRE = """
  window.tripped = [];
  window.tripwire = (...given) => { window.tripped.push(String(given)); return 1; };
  for (const name of ["alert", "confirm", "prompt", "open"]) window[name] = (...given) => window.tripped.push(name);
"""
LOOK = """
  () => [...window.tripped, ...[...document.querySelectorAll("[data-tripwire], script:not([src^='/'])")]
    .filter((one) => one.hasAttribute("data-tripwire") || one.textContent.includes("tripwire"))
    .map((one) => one.outerHTML.slice(0, 200)),
    ...[...document.querySelectorAll("*")].flatMap((one) => [...one.attributes]
      .filter(({ name, value }) => /^(on|hx-on)/.test(name) && value.includes("tripwire"))
      .map(({ name, value }) => `${one.localName} ${name}=${value}`)),
    ...[...document.querySelectorAll("a[href], form[action], [src], [hx-get], [hx-post], [formaction]")]
      .flatMap((one) => ["href", "action", "src", "hx-get", "hx-post", "formaction"].map((n) => one.getAttribute(n)))
      .filter((address) => address && /^\\s*(javascript|data:text|vbscript)/i.test(address)),
  ]
"""


def fill_every_field(house: Stage) -> list[str]:
    """Three hundred rows of each kind of reference data, each of whose texts is hostile; facts with notes and with
    things nobody knows; and the texts that stand once. Returns the facts that have notes."""
    engine = house.engine
    # Codes are shorter, and hold no character nobody sees.
    short = [text.replace("\f", " ")[:64].strip() for text in XSS]
    codes = list(dict.fromkeys(code.strip() for code in short))
    named = [{"code": code, "name": XSS[n]} for n, code in enumerate(codes)]
    both = [{"en": text, "fr": text} for text in XSS]
    rows: dict[str, list[dict[str, object]]] = {
        "departments": named,
        "work_centers": [{**row, "department": "D1"} for row in named],
        "machines": [{**row, "work_center": "W1"} for row in named],
        "locations": named,
        "items": [{**row, "unit": "pcs", "valuation": "standard"} for row in named],
        "people": [
            {"key": f"px55{n:08}", "name": text, "number": f"{short[n][:50]}#{n}", "department": "D1"}
            for n, text in enumerate(XSS)
        ],
        "orders": [
            {"code": code, "item": code, "quantity": "10", "customer": short[n]} for n, code in enumerate(codes)
        ],
        "operations": [
            {"order": "MO-7", "number": str(100 + n), "name": text, "sequence": 100 + n, "work_center": "W1"}
            for n, text in enumerate(XSS)
        ],
        "reasons": [
            {"kind": kind, "code": code, "name": both[n]}
            for kind in ("defect", "pause", "help") for n, code in enumerate(codes)
        ],
        "activities": [{"code": code, "name": both[n]} for n, code in enumerate(codes)],
    }  # fmt: skip
    with write(engine) as connection:
        for kind, of_kind in rows.items():
            plant.put(connection, "main", kind, of_kind)
        for key in ("px5500000000", "px5500000001"):
            plant.code_for(connection, "main", "person", key)
        plant.codes_for(connection, "main", [("lot", "CHAIR", code) for code in codes])
        for table, column in (
            (tables.Site, "name"), (tables.Plan, "name"), (tables.User, "display_name"), (tables.Device, "name"),
            (tables.Device, "version"), (tables.ApiToken, "name"),
        ):  # fmt: skip
            connection.execute(update(table).values({column: XSS[1]}))
    facts = []
    for n, code in enumerate(codes):
        stamp = f"2026-11-20T{8 + n // 60 % 10:02}:{n % 60:02}:00Z"
        facts.append(raw("output.reported", stamp, order="MO-7", operation="10", quantity="1", person="px5500000000"))
        facts.append(raw("defect.reported", stamp, order=code, operation=short[n].strip(), quantity="1",
                         disposition="scrap", reason=code, person="px5500000001"))  # fmt: skip
        facts.append(raw("material.consumed", stamp, order="MO-7", operation="10", item=code, quantity="1", unit="kg"))
    refused = [verdict.code for verdict in send(engine, facts) if verdict.verdict != "created"]
    assert not refused, refused[:3]
    early = "2026-11-20T07:00:00Z"
    send(engine, [
        raw("labor.started", early, person="px5500000002", order="MO-7", operation="100", activity="run"),
        raw("help.called", early, person="px5500000003", order=codes[1], reason=codes[1]),
    ])  # fmt: skip
    noted = [fact["id"] for fact in facts if fact["type"] == "output.reported"][:NOTES]
    with write(engine) as connection:
        texts = [" ".join(XSS[n::NOTES]) for n in range(NOTES)]
        notes = [(fact, "0" * 32, text[:2000]) for fact, text in zip(noted, texts, strict=True)]
        intake_log.keep_notes(connection, "main", notes)
    settle(engine)
    return noted


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, _migrated_file: Path) -> Iterator[tuple[Stage, str, list[str]]]:
    """The stage full of hostile texts, its address, and the facts with notes."""
    folder = tmp_path_factory.mktemp("instance")
    shutil.copy(_migrated_file, folder / "floorledger.sqlite")
    house = put_up(Settings(data_dir=folder))
    noted = fill_every_field(house)
    server = make_server("127.0.0.1", 0, house.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield house, f"http://127.0.0.1:{server.port}", noted
    server.shutdown()
    thread.join()
    house.engine.dispose()


def addresses(house: Stage, line: Line, noted: list[str]) -> list[str]:
    """Where a page is looked at: with the things of the stage, with hostile ones, with hostile parameters."""
    found = [filled(line.address, house.own)]
    if line.objects == "order" and line.method == "GET":
        with read(house.engine) as connection:
            codes = [row["code"] for row in plant.rows(connection, "main", "orders")]
        found += [filled(line.address, house.own, code=quote(code)) for code in codes[:6]]
    if line.address == "/facts/<uuid:identity>":
        found += [f"/facts/{fact}" for fact in noted]
    if line.objects == "person":
        found += [filled(line.address, house.own, key=key) for key in ("px5500000000", "px5500000001")]
    if line.address.startswith("/labels/<any"):
        found += [f"/labels/{section}" for section in ("badges", "places", "material", "quick")]
    plain = sorted(name.rstrip("*") for name in line.query if name not in ("*", "part", "seen"))
    found += [f"{found[0]}?{urlencode({name: text})}" for name in plain for text in (XSS[1], XSS[26], QR[0])]
    return found


FILES = (".csv", ".json", ".xlsx", ".css", ".js", ".webmanifest", "/photo")
PAGES = [
    line for line in LINES
    if line.method == "GET" and not line.address.startswith(("/api/", "/static/")) and not line.address.endswith(FILES)
]  # fmt: skip


@pytest.mark.requirement("SR-42", "SR-41", "SR-47")
def test_no_text_is_more_than_text_on_any_page(
    launch_chromium: LaunchChromium, hostile: tuple[Stage, str, list[str]], record_property
) -> None:
    house, address, noted = hostile
    browser = launch_chromium(viewport={"width": 1280, "height": 900}, bypass_csp=True)
    browser.add_init_script(TRIPWIRE)
    elsewhere: list[str] = []
    browser.on("request", lambda asked: elsewhere.append(asked.url)
               if not asked.url.startswith((address, "data:", "blob:")) else None)  # fmt: skip
    page = browser.new_page()
    page.on("dialog", lambda dialog: dialog.dismiss())
    wrong: list[str] = []
    looked = shown = 0
    for line in PAGES:
        name, caller = next((name, one) for name, one in house.principals.items() if opens(line, one))
        browser.clear_cookies()
        for kind in (credentials.SESSION, credentials.DEVICE):
            if cookie := caller.client.get_cookie(kind):
                browser.add_cookies([{"name": kind, "value": cookie.value, "url": address}])
        for path in addresses(house, line, noted):
            answer = page.goto(address + path, wait_until="load")
            assert answer is not None and answer.status < 500, f"{name}: {path} answers {answer and answer.status}"
            looked += 1
            wrong += [f"{path[:90]}: {trouble}" for trouble in page.evaluate(LOOK)]
            shown += page.evaluate("document.body.innerText.includes('tripwire')")
            for link in walk_on(page):
                page.goto(link, wait_until="load")
                looked += 1
                wrong += [f"{link[:90]}: {trouble}" for trouble in page.evaluate(LOOK)]
    assert wrong == [], f"{len(wrong)}: {wrong[:5]}"
    assert elsewhere == []
    assert looked > 120 and shown > looked / 3, f"{shown} of {looked} pages show hostile texts"
    record_property(
        "told", f"hostile texts: {len(XSS)} in every text field, {looked} pages looked at, {shown} show them"
    )


def walk_on(page: Page) -> Iterator[str]:
    """The pages of a list after this one."""
    for _ in range(8):
        link = page.locator("a[rel=next], .pages a[href*='after='], .pages a[href*='before=']").first
        if link.count() == 0:
            return
        yield str(link.evaluate("(one) => one.href"))


def test_the_tripwire_trips(launch_chromium: LaunchChromium) -> None:
    """What would show that a page fails is able to: most of the texts, put where they may run, are found out."""
    browser = launch_chromium(bypass_csp=True)
    browser.add_init_script(TRIPWIRE)
    page = browser.new_page()
    page.route("**/*", lambda route: route.fulfill(content_type="text/html", body="<body><div id=x></div>")
               if "tripwire" not in route.request.url else route.abort())  # fmt: skip
    found = 0
    for text in XSS[:25]:
        page.goto("http://127.0.0.1:9/")
        page.evaluate("(text) => { document.getElementById('x').innerHTML = text; }", text)
        page.wait_for_timeout(30)
        found += bool(page.evaluate(LOOK))
    assert found >= 22
