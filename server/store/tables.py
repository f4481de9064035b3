"""All tables. Every table of a site begins its key with the site, so that a database distributed by site fits later.

Money is an integer in 10**-4 (`sync.core.money.to_store`), an instant an integer in milliseconds, a quantity or rate
its plain decimal text: the same exact values on SQLite and on PostgreSQL. Text compares by code point on both ("C").
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

CODE = String(64)
# The same order of text on both databases: PostgreSQL's default collation depends on the machine.
Key = CODE.with_variant(String(64, collation="C"), "postgresql")
Uuid = String(36).with_variant(String(36, collation="C"), "postgresql")
Instant = BigInteger
Amount = BigInteger
# The first day of what holds from the beginning.
BEGINNING = "0001-01-01"


class Base(DeclarativeBase):
    """The one declarative base; Flask-SQLAlchemy adopts its metadata."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# --- how far what a column holds may go -----------------------------------------------------------------------------
#
# Every column is made by one of these four, so that a new one cannot be without a class. A column has the highest
# class anything in it can have; docs/reference/data-classes.md says what each means and lists all of them.

# From what anybody may know to what nobody may see.
DATA_CLASSES = ("operational", "personal", "wage", "secret")


def operational(*arguments: Any, **named: Any) -> Any:
    """A column that says nothing of a person: things, standards, counts, published prices."""
    return mapped_column(*arguments, info={"class": "operational"}, **named)


def personal(*arguments: Any, **named: Any) -> Any:
    """A column that says something of a person, be it under a key only, or may because people write into it."""
    return mapped_column(*arguments, info={"class": "personal"}, **named)


def wage(*arguments: Any, sealed: str = "", **named: Any) -> Any:
    """A column from which somebody's pay could be read or derived. `sealed`: for what purpose server/vault.py does."""
    return mapped_column(*arguments, info={"class": "wage"} | ({"sealed": sealed} if sealed else {}), **named)


def secret(*arguments: Any, **named: Any) -> Any:
    """A column that lets somebody in, even hashed or encrypted: never shown, exported or logged."""
    return mapped_column(*arguments, info={"class": "secret"}, **named)


def sealed(purpose: str, *arguments: Any, **named: Any) -> Any:
    """A secret column that server/vault.py seals for this purpose, because it has to be read back."""
    return mapped_column(*arguments, info={"class": "secret", "sealed": purpose}, **named)


def site_key() -> Mapped[str]:
    return operational(Key, primary_key=True)


def code_key() -> Mapped[str]:
    return operational(Key, primary_key=True)


# --- the plant -------------------------------------------------------------------------------------------------


class Site(Base):
    """One time zone, one currency, one ledger. `lineage` names this continuous history; a restore changes it."""

    __tablename__ = "site"
    code: Mapped[str] = site_key()
    name: Mapped[str] = operational(String(200))
    zone: Mapped[str] = operational(String(64))
    currency: Mapped[str] = operational(String(3))
    language: Mapped[str] = operational(String(8), default="fr")
    lineage: Mapped[str] = operational(Uuid)
    # Policy settings as canonical JSON, with the version entries carry.
    # What phones may do here, as canonical JSON: see `server.store.sites.Floor`.
    floor: Mapped[str] = operational(Text, default="{}")
    # How long what is kept of people stays, as canonical JSON: see `server.store.retention`.
    privacy: Mapped[str] = operational(Text, default="{}")


class Department(Base):
    __tablename__ = "department"
    site: Mapped[str] = site_key()
    code: Mapped[str] = code_key()
    name: Mapped[str] = operational(String(200))


class WorkCenter(Base):
    __tablename__ = "work_center"
    site: Mapped[str] = site_key()
    code: Mapped[str] = code_key()
    name: Mapped[str] = operational(String(200))
    department: Mapped[str] = operational(Key, default="")
    calendar: Mapped[str] = operational(Key, default="")


class Machine(Base):
    __tablename__ = "machine"
    site: Mapped[str] = site_key()
    code: Mapped[str] = code_key()
    name: Mapped[str] = operational(String(200))
    work_center: Mapped[str] = operational(Key, default="")


class Location(Base):
    """A place material lies at or is moved between: a rack, a bay, a trolley."""

    __tablename__ = "location"
    site: Mapped[str] = site_key()
    code: Mapped[str] = code_key()
    name: Mapped[str] = operational(String(200))


class Person(Base):
    """The only place where a name and a number stand beside the pseudonymous key; erasing a person empties them."""

    __tablename__ = "person"
    site: Mapped[str] = site_key()
    key: Mapped[str] = personal(Key, primary_key=True)
    number: Mapped[str | None] = personal(Key)
    name: Mapped[str] = personal(String(200), default="")
    rate_group: Mapped[str] = personal(Key, default="")
    department: Mapped[str] = personal(Key, default="")
    calendar: Mapped[str] = personal(Key, default="")
    language: Mapped[str] = personal(String(8), default="")
    active: Mapped[bool] = personal(Boolean, default=True)
    __table_args__ = (Index(None, "site", "number", unique=True),)


class CalendarLine(Base):
    """When a calendar works, pauses or rests, on a weekday (1 to 7) or a date. See `sync.core.calendars`."""

    __tablename__ = "calendar_line"
    site: Mapped[str] = site_key()
    calendar: Mapped[str] = code_key()
    valid_from: Mapped[str] = operational(String(10), primary_key=True, default=BEGINNING)
    weekday: Mapped[str] = operational(String(10), primary_key=True)
    kind: Mapped[str] = operational(String(8), primary_key=True)
    starts: Mapped[str] = operational(String(5), primary_key=True, default="")
    ends: Mapped[str] = operational(String(5), default="")


class Premium(Base):
    """What hours cost more because of when they were worked, from a day on. See `sync.core.premiums`."""

    __tablename__ = "premium"
    site: Mapped[str] = site_key()
    premium: Mapped[str] = code_key()
    valid_from: Mapped[str] = operational(String(10), primary_key=True, default=BEGINNING)
    kind: Mapped[str] = operational(String(16))
    starts: Mapped[str] = operational(String(5), default="")
    ends: Mapped[str] = operational(String(5), default="")
    threshold_h: Mapped[str] = operational(String(32), default="0")
    percent: Mapped[str] = operational(String(32))


