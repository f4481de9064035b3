"""What the capture app needs: labels of more kinds of things."""

from alembic import op

revision = "0002_capture_app"
down_revision = "0001_first_tables"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # A label's second word: an operation of an order as before, and now also a lot of an item.
    op.drop_index("ix_label_code_site_kind_ref_operation", "label_code")
    op.execute('ALTER TABLE label_code RENAME COLUMN "operation" TO detail')
    op.create_index("ix_label_code_site_kind_ref_detail", "label_code", ["site", "kind", "ref", "detail"], unique=True)


def downgrade() -> None:
    # What the old shape has no kind for goes; `operation` would say something else there.
    op.execute("DELETE FROM label_code WHERE kind IN ('lot', 'location', 'work_center', 'device', 'word')")
    op.drop_index("ix_label_code_site_kind_ref_detail", "label_code")
    op.execute('ALTER TABLE label_code RENAME COLUMN detail TO "operation"')
    op.create_index(
        "ix_label_code_site_kind_ref_operation", "label_code", ["site", "kind", "ref", "operation"], unique=True
    )
