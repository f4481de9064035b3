"""The pages are the same on SQLite and on PostgreSQL, byte for byte."""

from pathlib import Path

from server import create_app
from server.migrations import upgrade
from server.settings import Settings
from server.store.database import open_engine, write
from server.store.sites import create_site
from tests.cast import a_shop, put_plant, send, settle
from tests.server.callers import signed_in
from tests.server.feedback.conftest import NOW, published, put


def test_pages_do_not_depend_on_the_database(postgres_database: str, tmp_path: Path):
    facts = a_shop(7, 120)
    pages = ["/board", "/held", "/orders", "/orders?text=chair&status=all", "/orders/MO-1", "/orders/MO-2",
             "/api/v1/orders", "/api/v1/orders/MO-1/cost", "/entries?period=", "/entries?period=&text=oak",
             "/entries.csv?period=", *(f"/facts/{fact['id']}" for fact in facts[::9])]  # fmt: skip
    seen = []
    for name, url in (("sqlite", ""), ("postgresql", postgres_database)):
        folder = tmp_path / name
        folder.mkdir()
        settings = Settings(data_dir=folder, database_url=url)
        engine = open_engine(settings.database)
        upgrade(engine)
        with write(engine) as connection:
            create_site(connection, "main", name="Atelier", zone="Europe/Paris", currency="EUR", language="fr")
        put_plant(engine)
        put(engine, "rates", published("W1", "30"), published("W2", "24"))
        send(engine, facts)
        settle(engine)
        client = signed_in(create_app(settings, clock=lambda: NOW), engine, "lead", "payroll")
        answers = [client.get(page) for page in pages]
        assert {answer.status_code for answer in answers} == {200}
        seen.append({page: answer.data for page, answer in zip(pages, answers, strict=True)})
        engine.dispose()
    assert seen[0] == seen[1]
