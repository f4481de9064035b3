"""What the capture app needs: floor settings, locations, PINs, photos, relayed facts, deltas of the reference data,
what devices say of themselves, and labels of more kinds of things."""

import sqlalchemy as sa
from alembic import op

revision = "0002_capture_app"
down_revision = "0001_first_tables"
branch_labels = None
depends_on = None

KEY = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
UUID = sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql")

# What came in with a fact and never changes; since this step also who relayed it.
EVENT_COLUMNS = ("site", "id", "type", "occurred_at", "recorded_at", "sender", "device_seq", "digest", "body")


def upgrade() -> None:
    op.add_column("site", sa.Column("floor", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("device", sa.Column("waiting", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("device", sa.Column("waiting_since", sa.BigInteger(), nullable=True))
    op.add_column("device", sa.Column("version", sa.String(length=40), nullable=False, server_default=""))
    op.add_column("device", sa.Column("clock_offset_ms", sa.BigInteger(), nullable=True))
    op.add_column("event", sa.Column("relayed_by", sa.String(length=80), nullable=True))
    op.add_column("event", sa.Column("replacement", UUID, nullable=True))
    _find_replacements()
    _protect_facts((*EVENT_COLUMNS, "relayed_by"))
    op.create_table(
        "location",
        sa.Column("site", KEY, nullable=False),
        sa.Column("code", KEY, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("site", "code", name=op.f("pk_location")),
    )
    op.create_table(
        "photo",
        sa.Column("site", KEY, nullable=False),
        sa.Column("event_id", UUID, nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("jpeg", sa.LargeBinary(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "event_id", name=op.f("pk_photo")),
    )
    op.create_table(
        "pin",
        sa.Column("site", KEY, nullable=False),
        sa.Column("person", KEY, nullable=False),
        sa.Column("hash", sa.String(length=200), nullable=False),
        sa.Column("set_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "person", name=op.f("pk_pin")),
    )
    op.create_table(
        "pin_failure",
        sa.Column("site", KEY, nullable=False),
        sa.Column("subject", sa.String(length=48), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("locked_until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "subject", name=op.f("pk_pin_failure")),
    )
    op.create_table(
        "reference_part",
        sa.Column("site", KEY, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("digest", sa.String(length=16), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "kind", "key", name=op.f("pk_reference_part")),
    )
    op.create_index(op.f("ix_reference_part_site_sequence"), "reference_part", ["site", "sequence"])
    op.create_table(
        "reference_version",
        sa.Column("site", KEY, nullable=False),
        sa.Column("version", sa.String(length=32), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "version", name=op.f("pk_reference_version")),
    )
    about_steps = sa.text("type IN ('operation.added', 'operation.completed', 'operation.reopened')")
    op.create_index("ix_event_step", "event", ["site", "order"], sqlite_where=about_steps, postgresql_where=about_steps)
    calls = sa.text("type = 'help.called'")
    op.create_index("ix_event_call", "event", ["site", "occurred_at"], sqlite_where=calls, postgresql_where=calls)
    named = sa.text("replacement IS NOT NULL")
    columns = ["site", "replacement"]
    op.create_index("ix_event_replacement", "event", columns, sqlite_where=named, postgresql_where=named)
    # A label's second word: an operation of an order as before, and now also a lot of an item.
    op.drop_index("ix_label_code_site_kind_ref_operation", "label_code")
    op.execute('ALTER TABLE label_code RENAME COLUMN "operation" TO detail')
    op.create_index("ix_label_code_site_kind_ref_detail", "label_code", ["site", "kind", "ref", "detail"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_event_replacement", "event")
    op.drop_index("ix_event_call", "event")
    op.drop_index("ix_event_step", "event")
    # What the old shape has no kind for goes; `operation` would say something else there.
    op.execute("DELETE FROM label_code WHERE kind IN ('lot', 'location', 'work_center', 'device', 'word')")
    op.drop_index("ix_label_code_site_kind_ref_detail", "label_code")
    op.execute('ALTER TABLE label_code RENAME COLUMN detail TO "operation"')
    op.create_index(
        "ix_label_code_site_kind_ref_operation", "label_code", ["site", "kind", "ref", "operation"], unique=True
    )
    for table in ("reference_version", "reference_part", "pin_failure", "pin", "photo", "location"):
        op.drop_table(table)
    _protect_facts(EVENT_COLUMNS)
    op.drop_column("event", "replacement")
    op.drop_column("event", "relayed_by")
    for column in ("clock_offset_ms", "version", "waiting_since", "waiting"):
        op.drop_column("device", column)
    op.drop_column("site", "floor")


def _find_replacements() -> None:
    """Facts that replaced others before this step, found by what they put in the place of those."""
    event = sa.table("event", sa.column("type"), sa.column("body"), sa.column("replacement"))
    found = sa.cast(event.c.body, sa.JSON)["replacement_id"].as_string()
    if op.get_bind().dialect.name == "sqlite":
        found = sa.func.json_extract(event.c.body, "$.replacement_id")
    op.execute(sa.update(event).where(event.c.type == "event.replaced").values(replacement=found))


def _protect_facts(columns: tuple[str, ...]) -> None:
    """The trigger that refuses to change these columns of a fact, in place of the one there is."""
    if op.get_bind().dialect.name == "sqlite":
        changed = " OR ".join(f'NEW."{column}" IS NOT OLD."{column}"' for column in columns)
        op.execute("DROP TRIGGER event_no_update")
        op.execute(
            f"CREATE TRIGGER event_no_update BEFORE UPDATE ON event WHEN {changed} "
            "BEGIN SELECT RAISE(ABORT, 'event rows are only added'); END"
        )
        return
    changed = " OR ".join(f'NEW."{column}" IS DISTINCT FROM OLD."{column}"' for column in columns)
    op.execute("DROP TRIGGER event_no_update ON event")
    op.execute(
        f"CREATE TRIGGER event_no_update BEFORE UPDATE ON event FOR EACH ROW WHEN ({changed}) "
        "EXECUTE FUNCTION refuse_change()"
    )
