"""Material that another order made holds what people there were paid; whoever may not see wages sees its standard."""

from decimal import Decimal

from sqlalchemy import Engine

from server.store import order_cost, plant
from server.store.database import read, write
from sync.costing.cost_card import Unknown
from tests.cast import ANA, put_plant, raw, send, settle

D = Decimal
JOB = {"order": "MO-1", "operation": "10"}


def given(engine: Engine, *, standard: bool, percent: bool = False) -> None:
    """MO-1 turns two seats in two hours; MO-2 draws one of them."""
    put_plant(engine)
    with write(engine) as connection:
        put = plant.put
        put(connection, "main", "items", [{"code": "SEAT", "name": "Seat", "unit": "pcs", "valuation": "fifo"}])
        put(connection, "main", "orders", [{"code": "MO-1", "item": "SEAT", "quantity": "2"}])
        put(connection, "main", "operations", [
            {"order": "MO-1", "number": "10", "name": "Turn", "sequence": 10, "work_center": "W1"}])  # fmt: skip
        pools = [{"pool": "SHOP", "driver": "labor_hour", "nature": "variable", "rate": "9"}]
        if percent:
            pools.append({"pool": "STORES", "driver": "material_percent", "nature": "variable", "rate": "5"})
        put(connection, "main", "overheads", pools)
        rates = [{"kind": "standard_labor", "subject_kind": "work_center", "subject": "W1", "amount": "30"}]
        if standard:
            rates.append({"kind": "standard_cost", "subject_kind": "item", "subject": "SEAT", "amount": "39"})
        put(connection, "main", "rates", [{**rate, "valid_from": "2026-01-01"} for rate in rates])
    send(engine, [
        raw("labor.declared", "2026-11-18T08:00:00Z", person=ANA, activity="run", duration_ms=7_200_000, **JOB),
        raw("output.reported", "2026-11-18T09:00:00Z", quantity="2", order="MO-1", operation="20"),
        raw("order.closed", "2026-11-18T10:00:00Z", order="MO-1"),
        raw("material.consumed", "2026-11-19T08:00:00Z", order="MO-2", item="SEAT", quantity="1", unit="pcs"),
    ])  # fmt: skip
    settle(engine)


def bears(
    engine: Engine, order: str, valuation: order_cost.Valuation
) -> tuple[dict[str, Decimal], tuple[Unknown, ...]]:
    with read(engine) as connection:
        comparison = order_cost.costs(connection, "main", [order], valuation, 0)[order].comparison
    return {name: cell.actual for name, cell in comparison.elements.items() if cell.actual}, comparison.unknown


def test_finance_sees_what_it_cost(database: Engine, site: str) -> None:
    given(database, standard=True)
    assert bears(database, "MO-1", "actual")[0] == {"labor": D("62.34"), "overhead": D("18.00")}
    assert bears(database, "MO-2", "actual")[0] == {"material": D("40.17")}, "(62.34 + 18.00) / 2"


def test_a_lead_sees_its_standard(database: Engine, site: str) -> None:
    given(database, standard=True)
    assert bears(database, "MO-1", "standard_rate")[0] == {"labor": D("60.00"), "overhead": D("18.00")}
    assert bears(database, "MO-2", "standard_rate")[0] == {"material": D("39.00")}


def test_without_a_standard_it_is_unknown(database: Engine, site: str) -> None:
    given(database, standard=False)
    elements, unknown = bears(database, "MO-2", "standard_rate")
    assert elements == {}
    assert Unknown("standard_cost", "SEAT") in unknown


def test_overhead_by_money_tells_what_it_is_of(database: Engine, site: str) -> None:
    given(database, standard=True, percent=True)
    assert bears(database, "MO-2", "actual")[0] == {"material": D("40.17"), "overhead": D("2.01")}
    assert bears(database, "MO-2", "standard_rate")[0] == {"material": D("39.00")}
    assert bears(database, "MO-1", "standard_rate")[0] == {"labor": D("60.00")}
