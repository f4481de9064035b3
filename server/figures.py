"""Figures as the reader's language writes them: money, quantities, hours, spans of time, days. Filters of every page.

A figure keeps its exact value until here; what is cut off for the eye is said in each function. A missing figure is a
dash, never a zero.
"""

from datetime import UTC, date, datetime
from decimal import Decimal

import flask_babel
from flask import Flask
from flask_babel import format_currency, format_date, format_decimal, format_percent, format_time, gettext

from server.extensions import now
from sync.core.money import minor_digits

MISSING = "–"
MINUS = "−"
DAY_MS = 86_400_000


def money(value: Decimal | None, currency: str) -> str:
    """With the currency's sign: 1,234.50 € or €1,234.50."""
    return MISSING if value is None else format_currency(value, currency).replace("-", MINUS)


def amount(value: Decimal | None, currency: str = "EUR", signed: bool = False) -> str:
    """For a column whose head names the currency; `signed` puts a plus before gains as well."""
    if value is None:
        return MISSING
    digits = minor_digits(currency)
    return _signed(format_decimal(value, "#,##0." + "0" * digits if digits else "#,##0"), value, signed)


def money_text(value: str, currency: str) -> str:
    """An amount that is text, as it stands in a sealed entry."""
    return amount(Decimal(value), currency)


def quantity(value: Decimal | str | None, unit: str = "", signed: bool = False) -> str:
    """At most three decimals, with its unit."""
    if value is None or value == "":
        return MISSING
    number = Decimal(value)
    text = _signed(format_decimal(number, "#,##0.###"), number, signed)
    return f"{text}\N{NO-BREAK SPACE}{unit}" if unit else text


def rate(value: str | None) -> str:
    """A price as it stands, to the last digit."""
    return MISSING if not value else format_decimal(Decimal(value), "#,##0.00##########")


def hours(value: Decimal | None) -> str:
    """Hours with two decimals."""
    return MISSING if value is None else format_decimal(value, "#,##0.00").replace("-", MINUS)


def as_hours(milliseconds: int) -> str:
    """Milliseconds as hours with two decimals."""
    return hours(Decimal(milliseconds) / 3_600_000)


def seconds(milliseconds: int) -> str:
    """Seconds with one decimal."""
    return format_decimal(Decimal(milliseconds) / 1000, "#,##0.0").replace("-", MINUS)


def percent(value: Decimal | None, signed: bool = False) -> str:
    """A share of one, in whole percent."""
    return MISSING if value is None else _signed(format_percent(value), value, signed)


def span(milliseconds: int) -> str:
    """How long, in words a glance can read: 14 min, 2 h 05, 3 d 4 h."""
    minutes = max(milliseconds, 0) // 60_000
    if minutes < 60:
        return gettext("%(minutes)s min", minutes=minutes)
    if minutes < 24 * 60:
        return gettext("%(hours)s h %(minutes)s", hours=minutes // 60, minutes=f"{minutes % 60:02d}")
    return gettext("%(days)s d %(hours)s h", days=minutes // 1440, hours=minutes % 1440 // 60)


def day(value: str | date | None, style: str = "medium") -> str:
    """A day; takes ISO text as well."""
    if not value:
        return MISSING
    return format_date(date.fromisoformat(value) if isinstance(value, str) else value, style)


def clock(moment: int | None) -> str:
    """Hours and minutes on the site's clock, of 24 hours in every language: a shift is not a matter of am and pm."""
    return MISSING if moment is None else format_time(_aware(moment), "HH:mm")


def moment(value: int | None) -> str:
    """Time alone for today, day and time else, on the site's clock."""
    if value is None:
        return MISSING
    there, here = (flask_babel.to_user_timezone(_aware(at)) for at in (value, now()))
    if there.date() == here.date():
        return format_time(_aware(value), "HH:mm")
    skeleton = "d MMM HH:mm" if there.year == here.year else "d MMM y HH:mm"
    return flask_babel.format_datetime(_aware(value), skeleton)


def _aware(value: int) -> datetime:
    return datetime.fromtimestamp(value / 1000, UTC)


def _signed(text: str, value: Decimal, signed: bool) -> str:
    text = text.replace("-", MINUS)
    return f"+{text}" if signed and value > 0 else text


def init_app(app: Flask) -> None:
    """Install the filters."""
    filters = (money, money_text, amount, quantity, rate, hours, as_hours, seconds, percent, span, day, clock, moment)
    app.jinja_env.filters.update({filter.__name__: filter for filter in filters})
