"""What costing and ledger need: dated policies."""

import sqlalchemy as sa
from alembic import op

revision = "0003_costing"
down_revision = "0002_capture_app"
branch_labels = None
depends_on = None

KEY = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
UUID = sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql")
BEGINNING = "0001-01-01"


def upgrade() -> None:
    _date_policies()
    _value_stock()
    _freeze_standards()
    _charge()
    _feed()
    _date_accounts()
    _declare_operations()
    _trace_periods()
    _keep_time()
    _bill()
    _find_findings()
    op.add_column("activity_code", sa.Column("idle", sa.Boolean(), nullable=False, server_default=sa.false()))
    _cost_again()


def _date_policies() -> None:
    op.create_table(
        "policy",
        sa.Column("site", KEY, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", "version", name=op.f("pk_policy")),
    )
    site = sa.table("site", sa.column("code"), sa.column("policy"), sa.column("policy_version"))
    policy = sa.table("policy", *(sa.column(name) for name in ("site", "version", "valid_from", "settings")))
    chosen = sa.select(site.c.code, site.c.policy_version, sa.literal(BEGINNING), site.c.policy)
    op.execute(policy.insert().from_select(["site", "version", "valid_from", "settings"], chosen))
    op.drop_column("site", "policy")
    op.drop_column("site", "policy_version")


def _value_stock() -> None:
    """Methods of valuation that remember more than quantity and value, and components drawn by reports of pieces."""
    op.add_column("item", sa.Column("negative_stock", sa.String(16), nullable=False, server_default="last_cost"))
    op.add_column("component", sa.Column("backflush", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("stock_state", sa.Column("more", sa.Text(), nullable=False, server_default="{}"))
    drawn = sa.text("backflush")
    op.create_index("ix_component_backflush", "component", ["site", "item"], sqlite_where=drawn, postgresql_where=drawn)


def _freeze_standards() -> None:
    """Routings, bills and cost cards of items, and which standard an order goes by."""
    op.add_column("item", sa.Column("lot_size", sa.String(length=32), nullable=False, server_default="0"))
    op.add_column("order", sa.Column("released_on", sa.String(length=10), nullable=True))
    op.add_column("order", sa.Column("standard_version", KEY, nullable=False, server_default=""))
    op.add_column("component", sa.Column("waste_percent", sa.String(length=32), nullable=False, server_default="0"))
    op.add_column("component", sa.Column("mix_group", KEY, nullable=False, server_default=""))
    op.create_table(
        "routing_step",
        sa.Column("site", KEY, nullable=False),
        sa.Column("item", KEY, nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("work_center", KEY, nullable=False),
        sa.Column("standard_setup_min", sa.String(length=32), nullable=False),
        sa.Column("standard_run_min", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("site", "item", "valid_from", "number", name=op.f("pk_routing_step")),
    )
    op.create_table(
        "bill_line",
        sa.Column("site", KEY, nullable=False),
        sa.Column("item", KEY, nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("component", KEY, nullable=False),
        sa.Column("operation", KEY, nullable=False),
        sa.Column("quantity_per", sa.String(length=32), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("waste_percent", sa.String(length=32), nullable=False),
        sa.Column("mix_group", KEY, nullable=False),
        sa.PrimaryKeyConstraint("site", "item", "valid_from", "component", "operation", name=op.f("pk_bill_line")),
    )
    op.create_table(
        "standard_line",
        sa.Column("site", KEY, nullable=False),
        sa.Column("item", KEY, nullable=False),
        sa.Column("version", KEY, nullable=False),
        sa.Column("operation", KEY, nullable=False),
        sa.Column("element", sa.String(length=16), nullable=False),
        sa.Column("component", KEY, nullable=False),
        sa.Column("per", sa.String(length=8), nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("lot_size", sa.String(length=32), nullable=False),
        sa.Column("quantity_per", sa.String(length=32), nullable=False),
        sa.Column("price", sa.String(length=32), nullable=True),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("mix_group", KEY, nullable=False),
        sa.PrimaryKeyConstraint(
            "site", "item", "version", "operation", "element", "component", "per", name=op.f("pk_standard_line")
        ),
    )


def _charge() -> None:
    """Overhead pools, losses, subcontracted work and by-products, each from a day on."""
    op.create_table(
        "overhead_rate",
        sa.Column("site", KEY, nullable=False),
        sa.Column("pool", KEY, nullable=False),
        sa.Column("nature", sa.String(length=8), nullable=False),
        sa.Column("subject", KEY, nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("driver", sa.String(length=20), nullable=False),
        sa.Column("rate", sa.String(length=32), nullable=True),
        sa.Column("normal_capacity", sa.String(length=32), nullable=False),
        sa.Column("budget", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("site", "pool", "nature", "subject", "valid_from", name=op.f("pk_overhead_rate")),
    )
    op.create_table(
        "loss_rate",
        sa.Column("site", KEY, nullable=False),
        sa.Column("item", KEY, nullable=False),
        sa.Column("operation", KEY, nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("normal_loss_percent", sa.String(length=32), nullable=False),
        sa.Column("disposal_value", sa.String(length=32), nullable=False),
        sa.Column("scrap_item", KEY, nullable=False),
        sa.Column("scrap_quantity", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("site", "item", "operation", "valid_from", name=op.f("pk_loss_rate")),
    )
    op.create_table(
        "subcontract",
        sa.Column("site", KEY, nullable=False),
        sa.Column("work_center", KEY, nullable=False),
        sa.Column("item", KEY, nullable=False),
        sa.Column("operation", KEY, nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("price", sa.String(length=32), nullable=False),
        sa.Column("supplier", KEY, nullable=False),
        sa.Column("service", KEY, nullable=False),
        sa.PrimaryKeyConstraint("site", "work_center", "item", "operation", "valid_from", name=op.f("pk_subcontract")),
    )
    op.create_table(
        "by_product",
        sa.Column("site", KEY, nullable=False),
        sa.Column("item", KEY, nullable=False),
        sa.Column("by_product", KEY, nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("method", sa.String(length=12), nullable=False),
        sa.Column("value", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("site", "item", "by_product", "valid_from", name=op.f("pk_by_product")),
    )


def _feed() -> None:
    """Which entries in force feed the stock of an item from an order."""
    op.add_column("standing_entry", sa.Column("fed", KEY, nullable=False, server_default=""))
    op.add_column("standing_entry", sa.Column("fed_at", sa.BigInteger(), nullable=False, server_default="0"))
    fed = sa.text("fed <> ''")
    op.create_index(
        "ix_standing_entry_fed", "standing_entry", ["site", "fed", "fed_at"], sqlite_where=fed, postgresql_where=fed
    )


def _date_accounts() -> None:
    """Accounts as they are from a day on, what stands for them, and what chooses them."""
    columns = ("site", "plan", "code", "name", "parent")
    _remake_account(columns, sa.Column("valid_from", sa.String(length=10), nullable=False, server_default=BEGINNING))
    op.create_table(
        "account_map",
        sa.Column("site", KEY, nullable=False),
        sa.Column("plan", KEY, nullable=False),
        sa.Column("account", KEY, nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("maps_to", KEY, nullable=False),
        sa.PrimaryKeyConstraint("site", "plan", "account", "valid_from", name=op.f("pk_account_map")),
    )
    op.create_table(
        "distribution",
        sa.Column("site", KEY, nullable=False),
        sa.Column("plan", KEY, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("account", KEY, nullable=False),
        sa.Column("percent", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("site", "plan", "name", "account", name=op.f("pk_distribution")),
    )
    op.create_table(
        "account_default",
        sa.Column("site", KEY, nullable=False),
        sa.Column("plan", KEY, nullable=False),
        sa.Column("when_field", sa.String(length=16), nullable=False),
        sa.Column("when_value", sa.String(length=200), nullable=False),
        sa.Column("priority", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("account", KEY, nullable=False),
        sa.PrimaryKeyConstraint(
            "site", "plan", "when_field", "when_value", "priority", "valid_from", name=op.f("pk_account_default")
        ),
    )


def _remake_account(columns: tuple[str, ...], *more: sa.Column[str]) -> None:
    """The table of accounts with another key, and what stood in it; of several versions of one, the latest."""
    old = sa.table("account", *(sa.column(name) for name in columns))
    rows = [dict(row) for row in op.get_bind().execute(sa.select(old)).mappings()]
    op.drop_table("account")
    key = ("site", "plan", "code", *(column.name for column in more))
    made = op.create_table(
        "account",
        sa.Column("site", KEY, nullable=False),
        sa.Column("plan", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        *more,
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("parent", KEY, nullable=False),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_account")),
    )
    rows.sort(key=lambda row: row.get("valid_from", ""))
    latest = {tuple(row.get(name, BEGINNING) for name in key): row for row in rows}
    for row in latest.values():
        if more:
            row["valid_from"] = BEGINNING
        else:
            del row["valid_from"]
    if latest:
        op.bulk_insert(made, list(latest.values()))


def _declare_operations() -> None:
    """Miscellaneous analytic operations, general entries, and which of those an analytic entry stands for."""
    op.create_table(
        "manual_line",
        sa.Column("site", KEY, nullable=False),
        sa.Column("ref", KEY, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("date", sa.String(length=10), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("element", sa.String(length=16), nullable=False),
        sa.Column("side", sa.String(length=6), nullable=False),
        sa.Column("object", KEY, nullable=False),
        sa.Column("amount", sa.String(length=32), nullable=False),
        sa.Column("accounts", sa.Text(), nullable=False),
        sa.Column("shares", sa.Text(), nullable=False),
        sa.Column("general", KEY, nullable=False),
        sa.Column("reverses", KEY, nullable=False),
        sa.Column("entered_by", sa.String(length=80), nullable=False),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.Column("posted", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("site", "ref", "number", name=op.f("pk_manual_line")),
    )
    linked = sa.text("general <> ''")
    op.create_index("ix_manual_line_waiting", "manual_line", ["site", "ref"],
                    sqlite_where=sa.text("posted = 0"), postgresql_where=sa.text("NOT posted"))  # fmt: skip
    op.create_index(
        "ix_manual_line_general", "manual_line", ["site", "general"], sqlite_where=linked, postgresql_where=linked
    )
    op.create_table(
        "general_entry",
        sa.Column("site", KEY, nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("date", sa.String(length=10), nullable=False),
        sa.Column("journal", KEY, nullable=False),
        sa.Column("account", KEY, nullable=False),
        sa.Column("debit", sa.String(length=32), nullable=False),
        sa.Column("credit", sa.String(length=32), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("site", "id", name=op.f("pk_general_entry")),
    )
    op.create_table(
        "general_link",
        sa.Column("site", KEY, nullable=False),
        sa.Column("entry", UUID, nullable=False),
        sa.Column("general", KEY, nullable=False),
        sa.PrimaryKeyConstraint("site", "entry", name=op.f("pk_general_link")),
    )
    op.create_index(op.f("ix_general_link_site_general"), "general_link", ["site", "general"])


def _trace_periods() -> None:
    """Where the ledger ended when a period was closed, and who did what with periods; neither can be changed."""
    op.add_column("period", sa.Column("position", sa.BigInteger(), nullable=False, server_default="0"))
    op.create_table(
        "period_change",
        sa.Column("site", KEY, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("period", sa.String(length=7), nullable=False),
        sa.Column("action", sa.String(length=8), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(length=400), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "number", name=op.f("pk_period_change")),
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, condition in (("period", "OLD.state = 'closed'"), ("period_change", "")):
        for action in ("UPDATE", "DELETE"):
            when = f"WHEN ({condition}) " if condition else ""
            then = f"BEGIN SELECT RAISE(ABORT, '{table} rows are only added'); END"
            row = "" if sqlite else "FOR EACH ROW "
            op.execute(
                f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} {row}{when}"
                + (then if sqlite else "EXECUTE FUNCTION refuse_change()")
            )


def _keep_time() -> None:
    """Calendars of people and work centers, and premiums."""
    for table in ("person", "work_center"):
        op.add_column(table, sa.Column("calendar", KEY, nullable=False, server_default=""))
    op.create_table(
        "calendar_line",
        sa.Column("site", KEY, nullable=False),
        sa.Column("calendar", KEY, nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("weekday", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("starts", sa.String(length=5), nullable=False),
        sa.Column("ends", sa.String(length=5), nullable=False),
        sa.PrimaryKeyConstraint(
            "site", "calendar", "valid_from", "weekday", "kind", "starts", name=op.f("pk_calendar_line")
        ),
    )
    op.create_table(
        "premium",
        sa.Column("site", KEY, nullable=False),
        sa.Column("premium", KEY, nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("starts", sa.String(length=5), nullable=False),
        sa.Column("ends", sa.String(length=5), nullable=False),
        sa.Column("threshold_h", sa.String(length=32), nullable=False),
        sa.Column("percent", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("site", "premium", "valid_from", name=op.f("pk_premium")),
    )


def _bill() -> None:
    """What hours are billed at, and what is not billed."""
    op.add_column("order", sa.Column("billable", sa.Boolean(), nullable=True))
    op.add_column("activity_code", sa.Column("billable", sa.Boolean(), nullable=False, server_default=sa.true()))
    names = ("order", "customer", "kind", "activity", "person", "rate_group")
    types = {"customer": sa.String(length=200), "kind": sa.String(length=16)}
    op.create_table(
        "billable_rate",
        sa.Column("site", KEY, nullable=False),
        sa.Column("id", UUID, nullable=False),
        *(sa.Column(name, types.get(name, KEY), nullable=False) for name in names),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("valid_until", sa.String(length=10), nullable=True),
        sa.Column("amount", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("site", "id", name=op.f("pk_billable_rate")),
    )
    place = ["site", *names, "valid_from", "version"]
    op.create_index("ix_billable_rate_place", "billable_rate", place, unique=True)


def _find_findings() -> None:
    """Findings are replaced with each look at a fact: they are found by it."""
    op.create_index("ix_finding_fact", "finding", ["site", "event_id", "code"])


def _cost_again() -> None:
    """Rules changed with this shape: told time is at best declared, a close settles its order, and more. All facts are
    looked at again, and the ledger gets what differs; what it says already is not touched."""
    op.execute("UPDATE event SET state = 'received' WHERE state <> 'received'")


def downgrade() -> None:
    op.drop_index("ix_finding_fact", "finding")
    op.drop_column("activity_code", "idle")
    op.drop_table("billable_rate")
    op.drop_column("activity_code", "billable")
    op.drop_column("order", "billable")
    for table in ("premium", "calendar_line"):
        op.drop_table(table)
    for table in ("person", "work_center"):
        op.drop_column(table, "calendar")
    for table in ("period_change", "period"):
        for action in ("update", "delete"):
            on = "" if op.get_bind().dialect.name == "sqlite" else f" ON {table}"
            op.execute(f"DROP TRIGGER {table}_no_{action}{on}")
    for table in ("period_change", "general_link", "general_entry", "manual_line", "account_default", "distribution",
                  "account_map"):  # fmt: skip
        op.drop_table(table)
    op.drop_column("period", "position")
    op.drop_index("ix_standing_entry_fed", "standing_entry")
    op.drop_column("standing_entry", "fed_at")
    op.drop_column("standing_entry", "fed")
    _remake_account(("site", "plan", "code", "name", "parent", "valid_from"))
    for table in ("by_product", "subcontract", "loss_rate", "overhead_rate", "standard_line", "bill_line",
                  "routing_step"):  # fmt: skip
        op.drop_table(table)
    for table, column in (("component", "mix_group"), ("component", "waste_percent"), ("order", "standard_version"),
                          ("order", "released_on"), ("item", "lot_size")):  # fmt: skip
        op.drop_column(table, column)
    op.drop_index("ix_component_backflush", "component")
    op.drop_column("stock_state", "more")
    op.drop_column("component", "backflush")
    op.drop_column("item", "negative_stock")
    op.add_column("site", sa.Column("policy", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("site", sa.Column("policy_version", sa.Integer(), nullable=False, server_default="1"))
    for name, source in (("policy", "settings"), ("policy_version", "version")):
        op.execute(
            f"UPDATE site SET {name} = (SELECT {source} FROM policy AS p WHERE p.site = site.code ORDER BY version DESC"  # noqa: S608 (our own names)
            " LIMIT 1) WHERE EXISTS (SELECT 1 FROM policy AS p WHERE p.site = site.code)"
        )
    op.drop_table("policy")