class Item(Base):
    __tablename__ = "item"
    site: Mapped[str] = site_key()
    code: Mapped[str] = code_key()
    name: Mapped[str] = operational(String(200))
    unit: Mapped[str] = operational(String(16))
    valuation: Mapped[str] = operational(String(16), default="standard")
    negative_stock: Mapped[str] = operational(String(16), default="last_cost")
    # Pieces a setup is spread over in the item's standard; "0": nobody said.
    lot_size: Mapped[str] = operational(String(32), default="0")


class ItemUnit(Base):
    """One `unit` of the item is `factor` of its base unit."""

    __tablename__ = "item_unit"
    site: Mapped[str] = site_key()
    item: Mapped[str] = code_key()
    unit: Mapped[str] = operational(String(16), primary_key=True)
    factor: Mapped[str] = operational(String(32))


class Order(Base):
    """`status`: open or closed. The standard is frozen on the day `released_on`, or is the item's `standard_version`;
    see `sync.costing.cost_card`."""

    __tablename__ = "order"
    site: Mapped[str] = site_key()
    code: Mapped[str] = code_key()
    kind: Mapped[str] = operational(String(16), default="manufacturing")
    item: Mapped[str] = operational(Key, default="")
    quantity: Mapped[str] = operational(String(32), default="0")
    customer: Mapped[str] = operational(String(200), default="")
    due_on: Mapped[str | None] = operational(String(10))
    status: Mapped[str] = operational(String(16), default="open")
    released_on: Mapped[str | None] = operational(String(10))
    standard_version: Mapped[str] = operational(Key, default="")
    # Whether its time is sold by the hour; nobody said: as its kind is.
    billable: Mapped[bool | None] = operational(Boolean)
    __table_args__ = (Index(None, "site", "status", "code"),)


class OrderAccount(Base):
    """A share of an order on one account of one plan; the shares of a plan add up to 100."""

    __tablename__ = "order_account"
    site: Mapped[str] = site_key()
    order: Mapped[str] = code_key()
    plan: Mapped[str] = code_key()
    account: Mapped[str] = code_key()
    percent: Mapped[str] = operational(String(32))


class Operation(Base):
    __tablename__ = "operation"
    site: Mapped[str] = site_key()
    order: Mapped[str] = code_key()
    number: Mapped[str] = code_key()
    name: Mapped[str] = operational(String(200))
    sequence: Mapped[int] = operational(Integer)
    work_center: Mapped[str] = operational(Key, default="")
    standard_setup_min: Mapped[str] = operational(String(32), default="0")
    standard_run_min: Mapped[str] = operational(String(32), default="0")


class RoutingStep(Base):
    """A step of how an item is made, from the day `valid_from` on; of all its days the last that has begun holds."""

    __tablename__ = "routing_step"
    site: Mapped[str] = site_key()
    item: Mapped[str] = code_key()
    valid_from: Mapped[str] = operational(String(10), primary_key=True, default=BEGINNING)
    number: Mapped[str] = code_key()
    name: Mapped[str] = operational(String(200))
    sequence: Mapped[int] = operational(Integer)
    work_center: Mapped[str] = operational(Key, default="")
    standard_setup_min: Mapped[str] = operational(String(32), default="0")
    standard_run_min: Mapped[str] = operational(String(32), default="0")


class BillLine(Base):
    """A component of an item, from the day `valid_from` on; of all its days the last that has begun holds."""

    __tablename__ = "bill_line"
    site: Mapped[str] = site_key()
    item: Mapped[str] = code_key()
    valid_from: Mapped[str] = operational(String(10), primary_key=True, default=BEGINNING)
    component: Mapped[str] = code_key()
    operation: Mapped[str] = operational(Key, primary_key=True, default="")
    quantity_per: Mapped[str] = operational(String(32))
    unit: Mapped[str] = operational(String(16))
    waste_percent: Mapped[str] = operational(String(32), default="0")
    mix_group: Mapped[str] = operational(Key, default="")


class StandardLine(Base):
    """A line of a cost card somebody gave; see `sync.core.plant.StandardLine`. Without a `price` it takes that of the
    day the card begins on."""

    __tablename__ = "standard_line"
    site: Mapped[str] = site_key()
    item: Mapped[str] = code_key()
    version: Mapped[str] = code_key()
    operation: Mapped[str] = operational(Key, primary_key=True, default="")
    element: Mapped[str] = operational(String(16), primary_key=True)
    component: Mapped[str] = operational(Key, primary_key=True, default="")
    per: Mapped[str] = operational(String(8), primary_key=True, default="piece")
    valid_from: Mapped[str] = operational(String(10))
    lot_size: Mapped[str] = operational(String(32), default="0")
    quantity_per: Mapped[str] = operational(String(32))
    price: Mapped[str | None] = operational(String(32))
    unit: Mapped[str] = operational(String(16), default="")
    mix_group: Mapped[str] = operational(Key, default="")


class OverheadRate(Base):
    """What a pool of overhead charges from a day on; see `sync.core.charges`, for the three tables below as well."""

    __tablename__ = "overhead_rate"
    site: Mapped[str] = site_key()
    pool: Mapped[str] = code_key()
    nature: Mapped[str] = operational(String(8), primary_key=True)
    subject: Mapped[str] = operational(Key, primary_key=True, default="")
    valid_from: Mapped[str] = operational(String(10), primary_key=True, default=BEGINNING)
    driver: Mapped[str] = operational(String(20))
    rate: Mapped[str | None] = operational(String(32))
    normal_capacity: Mapped[str] = operational(String(32), default="0")
    budget: Mapped[str] = operational(String(32), default="0")


class LossRate(Base):
    """What is normally lost, and what a scrapped piece is worth."""

    __tablename__ = "loss_rate"
    site: Mapped[str] = site_key()
    item: Mapped[str] = operational(Key, primary_key=True, default="")
    operation: Mapped[str] = operational(Key, primary_key=True, default="")
    valid_from: Mapped[str] = operational(String(10), primary_key=True, default=BEGINNING)
    normal_loss_percent: Mapped[str] = operational(String(32), default="0")
    disposal_value: Mapped[str] = operational(String(32), default="0")
    scrap_item: Mapped[str] = operational(Key, default="")
    scrap_quantity: Mapped[str] = operational(String(32), default="1")


