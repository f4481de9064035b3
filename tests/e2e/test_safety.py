"""Safety of the page: that its policy is never broken is asserted of every tablet of these tests (new_tablet); here is
what must not be able to take captures away, or to make some."""

from tests.e2e.conftest import NewTablet, Shop
from tests.e2e.desk import a_user, sign_in
from tests.e2e.hands import at_work


def test_signing_out_of_the_desk_leaves_the_outbox_alone(shop: Shop, new_tablet: NewTablet) -> None:
    """A lead signs in and out in the browser of a tablet: its answer clears nothing that waits."""
    a_user(shop, "lena", "lead")
    hands = at_work(shop, new_tablet)
    tablet = hands.tablet
    tablet.page.route("**/api/v1/events", lambda route: route.abort())
    hands.count(1)
    desk = tablet.context.new_page()
    sign_in(desk, shop, "lena")
    desk.wait_for_url("**/board")
    with desk.expect_response("**/sign-out") as leaving:
        desk.evaluate("document.querySelector('form[action$=\"/sign-out\"]').requestSubmit()")
    assert "clear-site-data" not in leaving.value.headers
    tablet.page.reload()
    tablet.ready()
    assert [capture["state"] for capture in tablet.outbox()] == ["sent", "waiting"]
    tablet.page.unroute("**/api/v1/events")
    tablet.until_sent()


def test_following_a_code_captures_nothing(shop: Shop, new_tablet: NewTablet) -> None:
    """The address on a label opens; only a person who then does something makes a fact."""
    hands = at_work(shop, new_tablet)
    tablet = hands.tablet
    other = shop.new_job()
    label = shop.label("operation", other.order, other.operation)
    before = len(tablet.outbox())
    tablet.page.goto(label.replace("HTTP://", "http://"))
    tablet.ready()
    tablet.page.wait_for_timeout(1000)
    assert len(tablet.outbox()) == before
    assert shop.facts_of(other.order) == []


def test_no_text_becomes_script_or_markup(shop: Shop, new_tablet: NewTablet) -> None:
    """Even from inside the page: the browser takes nothing but what lit-html and our own addresses vouch for."""
    tablet = new_tablet()
    for way in (
        "document.body.innerHTML = '<b>x</b>'",
        "document.createElement('script').text = '1'",
        "document.createElement('script').src = 'data:text/javascript,1'",
        "new Worker('/api/v1/reference')",
        "navigator.serviceWorker.register('/static/other.txt')",
    ):
        tried = f"(async () => {{ try {{ await ({way}); }} catch (e) {{ return e.name; }} }})()"
        assert tablet.page.evaluate(tried) == "TypeError", way
    assert tablet.notes.refusals
    tablet.notes.refusals.clear()
