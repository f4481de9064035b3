"""How Alembic reaches the database: through the connection `server.migrations.upgrade` holds, or, under `flask db`,
through the application's engine."""

from alembic import context
from sqlalchemy import Connection

from server.store.tables import Base


def run(connection: Connection) -> None:
    """Take the steps on `connection`; whoever opened it commits."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        compare_type=True,
        # One transaction for all steps on both databases; SQLite can, though Alembic does not assume it.
        transactional_ddl=True,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    from server.extensions import db
    from server.store.database import write

    with write(db.engine) as own:
        run(own)