class Subcontract(Base):
    """What a supplier is paid for each good piece."""

    __tablename__ = "subcontract"
    site: Mapped[str] = site_key()
    work_center: Mapped[str] = operational(Key, primary_key=True, default="")
    item: Mapped[str] = operational(Key, primary_key=True, default="")
    operation: Mapped[str] = operational(Key, primary_key=True, default="")
    valid_from: Mapped[str] = operational(String(10), primary_key=True, default=BEGINNING)
    price: Mapped[str] = operational(String(32))
    supplier: Mapped[str] = operational(Key, default="")
    service: Mapped[str] = operational(Key, default="")


class ByProduct(Base):
    """What comes out beside an item, and how it is valued."""

    __tablename__ = "by_product"
    site: Mapped[str] = site_key()
    item: Mapped[str] = operational(Key, primary_key=True, default="")
    by_product: Mapped[str] = code_key()
    valid_from: Mapped[str] = operational(String(10), primary_key=True, default=BEGINNING)
    method: Mapped[str] = operational(String(12), default="net_value")
    value: Mapped[str] = operational(String(32))


class Component(Base):
    __tablename__ = "component"
    site: Mapped[str] = site_key()
    order: Mapped[str] = code_key()
    item: Mapped[str] = code_key()
    operation: Mapped[str] = operational(Key, primary_key=True, default="")
    quantity_per: Mapped[str] = operational(String(32))
    unit: Mapped[str] = operational(String(16))
    waste_percent: Mapped[str] = operational(String(32), default="0")
    mix_group: Mapped[str] = operational(Key, default="")
    backflush: Mapped[bool] = operational(Boolean, default=False)
    __table_args__ = (
        Index("ix_component_backflush", "site", "item",
              sqlite_where=text("backflush"), postgresql_where=text("backflush")),
    )  # fmt: skip


class ReasonCode(Base):
    """Why: a defect, a downtime, a pause, a correction. Names by language as canonical JSON {"en": , "fr": }."""

    __tablename__ = "reason_code"
    site: Mapped[str] = site_key()
    kind: Mapped[str] = operational(String(16), primary_key=True)
    code: Mapped[str] = code_key()
    name: Mapped[str] = operational(Text)


class ActivityCode(Base):
    """What indirect time was spent on, or time on an order; `billable` only matters for the latter. Names by language
    as canonical JSON."""

    __tablename__ = "activity_code"
    site: Mapped[str] = site_key()
    code: Mapped[str] = code_key()
    name: Mapped[str] = operational(Text)
    billable: Mapped[bool] = operational(Boolean, default=True)
    # Time on an order that names it: paid, and nothing could be done.
    idle: Mapped[bool] = operational(Boolean, default=False)


class BillableRate(Base):
    """What an hour is billed at, dated, for whatever is named of the first six. A change is a new version. See
    `sync.core.billing`."""

    __tablename__ = "billable_rate"
    site: Mapped[str] = site_key()
    id: Mapped[str] = operational(Uuid, primary_key=True)
    order: Mapped[str] = operational(Key, default="")
    customer: Mapped[str] = operational(String(200), default="")
    kind: Mapped[str] = operational(String(16), default="")
    activity: Mapped[str] = operational(Key, default="")
    person: Mapped[str] = personal(Key, default="")
    rate_group: Mapped[str] = operational(Key, default="")
    valid_from: Mapped[str] = operational(String(10), default=BEGINNING)
    version: Mapped[int] = operational(Integer, default=1)
    valid_until: Mapped[str | None] = operational(String(10))
    amount: Mapped[str] = operational(String(32))
    __table_args__ = (
        Index("ix_billable_rate_place", "site", "order", "customer", "kind", "activity", "person", "rate_group",
              "valid_from", "version", unique=True),
    )  # fmt: skip


class LabelCode(Base):
    """What the nine letters of a printed code stand for. A reissued badge gets new letters; the old row goes.
    `detail` narrows `ref` down: the operation of an order, the lot of an item, the kind of a reason; else ""."""

    __tablename__ = "label_code"
    site: Mapped[str] = site_key()
    code: Mapped[str] = personal(String(9), primary_key=True)
    kind: Mapped[str] = operational(String(16))
    ref: Mapped[str] = personal(Key)
    detail: Mapped[str] = operational(Key, default="")
    __table_args__ = (Index(None, "site", "kind", "ref", "detail", unique=True),)


class Plan(Base):
    """An analytic axis; `follows`: department, work_center, item, order, customer or ""."""

    __tablename__ = "plan"
    site: Mapped[str] = site_key()
    code: Mapped[str] = code_key()
    name: Mapped[str] = operational(String(200))
    follows: Mapped[str] = operational(String(16), default="")


class Account(Base):
    """An account of a plan as it is from a day on; see `sync.ledger.plans`."""

    __tablename__ = "account"
    site: Mapped[str] = site_key()
    plan: Mapped[str] = code_key()
    code: Mapped[str] = code_key()
    valid_from: Mapped[str] = operational(String(10), primary_key=True, default=BEGINNING)
    name: Mapped[str] = operational(String(200))
    parent: Mapped[str] = operational(Key, default="")


class AccountMap(Base):
    """From a day on, what is posted on `account` is shown on `maps_to`."""

    __tablename__ = "account_map"
    site: Mapped[str] = site_key()
    plan: Mapped[str] = code_key()
    account: Mapped[str] = code_key()
    valid_from: Mapped[str] = operational(String(10), primary_key=True, default=BEGINNING)
    maps_to: Mapped[str] = operational(Key)


class Distribution(Base):
    """A share of a named distribution; the shares of a name on a plan add up to 100."""

    __tablename__ = "distribution"
    site: Mapped[str] = site_key()
    plan: Mapped[str] = code_key()
    name: Mapped[str] = code_key()
    account: Mapped[str] = code_key()
    percent: Mapped[str] = operational(String(32))


class AccountDefault(Base):
    """Which account of a plan a posting gets whose `when_field` is `when_value`; see `sync.core.plant`."""

    __tablename__ = "account_default"
    site: Mapped[str] = site_key()
    plan: Mapped[str] = code_key()
    when_field: Mapped[str] = operational(String(16), primary_key=True)
    when_value: Mapped[str] = operational(String(200), primary_key=True)
    priority: Mapped[int] = operational(Integer, primary_key=True, autoincrement=False, default=100)
    valid_from: Mapped[str] = operational(String(10), primary_key=True, default=BEGINNING)
    account: Mapped[str] = operational(Key, default="")


