"""A case on the tablet: time and nothing else, from the label to the entry."""

from playwright.sync_api import Page, expect

from tests.e2e.conftest import NewTablet, Shop

OF_PIECES = ("Good quantity", "Defect", "Consumption", "Now: Setup", "Now: Teardown", "Unplanned operation",
             "Operation done", "Inspection", "By-product")  # fmt: skip


def test_a_case_is_worked_on_without_pieces(shop: Shop, new_tablet: NewTablet) -> None:
    person, _ = shop.new_person()
    case = shop.new_case("Demo Bank")
    badge, label = shop.label("person", person), shop.label("order", case.order)
    tablet = new_tablet("Office")
    tablet.scan(badge)
    tablet.on("home")
    tablet.scan(label)
    tablet.says(f"Started Run: {case.order}")
    page = tablet.page
    card = page.locator(".card").filter(has_text=case.order)
    expect(card).to_contain_text("Demo Bank")
    card.click()
    tablet.on("running")
    nothing_of_pieces(page)
    expect(page.get_by_role("button", name="Now: Rework")).to_be_visible()
    tablet.tap("Other facts")
    tablet.on("forms")
    nothing_of_pieces(page)
    expect(page.get_by_role("button", name="Call for help")).to_be_visible()
    page.go_back()
    tablet.on("running")
    tablet.tap("Stop")
    tablet.until_sent()
    assert shop.verify().faults == []
    (entry,) = shop.entries_of(case.order)
    assert (entry["element"], entry["activity"]) == ("labor", "run")


def nothing_of_pieces(page: Page) -> None:
    for words in OF_PIECES:
        expect(page.get_by_role("button", name=words)).to_have_count(0)
