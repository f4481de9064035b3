"""Who may do what: what signing in, devices, wages, privacy and the audit trail need."""

revision = "0004_who_may_do_what"
down_revision = "0003_costing"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One function for each room below; each is called here."""
