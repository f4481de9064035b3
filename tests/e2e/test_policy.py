"""What a browser holds pages to: nothing becomes markup or script unseen on the desk, the cache holds files of the
program and nobody's data, and a service worker that is broken can be taken back."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Error, Page, Route

from server import create_app
from tests.e2e.conftest import NewTablet, Shop
from tests.e2e.desk import a_user, sign_in
from tests.e2e.hands import at_work
from tests.e2e.proxy import PORTAL, Proxy
from tests.e2e.tablet import now
from tests.e2e.test_pages import desk_facts, one_of_each  # noqa: F401 - a fixture is found by its name
from tests.e2e.test_phone import restart_web
from tests.e2e.test_survival import UPDATE
from tests.environment import LaunchChromium

EYES = """
  document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) =>
    window.refused(`${location.pathname}: ${violatedDirective} ${blockedURI} ${sample}`));
  window.swapped = 0;
  document.addEventListener("htmx:after:swap", () => { window.swapped += 1; });
"""
# Each part of the page that asks for itself anew does so now; as many are put in place, and nothing went wrong.
ASK = """
  async () => {
    const [forms, parts] = ["form[hx-get]", "[hx-get][hx-trigger*=every]"]
      .map((kind) => [...document.querySelectorAll(kind)]);
    for (const form of forms) form.requestSubmit();
    for (const part of parts) htmx.trigger(part, "every", {}, false);
    const wanted = forms.length + parts.length;
    for (let turn = 0; turn < 100 && window.swapped < wanted; turn += 1)
      await new Promise((done) => setTimeout(done, 50));
    return [wanted, window.swapped];
  }
"""


def watched(context: BrowserContext) -> list[str]:
    """Everything that goes wrong in pages of this context, from now on."""
    wrong: list[str] = []
    context.expose_binding("refused", lambda source, told: wrong.append(told))
    context.add_init_script(EYES)
    context.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    return wrong


@pytest.fixture
def desk(shop: Shop, launch_chromium: LaunchChromium, tmp_path: Path) -> tuple[Page, list[str]]:
    """Somebody with every role, signed in, and what goes wrong."""
    a_user(shop, "desk", "lead", "accountant", "payroll", "admin")
    context = launch_chromium(tmp_path / "desk", viewport={"width": 1280, "height": 800})
    wrong = watched(context)
    sign_in(context.pages[0], shop, "desk")
    return context.pages[0], wrong


@pytest.mark.requirement("SR-43")
@pytest.mark.usefixtures("desk_facts")
def test_every_page_of_the_desk_keeps_to_its_policy(desk: tuple[Page, list[str]], shop: Shop) -> None:
    """Also while its parts are asked for anew: htmx makes markup through our hands only."""
    page, wrong = desk
    pages = one_of_each(page, create_app(shop.rig.settings), shop.address)
    asked = 0
    for address in pages:
        answer = page.goto(shop.address + address)
        assert answer
        assert answer.status < 500, (address, shop.rig.said())
        assert "require-trusted-types-for 'script'; trusted-types desk" in answer.headers["content-security-policy"]
        wanted, swapped = page.evaluate(ASK)
        assert swapped >= wanted, address
        asked += wanted
    assert wrong == [], shop.rig.said()
    assert asked >= 5  # the board's parts, a list of entries, the devices


@pytest.mark.requirement("SR-43")
@pytest.mark.usefixtures("desk_facts")
def test_nothing_becomes_markup_or_script_on_the_desk_unseen(desk: tuple[Page, list[str]], shop: Shop) -> None:
    page, wrong = desk
    page.goto(f"{shop.address}/board")
    for way in (
        "document.body.innerHTML = '<b>x</b>'",
        "document.body.insertAdjacentHTML('beforeend', '<b>x</b>')",
        "new DOMParser().parseFromString('<b>x</b>', 'text/html')",
        "document.createElement('script').text = '1'",
        "document.createElement('script').src = '/static/desk.js'",
        "document.createElement('iframe').srcdoc = 'x'",
        "trustedTypes.createPolicy('other', {})",
        "trustedTypes.createPolicy('desk', {})",
        "new Worker('/static/desk.js')",
        "setTimeout('window.evil = 1')",
    ):
        tried = f"(() => {{ try {{ {way}; }} catch (e) {{ return e.name; }} return 'done'; }})()"
        assert page.evaluate(tried) == "TypeError", way
    wrong.clear()

    # An answer that brings script along is not put in place, whatever made the server send it.
    def hostile(route: Route) -> None:
        body = '<p id="evil">x</p><script>window.evil = 1</script><img src="x" onerror="window.evil = 1">'
        route.fulfill(body=body, content_type="text/html")

    page.route("**/board?part=**", hostile)
    page.evaluate("htmx.trigger(document.querySelector('[hx-get]'), 'every', {}, false)")
    page.wait_for_timeout(1000)
    assert page.locator("#evil").count() == 0
    assert page.evaluate("window.evil") is None
    assert any("no part of a page: <script" in told for told in wrong)


CACHED = """
  async () => {
    const found = [];
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const { url } of await cache.keys()) {
        const answer = await cache.match(url);
        found.push([new URL(url).pathname, answer.status, answer.redirected, answer.headers.get("content-type") ?? "",
                    url.endsWith(".wasm") ? "" : await answer.text()]);
      }
    }
    return found;
  }