class Rate(Base):
    """A price, dated. A change is a new version; entries copy what they used. See `sync.costing.rates`."""

    __tablename__ = "rate"
    site: Mapped[str] = site_key()
    id: Mapped[str] = operational(Uuid, primary_key=True)
    kind: Mapped[str] = operational(String(24))
    subject_kind: Mapped[str] = operational(String(16))
    subject: Mapped[str] = operational(Key)
    valid_from: Mapped[str] = operational(String(10))
    version: Mapped[int] = operational(Integer, default=1)
    amount: Mapped[str] = operational(String(32))
    includes_labor: Mapped[bool] = operational(Boolean, default=False)
    __table_args__ = (Index(None, "site", "kind", "subject_kind", "subject", "valid_from", "version", unique=True),)


class WageRate(Base):
    """What an hour of one person costs (`kind` person), or the mean that is published for a rate group (`kind` group),
    proposed by one and approved by another. Never in `rate`: no entry uses it. `amount` is sealed, and so is `members`,
    who a mean is of. `state`: proposed, approved, declined, withdrawn. Rows stay as they were decided."""

    __tablename__ = "wage_rate"
    site: Mapped[str] = site_key()
    id: Mapped[str] = operational(Uuid, primary_key=True)
    kind: Mapped[str] = operational(String(8))
    subject: Mapped[str] = personal(Key)
    valid_from: Mapped[str] = operational(String(10))
    valid_until: Mapped[str | None] = operational(String(10))
    amount: Mapped[str] = wage(Text, sealed="wage.amount")
    members: Mapped[str] = wage(Text, sealed="wage.members", default="")
    reason: Mapped[str] = personal(String(200), default="")
    state: Mapped[str] = operational(String(12))
    proposed_by: Mapped[str] = personal(String(80))
    proposed_at: Mapped[int] = operational(Instant)
    decided_by: Mapped[str] = personal(String(80), default="")
    decided_at: Mapped[int | None] = operational(Instant)
    __table_args__ = (Index(None, "site", "state", "kind", "subject"),)


class PolicyVersion(Base):
    """Settings that change numbers, in force from a day on: those that were chosen, the others have their default. A
    site without any goes by the defaults, which are its version 1. See `sync.costing.policy`."""

    __tablename__ = "policy"
    site: Mapped[str] = site_key()
    version: Mapped[int] = operational(Integer, primary_key=True, autoincrement=False)
    valid_from: Mapped[str] = operational(String(10))
    settings: Mapped[str] = operational(Text)


class Period(Base):
    """A month that is not open any more. `state`: locked (may be lifted) or closed; `position`: where the ledger ended
    when that began. A closed row is never changed (on both databases a trigger refuses it)."""

    __tablename__ = "period"
    site: Mapped[str] = site_key()
    code: Mapped[str] = operational(String(7), primary_key=True)
    state: Mapped[str] = operational(String(8))
    position: Mapped[int] = operational(BigInteger, default=0)


class PeriodChange(Base):
    """The trace of a period: what was done with it, by whom, when and why. Rows are only added."""

    __tablename__ = "period_change"
    site: Mapped[str] = site_key()
    number: Mapped[int] = operational(Integer, primary_key=True, autoincrement=False)
    period: Mapped[str] = operational(String(7))
    action: Mapped[str] = operational(String(8))
    by: Mapped[str] = personal(String(80))
    at: Mapped[int] = operational(Instant)
    reason: Mapped[str] = personal(String(400), default="")
    position: Mapped[int] = operational(BigInteger, default=0)


class ReferenceVersion(Base):
    """A snapshot of the reference data some device was given. `version`: its digest; `sequence`: its place in time."""

    __tablename__ = "reference_version"
    site: Mapped[str] = site_key()
    version: Mapped[str] = operational(String(32), primary_key=True)
    sequence: Mapped[int] = operational(BigInteger)
    made_at: Mapped[int] = operational(Instant)


class ReferencePart(Base):
    """A part of the newest snapshot (an order, a person) with the sequence of its last change; `digest`: "" = gone."""

    __tablename__ = "reference_part"
    site: Mapped[str] = site_key()
    kind: Mapped[str] = operational(String(16), primary_key=True)
    key: Mapped[str] = personal(String(160), primary_key=True)
    digest: Mapped[str] = personal(String(16))
    sequence: Mapped[int] = operational(BigInteger)
    __table_args__ = (Index(None, "site", "sequence"),)


# --- who may call ----------------------------------------------------------------------------------------------


class User(Base):
    """A person who signs in to pages. `roles`: separated by spaces; `teams`: codes of the departments whose people the
    user sees, a line each, "" = all; `signed_in_at`: the last time."""

    __tablename__ = "user"
    site: Mapped[str] = site_key()
    name: Mapped[str] = personal(Key, primary_key=True)
    display_name: Mapped[str] = personal(String(200))
    password_hash: Mapped[str] = secret(String(200))
    roles: Mapped[str] = personal(String(64))
    language: Mapped[str] = personal(String(8), default="")
    active: Mapped[bool] = personal(Boolean, default=True)
    teams: Mapped[str] = personal(Text, default="")
    signed_in_at: Mapped[int | None] = personal(Instant)


class Session(Base):
    """A signed-in browser; the cookie's secret is stored hashed, ending a session is deleting its row. `proved_at`:
    when its user last proved to be there; `how`: with what, separated by spaces; `lacks`: what is still to be done
    before anything opens, see `server.auth.sessions`."""

    __tablename__ = "session"
    site: Mapped[str] = site_key()
    secret_hash: Mapped[str] = secret(String(64), primary_key=True)
    user: Mapped[str] = personal(Key)
    created_at: Mapped[int] = personal(Instant)
    seen_at: Mapped[int] = personal(Instant)
    proved_at: Mapped[int] = personal(Instant, default=0)
    how: Mapped[str] = personal(String(40), default="")
    lacks: Mapped[str] = personal(String(16), default="")
    browser: Mapped[str] = personal(String(80), default="")


class Totp(Base):
    """The seed of a user's authenticator app. `last_step`: the 30 seconds whose code was taken last, so that none is
    taken twice."""

    __tablename__ = "totp"
    site: Mapped[str] = site_key()
    user: Mapped[str] = personal(Key, primary_key=True)
    seed: Mapped[str] = sealed("user.totp", String(400))
    added_at: Mapped[int] = personal(Instant)
    last_step: Mapped[int] = personal(BigInteger, default=0)


