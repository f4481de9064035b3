"""Cost cards and variances of a dry run as tables."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from server import words
from server.problems import fill
from server.terminal import said
from sync.core.findings import CATALOGUE, Outcome

Translate = Callable[[str], str]


def teller(translate: Translate) -> Callable[[Outcome], tuple[str, str]]:
    """Sentence and action of an outcome in a language."""

    def tell(outcome: Outcome) -> tuple[str, str]:
        reason = CATALOGUE[outcome.reason]
        return fill(translate(reason.sentence), outcome.params), translate(reason.action)

    return tell


def card_rows(cards: Iterable[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    """(of what, operation, element, quantity, price, cost) of each line, and the unit cost below."""
    for card in cards:
        name = f"{card.get('order') or card['item']} {card['version']}"
        for line in card["lines"]:
            per = f" / {card['lot_size'] or '?'}" if line["per"] == "lot" else ""
            what = " ".join(filter(None, (words.element(line["element"], said), line["item"])))
            quantity = f"{line['quantity']} {line['unit']}{per}"
            yield name, line["operation"], what, quantity, line["price"] or "?", line["cost"] or "?"
        yield name, "", "", "", "", card["unit_cost"] or card["sentence"]


def variance_rows(orders: Iterable[dict[str, Any]], translate: Translate) -> Iterator[tuple[str, ...]]:
    """(order, category, what, formula, favourable or not, amount) of each variance, and what they add up to."""
    for told in orders:
        if told["variances"] is None:
            yield told["order"], "", "", told["sentence"], "", "?"
            continue
        if "sentence" in told:
            yield told["order"], "", "", told["sentence"], "", "?"
        for variance in told["variances"]:
            element = words.element(variance["element"], said)
            what = " ".join(filter(None, (variance["operation"], element, variance["item"])))
            category = words.variance(variance["category"], said)
            word = translate("favourable") if variance["favourable"] else translate("unfavourable")
            yield told["order"], category, what, variance["formula"], word, variance["amount"]
        formula = f"{told['actual']} - {told['in_work']} - {told['standard']}"
        yield told["order"], translate("Total"), "", formula, "", told["total"]
