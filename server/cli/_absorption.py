"""Overhead of a dry run by pool and month: as plain JSON values, and as rows of a table."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from server.terminal import said
from server.words import DRIVERS
from sync.core.money import decimal
from sync.core.quantity import plain
from sync.costing.absorption import Absorbed

DIGITS = Decimal("0.000001")


def pool_json(told: Absorbed) -> dict[str, Any]:
    """A pool in a month. null: unknown."""
    rational, financial = told.rational, told.financial
    return {
        "pool": told.pool,
        "period": told.period,
        "driver": told.driver,
        "quantity": _figure(told.quantity),
        "absorbed": str(told.absorbed),
        "variable": str(told.variable),
        "fixed": str(told.fixed),
        "actual": _text(told.actual),
        "budget": _text(told.budget),
        "normal_capacity": None if told.normal is None else plain(told.normal),
        "balance": _text(told.balance),
        "spending": _text(told.spending),
        "volume": _text(told.volume),
        "efficiency": _text(told.efficiency),
        "rational": rational and {
            "coefficient": _figure(rational.coefficient),
            "fixed": str(rational.fixed),
            "imputed": str(rational.imputed),
            "difference": str(rational.difference),
        },
        "ias2": financial and {
            "rate": _figure(financial.rate),
            "absorbed": str(financial.absorbed),
            "expensed": str(financial.expensed),
            "over_absorbed": str(financial.over_absorbed),
        },
    }  # fmt: skip


def pool_rows(told: Iterable[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    """(pool, month, driver, absorbed, actual, spending, volume, efficiency, imputation rationnelle, IAS 2)."""
    for pool in told:
        amounts = (pool[name] for name in ("absorbed", "actual", "spending", "volume", "efficiency"))
        rational = pool["rational"]["difference"] if pool["rational"] else None
        ias2 = pool["ias2"]["expensed"] if pool["ias2"] else None
        driver = f"{pool['quantity']} {said(DRIVERS[pool['driver']])}"
        yield pool["pool"], pool["period"], driver, *(amount or "?" for amount in (*amounts, rational, ias2))


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _figure(number: Fraction) -> str:
    exact = decimal(number)
    return plain(exact if len(plain(exact).partition(".")[2]) <= 6 else exact.quantize(DIGITS))