class Passkey(Base):
    """A key pair a user's phone, computer or security key holds. `id`, `handle`, `public_key`: base64url, as the
    standard (WebAuthn) names them; `handle` stands for the user there and says nothing of them."""

    __tablename__ = "passkey"
    site: Mapped[str] = site_key()
    id: Mapped[str] = personal(String(1400), primary_key=True)
    user: Mapped[str] = personal(Key)
    handle: Mapped[str] = personal(String(100))
    public_key: Mapped[str] = personal(Text)
    sign_count: Mapped[int] = personal(BigInteger, default=0)
    name: Mapped[str] = personal(String(100))
    added_at: Mapped[int] = personal(Instant)
    used_at: Mapped[int | None] = personal(Instant)
    __table_args__ = (Index(None, "site", "user"),)


class RecoveryCode(Base):
    """A code on paper that stands once for the second factor; stored as a keyed hash."""

    __tablename__ = "recovery_code"
    site: Mapped[str] = site_key()
    user: Mapped[str] = personal(Key, primary_key=True)
    hash: Mapped[str] = secret(String(64), primary_key=True)
    used_at: Mapped[int | None] = personal(Instant)


class SpentChallenge(Base):
    """A challenge an authenticator has answered, hashed: it is taken once."""

    __tablename__ = "spent_challenge"
    site: Mapped[str] = site_key()
    hash: Mapped[str] = operational(String(64), primary_key=True)
    spent_at: Mapped[int] = operational(Instant)


class Invitation(Base):
    """A link somebody gets from an administrator: an invitation makes the user, a reset lets one choose a new password.
    Stored hashed, works once. `clears_factor`: it takes the second factor away as well."""

    __tablename__ = "invitation"
    site: Mapped[str] = site_key()
    secret_hash: Mapped[str] = secret(String(64), primary_key=True)
    kind: Mapped[str] = operational(String(16))
    user: Mapped[str] = personal(Key)
    display_name: Mapped[str] = personal(String(200))
    roles: Mapped[str] = personal(String(64))
    teams: Mapped[str] = personal(Text)
    language: Mapped[str] = personal(String(8))
    clears_factor: Mapped[bool] = operational(Boolean)
    created_at: Mapped[int] = personal(Instant)
    created_by: Mapped[str] = personal(Key)
    expires_at: Mapped[int] = operational(Instant)
    used_at: Mapped[int | None] = personal(Instant)


class RightsRequest(Base):
    """A change of rights that takes two people: asked for by one, answered by another. `answer`: "", approved, refused
    or withdrawn."""

    __tablename__ = "rights_request"
    site: Mapped[str] = site_key()
    id: Mapped[str] = operational(Uuid, primary_key=True)
    kind: Mapped[str] = operational(String(16))
    user: Mapped[str] = personal(Key)
    asked_by: Mapped[str] = personal(Key)
    asked_at: Mapped[int] = personal(Instant)
    answer: Mapped[str] = operational(String(16), default="")
    answered_by: Mapped[str] = personal(Key, default="")
    answered_at: Mapped[int | None] = personal(Instant)


class Identity(Base):
    """An account elsewhere that signs a user in: what its issuer calls it, which never changes, unlike an address."""

    __tablename__ = "identity"
    site: Mapped[str] = site_key()
    issuer: Mapped[str] = operational(String(200), primary_key=True)
    subject: Mapped[str] = personal(String(255), primary_key=True)
    user: Mapped[str] = personal(Key)
    linked_at: Mapped[int] = personal(Instant)
    __table_args__ = (Index(None, "site", "user"),)


class OidcAttempt(Base):
    """A sign-in that left for the issuer and is to come back with the browser's secret. `invitation`: hash of the link
    accepted with it; `again`: whoever is signed in proves it anew."""

    __tablename__ = "oidc_attempt"
    site: Mapped[str] = site_key()
    secret_hash: Mapped[str] = secret(String(64), primary_key=True)
    invitation: Mapped[str] = secret(String(64))
    again: Mapped[bool] = operational(Boolean)
    target: Mapped[str] = operational(String(2000))
    expires_at: Mapped[int] = operational(Instant)


class Enrolment(Base):
    """A single-use secret, stored hashed. `kind`: device (lets one in) or setup (makes the first administrator)."""

    __tablename__ = "enrolment"
    site: Mapped[str] = site_key()
    secret_hash: Mapped[str] = secret(String(64), primary_key=True)
    kind: Mapped[str] = operational(String(8), default="device")
    expires_at: Mapped[int] = operational(Instant)
    used_at: Mapped[int | None] = operational(Instant)
    created_by: Mapped[str] = personal(Key, default="")


class Device(Base):
    """A phone or tablet that may append facts. `last_seq`: the highest number it announced. `waiting`: facts it said it
    still holds, the oldest captured at `waiting_since`; `clock_offset_ms`: server clock minus its own. `public_key`:
    what its signatures are checked with, "" for one that cannot sign; `key_wanted`: the key it asks for instead of the
    one it lost. Until somebody let it in (`approved_at`) it may do nothing."""

    __tablename__ = "device"
    site: Mapped[str] = site_key()
    id: Mapped[str] = operational(Uuid, primary_key=True)
    name: Mapped[str] = operational(String(200))
    secret_hash: Mapped[str] = secret(String(64))
    enrolled_at: Mapped[int] = operational(Instant)
    seen_at: Mapped[int | None] = operational(Instant)
    revoked_at: Mapped[int | None] = operational(Instant)
    last_seq: Mapped[int] = operational(BigInteger, default=0)
    waiting: Mapped[int] = operational(Integer, default=0)
    waiting_since: Mapped[int | None] = operational(Instant)
    version: Mapped[str] = operational(String(40), default="")
    clock_offset_ms: Mapped[int | None] = operational(BigInteger)
    public_key: Mapped[str] = operational(String(100), default="")
    key_wanted: Mapped[str] = operational(String(100), default="")
    approved_at: Mapped[int | None] = operational(Instant)
    approved_by: Mapped[str] = personal(Key, default="")
    __table_args__ = (Index(None, "secret_hash", unique=True),)


class UsedNonce(Base):
    """A number used once in a device's signature, kept as long as that signature would hold: nobody sends it again."""

    __tablename__ = "used_nonce"
    site: Mapped[str] = site_key()
    device: Mapped[str] = operational(Uuid, primary_key=True)
    nonce: Mapped[str] = operational(String(32), primary_key=True)
    used_at: Mapped[int] = operational(Instant)


