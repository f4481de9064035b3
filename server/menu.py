"""The menu of the desk pages. A view enters it where it is defined and is shown to whoever may open it.

@blueprint.get("/board")
@access(roles={"lead"})
@menu(_("Board"), group="floor", order=10)
def board(): ...
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from flask import Flask, current_app, request, url_for
from flask_babel import LazyString, lazy_gettext

from server.auth.access import current, rule_of

_ = lazy_gettext

GROUPS: dict[str, LazyString] = {
    "floor": _("Workshop"),
    "costs": _("Costs"),
    "finance": _("Finance"),
    "reference": _("Reference"),
    "admin": _("Administration"),
}

ROLE_NAMES: dict[str, LazyString] = {
    "lead": _("Team lead"),
    "accountant": _("Cost accountant"),
    "payroll": _("Payroll"),
    "admin": _("Administrator"),
    "auditor": _("Auditor"),
}

View = TypeVar("View", bound=Callable[..., Any])


@dataclass(frozen=True)
class Item:
    """One line of the menu. `values` fill the address where one view serves several pages."""

    label: str | LazyString
    group: str
    order: int = 50
    endpoint: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """Where it leads."""
        return url_for(self.endpoint, **self.values)

    @property
    def here(self) -> bool:
        """Whether the page shown is this one or below it."""
        return request.path == self.url or request.path.startswith(self.url.rstrip("/") + "/")


def menu(label: str | LazyString, *, group: str, order: int = 50) -> Callable[[View], View]:
    """Give a view a line in the menu. Raises ValueError for an unknown group."""
    if group not in GROUPS:
        raise ValueError(f"unknown menu group {group}")

    def mark(view: View) -> View:
        view.menu = Item(label, group, order)  # type: ignore[attr-defined]
        return view

    return mark


def add(app: Flask, item: Item) -> None:
    """A line for a page that shares its view with others, such as one report of many."""
    app.extensions.setdefault("menu", []).append(item)


def groups() -> list[tuple[LazyString, list[Item]]]:
    """The menu as the current user may use it."""
    items = [item for item in _items(current_app) if (rule := rule_of(item.endpoint)) and rule.admits(current)]
    found = []
    for group, title in GROUPS.items():
        lines = sorted((item for item in items if item.group == group), key=lambda item: (item.order, str(item.label)))
        if lines:
            found.append((title, lines))
    return found


def start_page() -> str:
    """Where the current user begins: the first line of the menu."""
    shown = groups()
    return shown[0][1][0].url if shown else "/"


def init_app(app: Flask) -> None:
    """Let templates draw the menu."""
    app.jinja_env.globals.update(menu_groups=groups, start_page=start_page, role_name=ROLE_NAMES.__getitem__)


def _items(app: Flask) -> list[Item]:
    marked = [
        Item(view.menu.label, view.menu.group, view.menu.order, endpoint)
        for endpoint, view in app.view_functions.items()
        if hasattr(view, "menu")
    ]
    return marked + list(app.extensions.get("menu", []))
