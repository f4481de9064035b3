"""The first tables, and the triggers that keep facts and entries as they were written."""

import sqlalchemy as sa
from alembic import op

revision = "0001_first_tables"
down_revision = None
branch_labels = None
depends_on = None

# Text in keys compares by code point on both databases.
KEY = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
UUID = sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql")

# What came in with a fact. Its look-ups (order, person ...), state, reason and params may be derived anew.
EVENT_COLUMNS = ("site", "id", "type", "occurred_at", "recorded_at", "sender", "device_seq", "digest", "body")


def upgrade() -> None:
    op.create_table(
        "account",
        sa.Column("site", KEY, nullable=False),
        sa.Column("plan", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("parent", KEY, nullable=False),
        sa.PrimaryKeyConstraint("site", "plan", "code", name=op.f("pk_account")),
    )
    op.create_table(
        "activity_code",
        sa.Column("site", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", "code", name=op.f("pk_activity_code")),
    )
    op.create_table(
        "api_token",
        sa.Column("site", KEY, nullable=False),
        sa.Column("id", UUID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("scopes", sa.String(length=400), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("site", "id", name=op.f("pk_api_token")),
    )
    op.create_index(op.f("ix_api_token_secret_hash"), "api_token", ["secret_hash"], unique=True)
    op.create_table(
        "batch",
        sa.Column("site", KEY, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("first", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("sealed_at", sa.BigInteger(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("site", "number", name=op.f("pk_batch")),
    )
    op.create_table(
        "component",
        sa.Column("site", KEY, nullable=False),
        sa.Column("order", KEY, nullable=False),
        sa.Column("item", KEY, nullable=False),
        sa.Column("operation", KEY, nullable=False),
        sa.Column("quantity_per", sa.String(length=32), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("site", "order", "item", "operation", name=op.f("pk_component")),
    )
    op.create_table(
        "department",
        sa.Column("site", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("site", "code", name=op.f("pk_department")),
    )
    op.create_table(
        "device",
        sa.Column("site", KEY, nullable=False),
        sa.Column("id", UUID, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("enrolled_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("last_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "id", name=op.f("pk_device")),
    )
    op.create_index(op.f("ix_device_secret_hash"), "device", ["secret_hash"], unique=True)
    op.create_table(
        "enrolment",
        sa.Column("site", KEY, nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.Column("created_by", KEY, nullable=False),
        sa.PrimaryKeyConstraint("site", "secret_hash", name=op.f("pk_enrolment")),
    )
    op.create_table(
        "entry",
        sa.Column("site", KEY, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("id", UUID, nullable=False),
        sa.Column("content_id", UUID, nullable=False),
        sa.Column("scope", UUID, nullable=False),
        sa.Column("reverses", UUID, nullable=True),
        sa.Column("element", sa.String(length=16), nullable=False),
        sa.Column("order", KEY, nullable=False),
        sa.Column("operation", KEY, nullable=False),
        sa.Column("occurred_on", sa.String(length=10), nullable=False),
        sa.Column("posting_period", sa.String(length=7), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", "position", name=op.f("pk_entry")),
    )
    op.create_index(op.f("ix_entry_site_content_id"), "entry", ["site", "content_id"], unique=False)
    op.create_index(op.f("ix_entry_site_id"), "entry", ["site", "id"], unique=True)
    op.create_index(op.f("ix_entry_site_order_position"), "entry", ["site", "order", "position"], unique=False)
    op.create_index(
        op.f("ix_entry_site_posting_period_position"), "entry", ["site", "posting_period", "position"], unique=False
    )
    op.create_index(op.f("ix_entry_site_scope"), "entry", ["site", "scope"], unique=False)
    op.create_table(
        "event",
        sa.Column("site", KEY, nullable=False),
        sa.Column("id", UUID, nullable=False),
        sa.Column("type", sa.String(length=32), nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("sender", UUID, nullable=False),
        sa.Column("device_seq", sa.BigInteger(), nullable=True),
        sa.Column("person", KEY, nullable=True),
        sa.Column("order", KEY, nullable=True),
        sa.Column("item", KEY, nullable=True),
        sa.Column("machine", KEY, nullable=True),
        sa.Column("target", UUID, nullable=True),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("reason", sa.String(length=40), nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", "id", name=op.f("pk_event")),
    )
    op.create_index(
        "ix_event_held",
        "event",
        ["site", "reason", "occurred_at"],
        unique=False,
        sqlite_where=sa.text("state = 'held'"),
        postgresql_where=sa.text("state = 'held'"),
    )
    op.create_index(
        "ix_event_item",
        "event",
        ["site", "item", "occurred_at"],
        unique=False,
        sqlite_where=sa.text("item IS NOT NULL"),
        postgresql_where=sa.text("item IS NOT NULL"),
    )
    op.create_index(
        "ix_event_machine",
        "event",
        ["site", "machine", "occurred_at"],
        unique=False,
        sqlite_where=sa.text("machine IS NOT NULL"),
        postgresql_where=sa.text("machine IS NOT NULL"),
    )
    op.create_index(
        "ix_event_order",
        "event",
        ["site", "order", "occurred_at"],
        unique=False,
        sqlite_where=sa.text('"order" IS NOT NULL'),
        postgresql_where=sa.text('"order" IS NOT NULL'),
    )
    op.create_index(
        "ix_event_person",
        "event",
        ["site", "person", "occurred_at"],
        unique=False,
        sqlite_where=sa.text("person IS NOT NULL"),
        postgresql_where=sa.text("person IS NOT NULL"),
    )
    op.create_index(
        "ix_event_received",
        "event",
        ["site", "recorded_at", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'received'"),
        postgresql_where=sa.text("state = 'received'"),
    )
    op.create_index(
        "ix_event_sender",
        "event",
        ["site", "sender", "device_seq"],
        unique=False,
        sqlite_where=sa.text("device_seq IS NOT NULL"),
        postgresql_where=sa.text("device_seq IS NOT NULL"),
    )
    op.create_index(
        "ix_event_target",
        "event",
        ["site", "target"],
        unique=False,
        sqlite_where=sa.text("target IS NOT NULL"),
        postgresql_where=sa.text("target IS NOT NULL"),
    )
    op.create_table(
        "event_conflict",
        sa.Column("site", KEY, nullable=False),
        sa.Column("id", UUID, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("sender", UUID, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", "id", "digest", name=op.f("pk_event_conflict")),
    )
    op.create_table(
        "finding",
        sa.Column("site", KEY, nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("event_id", UUID, nullable=False),
        sa.Column("params", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", "code", "event_id", name=op.f("pk_finding")),
    )
    op.create_table(
        "item",
        sa.Column("site", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("valuation", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("site", "code", name=op.f("pk_item")),
    )
    op.create_table(
        "item_unit",
        sa.Column("site", KEY, nullable=False),
        sa.Column("item", KEY, nullable=False),
        sa.Column("unit", sa.String(length=16), nullable=False),
        sa.Column("factor", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("site", "item", "unit", name=op.f("pk_item_unit")),
    )
    op.create_table(
        "label_code",
        sa.Column("site", KEY, nullable=False),
        sa.Column("code", sa.String(length=9), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("ref", KEY, nullable=False),
        sa.Column("operation", KEY, nullable=False),
        sa.PrimaryKeyConstraint("site", "code", name=op.f("pk_label_code")),
    )
    op.create_index(
        op.f("ix_label_code_site_kind_ref_operation"), "label_code", ["site", "kind", "ref", "operation"], unique=True
    )
    op.create_table(
        "ledger_head",
        sa.Column("site", KEY, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("site", name=op.f("pk_ledger_head")),
    )
    op.create_table(
        "machine",
        sa.Column("site", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("work_center", KEY, nullable=False),
        sa.PrimaryKeyConstraint("site", "code", name=op.f("pk_machine")),
    )
    op.create_table(
        "note",
        sa.Column("site", KEY, nullable=False),
        sa.Column("event_id", UUID, nullable=False),
        sa.Column("salt", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", "event_id", name=op.f("pk_note")),
    )
    op.create_table(
        "operation",
        sa.Column("site", KEY, nullable=False),
        sa.Column("order", KEY, nullable=False),
        sa.Column("number", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("work_center", KEY, nullable=False),
        sa.Column("standard_setup_min", sa.String(length=32), nullable=False),
        sa.Column("standard_run_min", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("site", "order", "number", name=op.f("pk_operation")),
    )
    op.create_table(
        "order",
        sa.Column("site", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("item", KEY, nullable=False),
        sa.Column("quantity", sa.String(length=32), nullable=False),
        sa.Column("customer", sa.String(length=200), nullable=False),
        sa.Column("due_on", sa.String(length=10), nullable=True),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("site", "code", name=op.f("pk_order")),
    )
    op.create_index(op.f("ix_order_site_status_code"), "order", ["site", "status", "code"], unique=False)
    op.create_table(
        "order_account",
        sa.Column("site", KEY, nullable=False),
        sa.Column("order", KEY, nullable=False),
        sa.Column("plan", KEY, nullable=False),
        sa.Column("account", KEY, nullable=False),
        sa.Column("percent", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("site", "order", "plan", "account", name=op.f("pk_order_account")),
    )
    op.create_table(
        "order_cost",
        sa.Column("site", KEY, nullable=False),
        sa.Column("order", KEY, nullable=False),
        sa.Column("operation", KEY, nullable=False),
        sa.Column("element", sa.String(length=16), nullable=False),
        sa.Column("work_center", KEY, nullable=False),
        sa.Column("provenance", sa.String(length=12), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("milliseconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "site", "order", "operation", "element", "work_center", "provenance", name=op.f("pk_order_cost")
        ),
    )
    op.create_table(
        "period",
        sa.Column("site", KEY, nullable=False),
        sa.Column("code", sa.String(length=7), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.PrimaryKeyConstraint("site", "code", name=op.f("pk_period")),
    )
    op.create_table(
        "person",
        sa.Column("site", KEY, nullable=False),
        sa.Column("key", KEY, nullable=False),
        sa.Column("number", KEY, nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("rate_group", KEY, nullable=False),
        sa.Column("department", KEY, nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("site", "key", name=op.f("pk_person")),
    )
    op.create_index(op.f("ix_person_site_number"), "person", ["site", "number"], unique=True)
    op.create_table(
        "plan",
        sa.Column("site", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("follows", sa.String(length=16), nullable=False),
        sa.PrimaryKeyConstraint("site", "code", name=op.f("pk_plan")),
    )
    op.create_table(
        "rate",
        sa.Column("site", KEY, nullable=False),
        sa.Column("id", UUID, nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("subject_kind", sa.String(length=16), nullable=False),
        sa.Column("subject", KEY, nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("amount", sa.String(length=32), nullable=False),
        sa.Column("includes_labor", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("site", "id", name=op.f("pk_rate")),
    )
    op.create_index(
        op.f("ix_rate_site_kind_subject_kind_subject_valid_from_version"),
        "rate",
        ["site", "kind", "subject_kind", "subject", "valid_from", "version"],
        unique=True,
    )
    op.create_table(
        "reason_code",
        sa.Column("site", KEY, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", "kind", "code", name=op.f("pk_reason_code")),
    )
    op.create_table(
        "rejection",
        sa.Column("site", KEY, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("event_id", sa.String(length=64), nullable=True),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("sender", UUID, nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("site", "digest", name=op.f("pk_rejection")),
    )
    op.create_table(
        "session",
        sa.Column("site", KEY, nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("user", KEY, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "secret_hash", name=op.f("pk_session")),
    )
    op.create_table(
        "site",
        sa.Column("code", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("zone", sa.String(length=64), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("lineage", UUID, nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("policy_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_site")),
    )
    op.create_table(
        "standing_entry",
        sa.Column("site", KEY, nullable=False),
        sa.Column("scope", UUID, nullable=False),
        sa.Column("content_id", UUID, nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("entry_id", UUID, nullable=False),
        sa.PrimaryKeyConstraint("site", "scope", "content_id", name=op.f("pk_standing_entry")),
    )
    op.create_table(
        "stock_state",
        sa.Column("site", KEY, nullable=False),
        sa.Column("item", KEY, nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), nullable=False),
        sa.Column("event_id", UUID, nullable=False),
        sa.Column("quantity", sa.String(length=80), nullable=False),
        sa.Column("value", sa.String(length=80), nullable=False),
        sa.Column("last_cost", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("site", "item", "occurred_at", "event_id", name=op.f("pk_stock_state")),
    )
    op.create_table(
        "user",
        sa.Column("site", KEY, nullable=False),
        sa.Column("name", KEY, nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("roles", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "name", name=op.f("pk_user")),
    )
    op.create_table(
        "work_center",
        sa.Column("site", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("department", KEY, nullable=False),
        sa.PrimaryKeyConstraint("site", "code", name=op.f("pk_work_center")),
    )
    _protect_rows()


def downgrade() -> None:
    _unprotect_rows()
    op.drop_table("work_center")
    op.drop_table("user")
    op.drop_table("stock_state")
    op.drop_table("standing_entry")
    op.drop_table("site")
    op.drop_table("session")
    op.drop_table("rejection")
    op.drop_table("reason_code")
    op.drop_table("rate")
    op.drop_table("plan")
    op.drop_table("person")
    op.drop_table("period")
    op.drop_table("order_cost")
    op.drop_table("order_account")
    op.drop_table("order")
    op.drop_table("operation")
    op.drop_table("note")
    op.drop_table("machine")
    op.drop_table("ledger_head")
    op.drop_table("label_code")
    op.drop_table("item_unit")
    op.drop_table("item")
    op.drop_table("finding")
    op.drop_table("event_conflict")
    op.drop_table("event")
    op.drop_table("entry")
    op.drop_table("enrolment")
    op.drop_table("device")
    op.drop_table("department")
    op.drop_table("component")
    op.drop_table("batch")
    op.drop_table("api_token")
    op.drop_table("activity_code")
    op.drop_table("account")


def _protect_rows() -> None:
    """Entries: no change, no removal. Facts: no removal, and no change of what came in (their state may change)."""
    changed = " OR ".join(f'NEW."{column}" IS NOT OLD."{column}"' for column in EVENT_COLUMNS)
    if op.get_bind().dialect.name == "sqlite":
        for table, action, condition in (
            ("entry", "UPDATE", ""),
            ("entry", "DELETE", ""),
            ("event", "UPDATE", f"WHEN {changed} "),
            ("event", "DELETE", ""),
        ):
            op.execute(
                f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} {condition}"
                f"BEGIN SELECT RAISE(ABORT, '{table} rows are only added'); END"
            )
        return
    changed = changed.replace("IS NOT", "IS DISTINCT FROM")
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION '% rows are only added', TG_TABLE_NAME; END $$"
    )
    for table, action, condition in (
        ("entry", "UPDATE", ""),
        ("entry", "DELETE", ""),
        ("event", "UPDATE", f"WHEN ({changed}) "),
        ("event", "DELETE", ""),
    ):
        op.execute(
            f"CREATE TRIGGER {table}_no_{action.lower()} BEFORE {action} ON {table} "
            f"FOR EACH ROW {condition}EXECUTE FUNCTION refuse_change()"
        )
    for table in ("entry", "event"):
        op.execute(f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} EXECUTE FUNCTION refuse_change()")


def _unprotect_rows() -> None:
    for table in ("entry", "event"):
        for action in ("update", "delete"):
            on = "" if op.get_bind().dialect.name == "sqlite" else f" ON {table}"
            op.execute(f"DROP TRIGGER {table}_no_{action}{on}")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_change() CASCADE")
