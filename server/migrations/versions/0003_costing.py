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


def downgrade() -> None:
    op.add_column("site", sa.Column("policy", sa.Text(), nullable=False, server_default="{}"))
    op.add_column("site", sa.Column("policy_version", sa.Integer(), nullable=False, server_default="1"))
    for name, source in (("policy", "settings"), ("policy_version", "version")):
        op.execute(
            f"UPDATE site SET {name} = (SELECT {source} FROM policy AS p WHERE p.site = site.code ORDER BY version DESC"  # noqa: S608 (our own names)
            " LIMIT 1) WHERE EXISTS (SELECT 1 FROM policy AS p WHERE p.site = site.code)"
        )
    op.drop_table("policy")
