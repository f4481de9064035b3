"""Who may do what: what signing in, devices, wages, privacy and the audit trail need."""

import sqlalchemy as sa
from alembic import op

revision = "0004_who_may_do_what"
down_revision = "0003_costing"
branch_labels = None
depends_on = None

KEY = sa.String(64).with_variant(sa.String(64, collation="C"), "postgresql")
UUID = sa.String(36).with_variant(sa.String(36, collation="C"), "postgresql")


def upgrade() -> None:
    """One function for each room below; each is called here."""
    _know_devices()
    _invite_and_limit()
    _keep_a_trail()
    _prove_who_signs_in()
    _keep_wages_apart()
    _forget_people()


def _know_devices() -> None:
    """Devices that sign and are let in by somebody, tokens with a maker and a machine."""
    op.add_column("device", sa.Column("public_key", sa.String(100), nullable=False, server_default=""))
    op.add_column("device", sa.Column("key_wanted", sa.String(100), nullable=False, server_default=""))
    op.add_column("device", sa.Column("approved_at", sa.BigInteger(), nullable=True))
    op.add_column("device", sa.Column("approved_by", KEY, nullable=False, server_default=""))
    op.execute("UPDATE device SET approved_at = enrolled_at")  # who is in stays in
    op.create_table(
        "used_nonce",
        sa.Column("site", KEY, nullable=False),
        sa.Column("device", UUID, nullable=False),
        sa.Column("nonce", sa.String(32), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "device", "nonce", name=op.f("pk_used_nonce")),
    )
    for column in ("created_by", "machine", "work_center"):
        op.add_column("api_token", sa.Column(column, KEY, nullable=False, server_default=""))