class Pin(Base):
    """What somebody types beside the badge, hashed; apart from the person, so that no export of people holds it."""

    __tablename__ = "pin"
    site: Mapped[str] = site_key()
    person: Mapped[str] = personal(Key, primary_key=True)
    hash: Mapped[str] = secret(String(200))
    set_at: Mapped[int] = personal(Instant)


class PinFailure(Base):
    """Wrong PINs in a row of a number (as typed, hashed, whether it exists or not) or, by the hour, of a device."""

    __tablename__ = "pin_failure"
    site: Mapped[str] = site_key()
    subject: Mapped[str] = personal(String(48), primary_key=True)
    failures: Mapped[int] = personal(Integer)
    began_at: Mapped[int] = personal(Instant)
    last_at: Mapped[int] = personal(Instant)
    locked_until: Mapped[int] = personal(Instant, default=0)


class ApiToken(Base):
    """A program's credential: stored hashed, shown once, scoped, expiring. It never may more than the user who made it
    (`created_by`; "": made on the machine itself) and, bound to a machine or work center, tells of that one only."""

    __tablename__ = "api_token"
    site: Mapped[str] = site_key()
    id: Mapped[str] = operational(Uuid, primary_key=True)
    name: Mapped[str] = operational(String(200))
    secret_hash: Mapped[str] = secret(String(64))
    scopes: Mapped[str] = operational(String(400))
    created_by: Mapped[str] = personal(Key, default="")
    machine: Mapped[str] = operational(Key, default="")
    work_center: Mapped[str] = operational(Key, default="")
    created_at: Mapped[int] = operational(Instant)
    expires_at: Mapped[int | None] = operational(Instant)
    revoked_at: Mapped[int | None] = operational(Instant)
    used_at: Mapped[int | None] = operational(Instant)
    __table_args__ = (Index(None, "secret_hash", unique=True),)


# --- facts -----------------------------------------------------------------------------------------------------


# What feeds a stock from an order: few entries in force, and asked for by item and instant.
FED_CONDITION = "fed <> ''"

# Facts about operations themselves: few, and asked for with everything that is costed or shown of an order.
STEP_CONDITION = "type IN ('operation.added', 'operation.completed', 'operation.reopened')"


# Calls for help: few, and the board asks every few seconds which are still open.
CALL_CONDITION = "type = 'help.called'"


class Event(Base):
    """A fact, as it came: `body` is its canonical JSON and never changes. The other columns are look-ups taken from
    it, except `state`, `reason` and `params`, which say what costing made of it."""

    __tablename__ = "event"
    site: Mapped[str] = site_key()
    id: Mapped[str] = operational(Uuid, primary_key=True)
    type: Mapped[str] = operational(String(32))
    occurred_at: Mapped[int] = operational(Instant)
    recorded_at: Mapped[int] = operational(Instant)
    # Who sent it: the device's id, or the token's, from the credential; never from the body.
    sender: Mapped[str] = operational(Uuid)
    # Who brought it in when `sender` could not: another device's id, or "user:" and a sign-in name.
    relayed_by: Mapped[str | None] = personal(String(80))
    device_seq: Mapped[int | None] = operational(BigInteger)
    person: Mapped[str | None] = personal(Key)
    order: Mapped[str | None] = operational(Key)
    item: Mapped[str | None] = operational(Key)
    machine: Mapped[str | None] = operational(Key)
    # start_id of a stop, target_id of a correction, call_id of an answer
    target: Mapped[str | None] = operational(Uuid)
    # replacement_id of a correction
    replacement: Mapped[str | None] = operational(Uuid)
    digest: Mapped[str] = operational(String(64))
    body: Mapped[str] = personal(Text)
    state: Mapped[str] = operational(String(8), default="received")
    reason: Mapped[str] = operational(String(40), default="")
    params: Mapped[str] = operational(Text, default="{}")
    __table_args__ = (
        Index("ix_event_received", "site", "recorded_at", "id",
              sqlite_where=text("state = 'received'"), postgresql_where=text("state = 'received'")),
        Index("ix_event_held", "site", "reason", "occurred_at",
              sqlite_where=text("state = 'held'"), postgresql_where=text("state = 'held'")),
        Index("ix_event_person", "site", "person", "occurred_at",
              sqlite_where=text("person IS NOT NULL"), postgresql_where=text("person IS NOT NULL")),
        Index("ix_event_order", "site", "order", "occurred_at",
              sqlite_where=text('"order" IS NOT NULL'), postgresql_where=text('"order" IS NOT NULL')),
        Index("ix_event_step", "site", "order",
              sqlite_where=text(STEP_CONDITION), postgresql_where=text(STEP_CONDITION)),
        Index("ix_event_call", "site", "occurred_at",
              sqlite_where=text(CALL_CONDITION), postgresql_where=text(CALL_CONDITION)),
        Index("ix_event_item", "site", "item", "occurred_at",
              sqlite_where=text("item IS NOT NULL"), postgresql_where=text("item IS NOT NULL")),
        Index("ix_event_machine", "site", "machine", "occurred_at",
              sqlite_where=text("machine IS NOT NULL"), postgresql_where=text("machine IS NOT NULL")),
        Index("ix_event_target", "site", "target",
              sqlite_where=text("target IS NOT NULL"), postgresql_where=text("target IS NOT NULL")),
        Index("ix_event_replacement", "site", "replacement",
              sqlite_where=text("replacement IS NOT NULL"), postgresql_where=text("replacement IS NOT NULL")),
        Index("ix_event_sender", "site", "sender", "device_seq",
              sqlite_where=text("device_seq IS NOT NULL"), postgresql_where=text("device_seq IS NOT NULL")),
    )  # fmt: skip


class EventConflict(Base):
    """Another body under an id that was already there: kept, visible, never applied."""

    __tablename__ = "event_conflict"
    site: Mapped[str] = site_key()
    id: Mapped[str] = operational(Uuid, primary_key=True)
    digest: Mapped[str] = operational(String(64), primary_key=True)
    recorded_at: Mapped[int] = operational(Instant)
    sender: Mapped[str] = operational(Uuid)
    body: Mapped[str] = personal(Text)