"""


@pytest.mark.requirement("SR-56")
@pytest.mark.parametrize("fault", ["portal", "login"])
def test_the_cache_holds_files_of_the_program_and_nobody_s_data(
    fault: Any, shop: Shop, new_tablet: NewTablet, proxy: Proxy
) -> None:
    """After a shift, a team lead's visit in the same browser, a captive portal, and everybody signing out."""
    a_user(shop, "wilhelmina", "lead")
    hands = at_work(shop, new_tablet, address=proxy.address)
    hands.count(1)
    lead = hands.tablet.context.new_page()
    lead.goto(f"{proxy.address}/sign-in")
    lead.locator("input[name=name]").fill("wilhelmina")
    lead.locator("input[name=password]").fill("a long enough one")
    lead.locator("main form button[type=submit]").click()
    lead.wait_for_url("**/board")
    assert "Wilhelmina" in lead.content()
    proxy.fault = fault
    lead.goto(f"{proxy.address}/orders")
    hands.tablet.page.evaluate("navigator.serviceWorker.ready.then((known) => known.update()).catch(() => {})")
    hands.count(2)
    proxy.fault = ""
    lead.goto(f"{proxy.address}/board")
    lead.evaluate("document.querySelector('form[action$=\"/sign-out\"]').requestSubmit()")
    lead.wait_for_url("**/sign-in*")
    hands.word("sign_out")

    kept = hands.tablet.page.evaluate(CACHED)
    assert len(kept) > 5
    names = [person for person in (hands.person, "Wilhelmina", "wilhelmina") if person]
    for path, status, redirected, kind, body in kept:
        assert path.startswith("/static/") or path in ("/", "/manifest.webmanifest"), path
        assert (status, redirected) == (200, False), path
        assert kind.split(";")[0] not in ("application/problem+json", "text/plain"), path
        assert kind.startswith("text/html") == (path == "/"), path
        assert "Accept our terms" not in body
        assert not [name for name in names if name in body], path
    # Nothing the browser may answer from its own cache, either.
    hands.tablet.context.set_offline(True)
    for path in ("/board", "/orders", "/api/v1/reference"):
        with pytest.raises(Error):
            lead.goto(f"{proxy.address}{path}")
    hands.tablet.context.set_offline(False)


@pytest.mark.requirement("SR-56")
@pytest.mark.parametrize("path", ["/", "/manifest.webmanifest"])
def test_a_portal_s_page_is_never_kept(path: str, new_tablet: NewTablet, proxy: Proxy) -> None:
    """A network's login page, status 200, in place of one file of a new version: that version is not taken."""
    tablet = new_tablet(address=proxy.address)
    version = tablet.page.locator("html").get_attribute("data-version")
    assert version

    def newer(asked: str, body: bytes) -> bytes:
        made = body.replace(version.encode(), version[::-1].encode()) if asked in ("/", "/service-worker.js") else body
        return PORTAL if asked == path else made

    proxy.rewrite = newer
    assert tablet.page.evaluate(UPDATE) == "refused"
    proxy.rewrite = lambda asked, body: body
    kept = {found: body for found, _status, _redirected, _kind, body in tablet.page.evaluate(CACHED)}
    assert f'data-version="{version}"' in kept["/"] and "Accept our terms" not in "".join(kept.values())
    assert len(tablet.page.evaluate("caches.keys()")) == 1


BROKEN = b"""
self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("fetch", (event) => {
  if (new URL(event.request.url).pathname !== "/service-worker.js")
    event.respondWith(new Response("broken", { status: 500 }));
});
"""

ASK_FOR_A_WORKER = """
  async () => {
    await (await navigator.serviceWorker.getRegistration()).update();
    return (await fetch("/healthz")).text();
  }
"""


@pytest.mark.requirement("SR-57")
def test_a_broken_worker_is_taken_back(shop: Shop, new_tablet: NewTablet, proxy: Proxy) -> None:
    """A worker that answers everything wrongly was shipped: the plant withdraws it, and the captures are there."""
    hands = at_work(shop, new_tablet, address=proxy.address)
    tablet = hands.tablet
    proxy.fault = "broken"
    hands.count(1)
    proxy.rewrite = lambda path, body: BROKEN if path == "/service-worker.js" else body
    deadline = now() + 60_000
    # One question is not enough: asked while the browser is asking by itself, it is answered with what that one found.
    while tablet.page.evaluate(ASK_FOR_A_WORKER) != "broken":
        assert now() < deadline, "the broken worker never took over"
        tablet.page.wait_for_timeout(500)
    tablet.page.reload()
    assert tablet.page.locator("body").inner_text() == "broken"

    proxy.rewrite = lambda path, body: body
    usual = shop.rig.settings
    try:
        restart_web(shop, dataclasses.replace(usual, phone_worker="withdrawn"))
        deadline = now() + 60_000
        # After each load the browser asks, a little later, whether there is a newer worker.
        while tablet.page.locator("body").inner_text() == "broken":
            assert now() < deadline, "the broken worker stays"
            tablet.page.wait_for_timeout(3000)
            tablet.page.reload()
        tablet.ready()
        assert tablet.page.evaluate("caches.keys()") == []
        assert [capture["state"] for capture in tablet.outbox()][-1] == "waiting"
    finally:
        restart_web(shop, usual)
    proxy.fault = ""
    tablet.page.reload()
    tablet.ready()
    tablet.until_sent()
    tablet.page.evaluate("navigator.serviceWorker.ready.then(({ active }) => active.state)")
