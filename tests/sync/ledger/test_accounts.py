"""Analytic accounts: what a posting gets, and shares that add up to the cent on every plan."""

from datetime import date
from decimal import Decimal
from fractions import Fraction

from hypothesis import given, strategies

from sync.core.money import allocate
from sync.core.plant import AccountDefault, Distribution, Order, Plan
from sync.ledger.accounts import assignment, postings, spread, transfer

PLANS = (Plan("DEPT", "Departments", "department"), Plan("PROD", "Products", "item"), Plan("FREE", "Free"))

DAY, JULY = date(2026, 6, 30), date(2026, 7, 1)


def on(plan: str, lines: list, account: str = "") -> Decimal:
    """What the lines put on an account of a plan; without account, on the plan."""
    codes = [account] if account else list("ABCDEF")
    return sum((line.amount for line in lines if dict(line.accounts).get(plan) in codes), Decimal(0))


def test_the_order_says_else_the_plan_follows() -> None:
    order = Order("MO-1", "CHAIR", customer="Demo", accounts={"FREE": (("X", Decimal(60)), ("Y", Decimal(40)))})
    assert assignment(PLANS, order, day=DAY, element="labor", department="WELD") == {
        "DEPT": (("WELD", Decimal(100)),), "PROD": (("CHAIR", Decimal(100)),),
        "FREE": (("X", Decimal(60)), ("Y", Decimal(40))),
    }  # fmt: skip
    stock = assignment(PLANS, None, day=DAY, element="material", item="OAK")
    assert stock == {"PROD": (("OAK", Decimal(100)),)}, "nothing is not an account"
    own = Order("MO-2", "CHAIR", accounts={"PROD": (("SPECIAL", Decimal(100)),)})
    assert assignment(PLANS, own, day=DAY, element="labor")["PROD"] == (("SPECIAL", Decimal(100)),)


def test_a_default_comes_before_what_the_plan_follows_and_after_the_order() -> None:
    plan = Plan("PROD", "Products", "item", (
        AccountDefault("customer", "Demo", "KEY ACCOUNTS", 20),
        AccountDefault("item", "CHAIR", "SEATS", 10),
        AccountDefault("item", "CHAIR", "CHAIRS", 10, JULY),
        AccountDefault("element", "scrap", "QUALITY", 1),
        AccountDefault("reason", "", "NOBODY", 0),
    ))  # fmt: skip

    def account(order: Order | None, day: date = DAY, element: str = "labor", **known: str) -> str:
        (share,) = assignment((plan,), order, day=day, element=element, **known)["PROD"]
        return share[0]

    chair, table = Order("MO-1", "CHAIR", customer="Demo"), Order("MO-2", "TABLE", customer="Demo")
    assert account(chair) == "SEATS", "the smaller number is asked first"
    assert account(chair, JULY) == "CHAIRS", "from its day on"
    assert account(table) == "KEY ACCOUNTS"
    assert account(Order("MO-3", "TABLE")) == "TABLE", "none fits: what the plan follows"
    assert account(chair, element="scrap") == "QUALITY"
    assert account(Order("MO-4", "CHAIR", accounts={"PROD": (("OWN", Decimal(100)),)}), element="scrap") == "OWN"
    assert account(None, item="CHAIR") == "SEATS", "stock of it likewise"


def test_of_one_priority_what_says_more_is_taken_and_a_default_may_end() -> None:
    plan = Plan("PROD", "Products", "item", (
        AccountDefault("element", "labor", "L"), AccountDefault("order", "MO-1", "O"),
        AccountDefault("order", "MO-1", "", valid_from=JULY),
    ))  # fmt: skip
    order = Order("MO-1", "CHAIR")
    assert assignment((plan,), order, day=DAY, element="labor")["PROD"][0][0] == "O"
    assert assignment((plan,), order, day=JULY, element="labor")["PROD"][0][0] == "L"


def test_a_default_may_name_a_distribution() -> None:
    key = (("a", Decimal(60)), ("b", Decimal(40)))
    plan = Plan("PROD", "P", "item", (AccountDefault("item", "CHAIR", "KEY"),), {"KEY": key, "TABLE": key})
    for item in ("CHAIR", "TABLE"):
        assert assignment((plan,), Order("MO-1", item), day=DAY, element="labor")["PROD"] == key