class Rejection(Base):
    """What was refused, as it came (cut at 8 kB), with the reason: nothing sent to us is lost from sight."""

    __tablename__ = "rejection"
    site: Mapped[str] = site_key()
    digest: Mapped[str] = operational(String(64), primary_key=True)
    event_id: Mapped[str | None] = operational(String(64))
    recorded_at: Mapped[int] = operational(Instant)
    sender: Mapped[str] = operational(Uuid)
    code: Mapped[str] = operational(String(80))
    detail: Mapped[str] = personal(Text)
    body: Mapped[str] = personal(Text)


class Note(Base):
    """Free text beside a fact, erasable: the fact carries only its salted digest."""

    __tablename__ = "note"
    site: Mapped[str] = site_key()
    event_id: Mapped[str] = operational(Uuid, primary_key=True)
    salt: Mapped[str] = personal(String(64))
    text: Mapped[str] = personal(Text)


class Photo(Base):
    """A picture beside a fact, erasable: the fact carries only its salted digest."""

    __tablename__ = "photo"
    site: Mapped[str] = site_key()
    event_id: Mapped[str] = operational(Uuid, primary_key=True)
    salt: Mapped[str] = personal(String(32))
    jpeg: Mapped[bytes] = personal(LargeBinary)
    recorded_at: Mapped[int] = operational(Instant)


class Finding(Base):
    """Trouble that wants a decision but does not stop the cost of a fact."""

    __tablename__ = "finding"
    site: Mapped[str] = site_key()
    code: Mapped[str] = operational(String(40), primary_key=True)
    event_id: Mapped[str] = operational(Uuid, primary_key=True)
    params: Mapped[str] = personal(Text, default="{}")
    __table_args__ = (Index("ix_finding_fact", "site", "event_id", "code"),)


# --- the ledger ------------------------------------------------------------------------------------------------


class LedgerHead(Base):
    """The end of a site's ledger, and the lock of its one writer: whoever posts holds this row."""

    __tablename__ = "ledger_head"
    site: Mapped[str] = site_key()
    position: Mapped[int] = operational(BigInteger, default=0)
    batch: Mapped[int] = operational(BigInteger, default=0)
    hash: Mapped[str] = operational(String(64))


class Entry(Base):
    """A posted entry. `body` is the sealed canonical JSON; the other columns are look-ups taken from it. Rows are
    only ever added (on both databases a trigger refuses changes)."""

    __tablename__ = "entry"
    site: Mapped[str] = site_key()
    position: Mapped[int] = operational(BigInteger, primary_key=True)
    batch: Mapped[int] = operational(BigInteger)
    id: Mapped[str] = operational(Uuid)
    content_id: Mapped[str] = operational(Uuid)
    scope: Mapped[str] = operational(Uuid)
    reverses: Mapped[str | None] = operational(Uuid)
    element: Mapped[str] = operational(String(16))
    order: Mapped[str] = operational(Key)
    operation: Mapped[str] = operational(Key)
    occurred_on: Mapped[str] = operational(String(10))
    posting_period: Mapped[str] = operational(String(7))
    amount: Mapped[int] = operational(Amount)
    body: Mapped[str] = personal(Text)
    __table_args__ = (
        Index(None, "site", "id", unique=True),
        Index(None, "site", "content_id"),
        Index(None, "site", "scope"),
        Index(None, "site", "order", "position"),
        Index(None, "site", "posting_period", "position"),
    )


class StandingEntry(Base):
    """Which entries are in force: posted and not reversed. Follows from the ledger; `verify` compares."""

    __tablename__ = "standing_entry"
    site: Mapped[str] = site_key()
    scope: Mapped[str] = operational(Uuid, primary_key=True)
    content_id: Mapped[str] = operational(Uuid, primary_key=True)
    position: Mapped[int] = operational(BigInteger)
    entry_id: Mapped[str] = operational(Uuid)
    # The item whose stock an order fed by it, and when; see `sync.costing.fed`.
    fed: Mapped[str] = operational(Key, default="", server_default="")
    fed_at: Mapped[int] = operational(BigInteger, default=0, server_default="0")
    __table_args__ = (
        Index("ix_standing_entry_fed", "site", "fed", "fed_at",
              sqlite_where=text(FED_CONDITION), postgresql_where=text(FED_CONDITION)),
    )  # fmt: skip


class Batch(Base):
    """A sealed batch: gapless number, chained hash."""

    __tablename__ = "batch"
    site: Mapped[str] = site_key()
    number: Mapped[int] = operational(BigInteger, primary_key=True)
    first: Mapped[int] = operational(BigInteger)
    last: Mapped[int] = operational(BigInteger)
    sealed_at: Mapped[int] = operational(Instant)
    previous: Mapped[str] = operational(String(64))
    hash: Mapped[str] = operational(String(64))


class OrderCost(Base):
    """Net cost an order bears, by operation, element and work center; moves in the transaction that posts.
    `quantity`: milliseconds for time elements, else 0. Follows from the ledger; `verify` compares."""

    __tablename__ = "order_cost"
    site: Mapped[str] = site_key()
    order: Mapped[str] = code_key()
    operation: Mapped[str] = operational(Key, primary_key=True)
    element: Mapped[str] = operational(String(16), primary_key=True)
    work_center: Mapped[str] = operational(Key, primary_key=True)
    provenance: Mapped[str] = operational(String(12), primary_key=True)
    amount: Mapped[int] = operational(Amount, default=0)
    milliseconds: Mapped[int] = operational(BigInteger, default=0)


class StockState(Base):
    """An item's stock after a movement, for items whose stock is carried: where a replay may begin. `more`: what its
    method knows besides, as JSON (layers, issues that wait); see `sync.costing.valuation.stock`."""

    __tablename__ = "stock_state"
    site: Mapped[str] = site_key()
    item: Mapped[str] = code_key()
    occurred_at: Mapped[int] = operational(Instant, primary_key=True)
    event_id: Mapped[str] = operational(Uuid, primary_key=True)
    quantity: Mapped[str] = operational(String(80))
    value: Mapped[str] = operational(String(80))
    last_cost: Mapped[str] = operational(String(80))
    more: Mapped[str] = operational(Text, default="{}")


# --- what accountants declare ------------------------------------------------------------------------------------


