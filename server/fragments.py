"""A part of a page for htmx: one block of the page's own template, so that page and part cannot differ.

    <section id="work" hx-get="/board?part=work" hx-trigger="every 5s" hx-swap="innerMorph"
             hx-include="find [name=seen]" hx-headers='{"X-Passive": "1"}'>{% block work %}...{% endblock %}</section>

A part carries a mark of its content; a browser that sends the mark it has gets 304 and touches nothing.
"""

import hashlib
from typing import Any

from flask import Response, current_app, make_response, render_template, request

# The query parameters of a page with parts; see `access(query=...)`.
PARTS = frozenset({"part", "seen"})


def wanted() -> str:
    """Which part htmx asks for (`?part=`), "" for the whole page or when something else asks."""
    return request.args.get("part", "") if request.headers.get("HX-Request") == "true" else ""


def render_block(template: str, block: str, **values: Any) -> str:
    """Render one block of a template with the values of its page. Raises KeyError for an unknown block."""
    page = current_app.jinja_env.get_template(template)
    current_app.update_template_context(values)
    return "".join(page.blocks[block](page.new_context(values)))


def part(template: str, block: str, **values: Any) -> Response:
    """One block, or 304 when the browser shows it as it is."""
    text = render_block(template, block, **values)
    mark = hashlib.sha256(text.encode()).hexdigest()[:24]
    if request.args.get("seen") == mark or request.if_none_match.contains(mark):
        response = Response(status=304)
    else:
        response = make_response(f'{text}<input type="hidden" name="seen" value="{mark}">')
    response.set_etag(mark)
    return response


def page(template: str, **values: Any) -> Response:
    """The whole page."""
    return make_response(render_template(template, **values))