def _invite_and_limit() -> None:
    """Users of some departments, links for new ones, what takes two people, accounts elsewhere."""
    op.add_column("user", sa.Column("teams", sa.Text(), nullable=False, server_default=""))
    op.add_column("user", sa.Column("signed_in_at", sa.BigInteger(), nullable=True))
    op.create_table(
        "invitation",
        sa.Column("site", KEY, nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("user", KEY, nullable=False),
        sa.Column("display_name", sa.String(200), nullable=False),
        sa.Column("roles", sa.String(64), nullable=False),
        sa.Column("teams", sa.Text(), nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("clears_factor", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", KEY, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("site", "secret_hash", name=op.f("pk_invitation")),
    )
    op.create_table(
        "rights_request",
        sa.Column("site", KEY, nullable=False),
        sa.Column("id", UUID, nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("user", KEY, nullable=False),
        sa.Column("asked_by", KEY, nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.String(16), nullable=False),
        sa.Column("answered_by", KEY, nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("site", "id", name=op.f("pk_rights_request")),
    )
    op.create_table(
        "identity",
        sa.Column("site", KEY, nullable=False),
        sa.Column("issuer", sa.String(200), nullable=False),
        sa.Column("subject", sa.String(255), nullable=False),
        sa.Column("user", KEY, nullable=False),
        sa.Column("linked_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "issuer", "subject", name=op.f("pk_identity")),
    )
    op.create_index(op.f("ix_identity_site_user"), "identity", ["site", "user"])
    op.create_table(
        "oidc_attempt",
        sa.Column("site", KEY, nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("invitation", sa.String(64), nullable=False),
        sa.Column("again", sa.Boolean(), nullable=False),
        sa.Column("target", sa.String(2000), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "secret_hash", name=op.f("pk_oidc_attempt")),
    )


def _keep_a_trail() -> None:
    """The audit trail: lines are added; the only change is that what is personal in one is emptied."""
    op.create_table(
        "audit_line",
        sa.Column("site", KEY, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("action", KEY, nullable=False),
        sa.Column("actor", sa.String(length=80), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("key", sa.Integer(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("site", "number", name=op.f("pk_audit_line")),
    )
    op.create_index("ix_audit_line_action", "audit_line", ["site", "action", "number"])
    op.create_index("ix_audit_line_actor", "audit_line", ["site", "actor", "number"])
    sqlite = op.get_bind().dialect.name == "sqlite"
    kept = ("site", "number", "at", "action", "digest", "key", "previous", "hash")
    differs = "IS NOT" if sqlite else "IS DISTINCT FROM"
    changed = " OR ".join(f'NEW."{column}" {differs} OLD."{column}"' for column in kept)
    emptied = " AND ".join(f"NEW.{column} = ''" for column in ("actor", "subject", "details", "salt"))
    row = "" if sqlite else "FOR EACH ROW "
    then = (
        "BEGIN SELECT RAISE(ABORT, 'audit_line rows are only added'); END"
        if sqlite
        else "EXECUTE FUNCTION refuse_change()"
    )
    for action, when in (("UPDATE", f"WHEN ({changed} OR NOT ({emptied})) "), ("DELETE", "")):
        op.execute(f"CREATE TRIGGER audit_line_no_{action.lower()} BEFORE {action} ON audit_line {row}{when}{then}")
    if not sqlite:
        op.execute(
            "CREATE TRIGGER audit_line_no_truncate BEFORE TRUNCATE ON audit_line EXECUTE FUNCTION refuse_change()"
        )


def _prove_who_signs_in() -> None:
    """Second factors, sign-ins that know how and when they were proved; failures are counted beside those of PINs."""
    for column in ("failures", "locked_until"):
        op.drop_column("user", column)
    op.execute("DELETE FROM session")  # everybody signs in again, now with what their roles ask for
    op.add_column("session", sa.Column("proved_at", sa.BigInteger(), nullable=False, server_default="0"))
    for column, length in (("how", 40), ("lacks", 16), ("browser", 80)):
        op.add_column("session", sa.Column(column, sa.String(length), nullable=False, server_default=""))
    op.create_table(
        "totp",
        sa.Column("site", KEY, nullable=False),
        sa.Column("user", KEY, nullable=False),
        sa.Column("seed", sa.String(400), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "user", name=op.f("pk_totp")),
    )
    op.create_table(
        "passkey",
        sa.Column("site", KEY, nullable=False),
        sa.Column("id", sa.String(1400), nullable=False),
        sa.Column("user", KEY, nullable=False),
        sa.Column("handle", sa.String(100), nullable=False),
        sa.Column("public_key", sa.Text(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("site", "id", name=op.f("pk_passkey")),
    )
    op.create_index("ix_passkey_site_user", "passkey", ["site", "user"])
    op.create_table(
        "recovery_code",
        sa.Column("site", KEY, nullable=False),
        sa.Column("user", KEY, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("site", "user", "hash", name=op.f("pk_recovery_code")),
    )
    op.create_table(
        "spent_challenge",
        sa.Column("site", KEY, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("spent_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "hash", name=op.f("pk_spent_challenge")),
    )


def _keep_wages_apart() -> None:
    """Rates of people, and the means published of them: proposed, approved, sealed."""
    op.create_table(
        "wage_rate",
        sa.Column("site", KEY, nullable=False),
        sa.Column("id", UUID, nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("subject", KEY, nullable=False),
        sa.Column("valid_from", sa.String(length=10), nullable=False),
        sa.Column("valid_until", sa.String(length=10), nullable=True),
        sa.Column("amount", sa.Text(), nullable=False),
        sa.Column("members", sa.Text(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("proposed_by", sa.String(length=80), nullable=False),
        sa.Column("proposed_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("site", "id", name=op.f("pk_wage_rate")),
    )
    op.create_index("ix_wage_rate_site_state_kind_subject", "wage_rate", ["site", "state", "kind", "subject"])


def _forget_people() -> None:
    """How long what is kept of people stays, what was taken away, and what must not come back."""
    op.add_column("site", sa.Column("privacy", sa.Text(), nullable=False, server_default="{}"))
    op.create_table(
        "tombstone",
        sa.Column("site", KEY, nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("id", KEY, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("sender", UUID, nullable=False),
        sa.Column("device_seq", sa.BigInteger(), nullable=True),
        sa.Column("erased_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "kind", "id", name=op.f("pk_tombstone")),
    )
    op.create_index(op.f("ix_tombstone_site_sender_device_seq"), "tombstone", ["site", "sender", "device_seq"])
    op.create_table(
        "leaver",
        sa.Column("site", KEY, nullable=False),
        sa.Column("person", KEY, nullable=False),
        sa.Column("noticed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "person", name=op.f("pk_leaver")),
    )
    op.create_table(
        "removal",
        sa.Column("site", KEY, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("rule", sa.String(16), nullable=False),
        sa.Column("before", sa.BigInteger(), nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("site", "number", name=op.f("pk_removal")),
    )
    op.create_table(
        "retention_run",
        sa.Column("site", KEY, nullable=False),
        sa.Column("rule", sa.String(16), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=False),
        sa.Column("wanted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "rule", name=op.f("pk_retention_run")),
    )
    op.create_table(
        "disclosure",
        sa.Column("site", KEY, nullable=False),
        sa.Column("receiver", sa.String(80), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "receiver", name=op.f("pk_disclosure")),
    )
    op.create_table(
        "erasure_notice",
        sa.Column("site", KEY, nullable=False),
        sa.Column("person", KEY, nullable=False),
        sa.Column("receiver", sa.String(80), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("told_by", sa.String(80), nullable=False),
        sa.PrimaryKeyConstraint("site", "person", "receiver", name=op.f("pk_erasure_notice")),
    )
    _let_expire(erasing=True)


def _let_expire(*, erasing: bool) -> None:
    """A fact may go once its tombstone stands, and the words of why a period was closed may be emptied; or neither."""
    stands = "EXISTS (SELECT 1 FROM tombstone t WHERE t.site = OLD.site AND t.kind = 'event' AND t.id = OLD.id)"
    kept = ("site", "number", "period", "action", "by", "at", "position")
    if op.get_bind().dialect.name == "sqlite":
        op.execute("DROP TRIGGER event_no_delete")
        op.execute(
            f"CREATE TRIGGER event_no_delete BEFORE DELETE ON event {f'WHEN NOT {stands} ' if erasing else ''}"
            "BEGIN SELECT RAISE(ABORT, 'event rows are only added'); END"
        )
        changed = " OR ".join(["NEW.reason <> ''", *(f'NEW."{name}" IS NOT OLD."{name}"' for name in kept)])
        op.execute("DROP TRIGGER period_change_no_update")
        op.execute(
            f"CREATE TRIGGER period_change_no_update BEFORE UPDATE ON period_change "
            f"{f'WHEN {changed} ' if erasing else ''}"
            "BEGIN SELECT RAISE(ABORT, 'period_change rows are only added'); END"
        )
        return
    op.execute("DROP TRIGGER event_no_delete ON event")
    op.execute("DROP TRIGGER period_change_no_update ON period_change")
    if erasing:
        op.execute(
            "CREATE FUNCTION refuse_delete_of_fact() RETURNS trigger LANGUAGE plpgsql AS "
            f"$$ BEGIN IF {stands} THEN RETURN OLD; END IF; RAISE EXCEPTION 'event rows are only added'; END $$"
        )
    function = "refuse_delete_of_fact" if erasing else "refuse_change"
    op.execute(f"CREATE TRIGGER event_no_delete BEFORE DELETE ON event FOR EACH ROW EXECUTE FUNCTION {function}()")
    changed = " OR ".join(["NEW.reason <> ''", *(f'NEW."{name}" IS DISTINCT FROM OLD."{name}"' for name in kept)])
    op.execute(
        "CREATE TRIGGER period_change_no_update BEFORE UPDATE ON period_change FOR EACH ROW "
        f"{f'WHEN ({changed}) ' if erasing else ''}EXECUTE FUNCTION refuse_change()"
    )
    if not erasing:
        op.execute("DROP FUNCTION refuse_delete_of_fact()")


def downgrade() -> None:
    _let_expire(erasing=False)
    for table in ("erasure_notice", "disclosure", "retention_run", "removal", "leaver", "tombstone"):
        op.drop_table(table)
    op.drop_column("site", "privacy")
    for table in ("oidc_attempt", "identity", "rights_request", "invitation"):
        op.drop_table(table)
    for column in ("signed_in_at", "teams"):
        op.drop_column("user", column)
    op.drop_table("wage_rate")
    for table in ("spent_challenge", "recovery_code", "passkey", "totp"):
        op.drop_table(table)
    for column in ("browser", "lacks", "how", "proved_at"):
        op.drop_column("session", column)
    op.add_column("user", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("user", sa.Column("locked_until", sa.BigInteger(), nullable=False, server_default="0"))
    for column in ("work_center", "machine", "created_by"):
        op.drop_column("api_token", column)
    op.drop_table("used_nonce")
    for column in ("approved_by", "approved_at", "key_wanted", "public_key"):
        op.drop_column("device", column)
    op.drop_table("audit_line")