def test_one_account_a_plan_is_one_posting() -> None:
    (line,) = postings(
        "debit", "order:MO-1", Decimal("10.01"), {"A": (("1", Decimal(100)),), "B": (("2", Decimal(100)),)}, "EUR"
    )
    assert (line.amount, line.accounts) == (Decimal("10.01"), (("A", "1"), ("B", "2")))
    assert postings("debit", "order:MO-1", Decimal("10.01"), {}, "EUR")[0].accounts == ()


def test_three_times_a_third() -> None:
    thirds = {"A": (("x", Decimal("33.33")), ("y", Decimal("33.33")), ("z", Decimal("33.34")))}
    lines = postings("credit", "order:MO-1", Decimal("100.00"), thirds, "EUR")
    assert [(line.accounts[0][1], str(line.amount)) for line in lines] == [
        ("x", "33.33"),
        ("y", "33.33"),
        ("z", "33.34"),
    ]


def test_a_yen_is_not_divided() -> None:
    half = {"A": (("x", Decimal(50)), ("y", Decimal(50)))}
    assert [str(line.amount) for line in postings("debit", "order:MO-1", Decimal(3), half, "JPY")] == ["2", "1"]


def test_nothing_is_kept_on_the_largest_share() -> None:
    """Half a second of work costs 0.00; its hours still have an order and accounts."""
    spread = {"A": (("x", Decimal(40)), ("y", Decimal(60))), "B": (("v", Decimal(50)), ("w", Decimal(50)))}
    (line,) = postings("debit", "order:MO-1", Decimal("0.00"), spread, "EUR")
    assert (str(line.amount), line.accounts) == ("0.00", (("A", "y"), ("B", "v")))


@strategies.composite
def distributions(draw: strategies.DrawFn) -> Distribution:
    """One to three plans, each spread over accounts with percentages of 0.01 that make 100."""
    made = {}
    for plan in draw(strategies.lists(strategies.sampled_from("PQR"), min_size=1, max_size=3, unique=True)):
        codes = draw(strategies.lists(strategies.sampled_from("ABCDEF"), min_size=1, max_size=5, unique=True))
        weights = [draw(strategies.integers(1, 1000)) for _ in codes]
        percents = allocate(10_000, weights, codes)
        made[plan] = tuple(sorted((c, Decimal(p) / 100) for c, p in zip(codes, percents, strict=True) if p))
    return made


@given(strategies.integers(0, 10**8), distributions())
def test_every_plan_adds_up_and_every_account_gets_its_own(cents: int, accounts: Distribution) -> None:
    """On each plan an account gets what it would get if that plan were the only one; nothing is below zero."""
    amount = Decimal(cents).scaleb(-2)
    lines = postings("debit", "order:MO-1", amount, accounts, "EUR")
    assert sum(line.amount for line in lines) == amount
    assert all(line.amount > 0 for line in lines) or not cents
    assert len({line.accounts for line in lines}) == len(lines)
    for plan, shares in accounts.items():
        assert on(plan, lines) == amount
        alone = allocate(cents, [Fraction(percent) for _, percent in shares], [code for code, _ in shares])
        for (code, _), part in zip(shares, alone, strict=True):
            assert on(plan, lines, code) == Decimal(part).scaleb(-2)


@given(distributions(), distributions())
def test_a_distribution_among_shares_leaves_them_whole(shares: Distribution, named: Distribution) -> None:
    """Whatever stands in for an account, a plan's shares are 100 in all, exactly, and so are the cents."""
    for of_plan in shares.values():
        keys = {code: inner for (code, _), inner in zip(of_plan, named.values(), strict=False)}
        plan = Plan("P", "P", distributions=keys)
        expanded = spread(plan, of_plan)
        assert sum(percent for _, percent in expanded) == 100
        lines = postings("debit", "order:MO-1", Decimal("100.01"), {"P": expanded}, "EUR")
        assert sum(line.amount for line in lines) == Decimal("100.01")


def test_the_debit_stands_first() -> None:
    lines = transfer(postings("credit", "a:", Decimal(1), {}, "EUR"), postings("debit", "b:", Decimal(1), {}, "EUR"))
    assert [line.side for line in lines] == ["debit", "credit"]