class ManualLine(Base):
    """A line of a miscellaneous analytic operation, as declared; see `sync.ledger.operations`. `accounts`: account or
    distribution by plan; `shares`: what those were when it was entered. `text` is for people, and erasable: it stands
    in no entry, nor does who entered it. What is `posted` is never changed."""

    __tablename__ = "manual_line"
    site: Mapped[str] = site_key()
    ref: Mapped[str] = code_key()
    number: Mapped[int] = operational(Integer, primary_key=True, autoincrement=False)
    date: Mapped[str] = operational(String(10))
    words: Mapped[str] = personal("text", String(200), default="")
    element: Mapped[str] = operational(String(16), default="")
    side: Mapped[str] = operational(String(6), default="")
    object: Mapped[str] = operational(Key, default="")
    amount: Mapped[str] = operational(String(32), default="")
    accounts: Mapped[str] = operational(Text, default="{}")
    shares: Mapped[str] = operational(Text, default="{}")
    general: Mapped[str] = operational(Key, default="")
    reverses: Mapped[str] = operational(Key, default="")
    entered_by: Mapped[str] = personal(String(80), default="")
    entered_at: Mapped[int] = operational(Instant, default=0)
    posted: Mapped[bool] = operational(Boolean, default=False)
    __table_args__ = (
        Index("ix_manual_line_waiting", "site", "ref",
              sqlite_where=text("posted = 0"), postgresql_where=text("NOT posted")),
        Index("ix_manual_line_general", "site", "general",
              sqlite_where=text("general <> ''"), postgresql_where=text("general <> ''")),
    )  # fmt: skip


class GeneralEntry(Base):
    """A line of the books of account, imported: what analytic entries stand for."""

    __tablename__ = "general_entry"
    site: Mapped[str] = site_key()
    id: Mapped[str] = code_key()
    date: Mapped[str] = operational(String(10))
    journal: Mapped[str] = operational(Key, default="")
    account: Mapped[str] = operational(Key)
    debit: Mapped[str] = operational(String(32), default="0")
    credit: Mapped[str] = operational(String(32), default="0")
    words: Mapped[str] = personal("text", String(200), default="")


class GeneralLink(Base):
    """The general entry that a posted analytic entry stands for: one at most."""

    __tablename__ = "general_link"
    site: Mapped[str] = site_key()
    entry: Mapped[str] = operational(Uuid, primary_key=True)
    general: Mapped[str] = operational(Key)
    __table_args__ = (Index(None, "site", "general"),)


# --- the audit trail -------------------------------------------------------------------------------------------


class AuditLine(Base):
    """Who did what to rights, secrets, wages, retention: added, never changed; see `server.store.audit`. `digest`: of
    actor, subject and details with the salt, all four empty once their retention has ended; `key`: which one sealed."""

    __tablename__ = "audit_line"
    site: Mapped[str] = site_key()
    number: Mapped[int] = operational(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[int] = operational(Instant)
    action: Mapped[str] = operational(Key)
    actor: Mapped[str] = personal(String(80))
    subject: Mapped[str] = personal(String(200))
    details: Mapped[str] = personal(Text)
    salt: Mapped[str] = personal(String(32))
    digest: Mapped[str] = personal(String(64))
    key: Mapped[int] = operational(Integer)
    previous: Mapped[str] = operational(String(64))
    hash: Mapped[str] = operational(String(64))
    __table_args__ = (
        Index("ix_audit_line_action", "site", "action", "number"),
        Index("ix_audit_line_actor", "site", "actor", "number"),
    )


# --- privacy ---------------------------------------------------------------------------------------------------


class Tombstone(Base):
    """What was erased or has expired, by id and fingerprint, so that it never comes back: an event, note or photo a
    sleeping tablet sends again, a person a file brings again. `sender` and `device_seq`: of an event, whose number is
    then not missing."""

    __tablename__ = "tombstone"
    site: Mapped[str] = site_key()
    kind: Mapped[str] = operational(String(8), primary_key=True)
    id: Mapped[str] = personal(Key, primary_key=True)
    digest: Mapped[str] = operational(String(64), default="")
    sender: Mapped[str] = operational(Uuid, default="")
    device_seq: Mapped[int | None] = operational(BigInteger)
    erased_at: Mapped[int] = operational(Instant)
    __table_args__ = (Index(None, "site", "sender", "device_seq"),)


class Leaver(Base):
    """Since when somebody without any fact is known to have left: from then on the identity waits for its end."""

    __tablename__ = "leaver"
    site: Mapped[str] = site_key()
    person: Mapped[str] = personal(Key, primary_key=True)
    noticed_at: Mapped[int] = personal(Instant)


class Removal(Base):
    """What was taken away, by which rule, up to when it was from (`before`, 0: by hand), and how much of it."""

    __tablename__ = "removal"
    site: Mapped[str] = site_key()
    number: Mapped[int] = operational(Integer, primary_key=True, autoincrement=False)
    at: Mapped[int] = operational(Instant)
    rule: Mapped[str] = operational(String(16))
    before: Mapped[int] = operational(Instant)
    removed: Mapped[int] = operational(Integer)


class RetentionRun(Base):
    """When a rule last found nothing more to take away. `rule` "rewrite": when the database was last written anew."""

    __tablename__ = "retention_run"
    site: Mapped[str] = site_key()
    rule: Mapped[str] = operational(String(16), primary_key=True)
    done_at: Mapped[int] = operational(Instant)
    wanted_at: Mapped[int] = operational(Instant, default=0)


class Disclosure(Base):
    """Who outside was given names or numbers of people: a program, an outside system, or a user with a file."""

    __tablename__ = "disclosure"
    site: Mapped[str] = site_key()
    receiver: Mapped[str] = personal(String(80), primary_key=True)
    name: Mapped[str] = personal(String(200))
    first_at: Mapped[int] = operational(Instant)
    last_at: Mapped[int] = operational(Instant)


class ErasureNotice(Base):
    """That a receiver of names must be told of an erasure, and when it was. `person`: the key, all that is left."""

    __tablename__ = "erasure_notice"
    site: Mapped[str] = site_key()
    person: Mapped[str] = personal(Key, primary_key=True)
    receiver: Mapped[str] = personal(String(80), primary_key=True)
    name: Mapped[str] = personal(String(200))
    made_at: Mapped[int] = operational(Instant)
    told_at: Mapped[int | None] = operational(Instant)
    told_by: Mapped[str] = personal(String(80), default="")


TABLES: dict[str, Any] = dict(Base.metadata.tables)
