"""Formulas as people read them: nothing of what rules write stays in another language."""

import re

import pytest
from flask import Flask
from flask_babel import force_locale

from server.formulas import WORDS, worked
from tests.scenarios import STORIES, run

#: What is no word: hours, pieces, and the sign between factors. Other units are the plant's own.
SIGNS = {"h", "pcs", "x"}


def in_french(formula: str) -> str:
    """With plain spaces, which are easier to read here."""
    with force_locale("fr"):
        return re.sub(r"\s", " ", worked(formula))


def test_a_formula_in_french(app: Flask) -> None:
    with app.app_context():
        assert in_french("3951.47 - 3887.64 at the standard of 2026-11-17 = 63.83 EUR") == (
            "3 951,47 \N{MINUS SIGN} 3 887,64 au standard du 17 nov. 2026 = 63,83 EUR"
        )
        assert in_french("0.2 h x 32.5 EUR/h = 6.50 EUR") == "0,2 h \N{MULTIPLICATION SIGN} 32,5 EUR/h = 6,50 EUR"
        assert in_french("9.50 spent - 1 h x 10.00 EUR = -0.50 EUR") == (
            "9,50 dépensés \N{MINUS SIGN} 1 h \N{MULTIPLICATION SIGN} 10,00 EUR = \N{MINUS SIGN}0,50 EUR"
        )
        assert in_french("labor 675.38 + material 1.00 = 676.38 EUR (18 pcs at 37.576667)") == (
            "main-d’œuvre 675,38 + matière 1,00 = 676,38 EUR (18 pcs à 37,576667)"
        )


def test_codes_of_the_plant_stay(app: Flask) -> None:
    with app.app_context():
        assert in_french("SETUP-labor, fixed: 1.50 h = 2.00 EUR") == "SETUP-labor, fixes : 1,50 h = 2,00 EUR"
        assert in_french("operation OD-1.50-scrap: 3.00 EUR") == "opération OD-1.50-scrap : 3,00 EUR"


def test_long_numbers_are_cut_in_lists_only(app: Flask) -> None:
    with app.app_context(), force_locale("en"):
        assert worked("1.00000000001 kg", short=True) == "1.000000… kg"
        assert worked("1.00000000001 kg") == "1.00000000001 kg"


@pytest.mark.parametrize("story", STORIES)
def test_every_word_of_a_formula_is_known(story: str) -> None:
    """A rule that says something new needs its words here, in every language."""
    dry = run(story)
    units = {item.unit for item in dry.terms.plant.items.values()}
    for entry in dry.costed.entries:
        words = set(re.findall(r"(?<![\w.-])[a-z][a-z_']*(?![\w-])", entry.content["formula"])) - SIGNS - units
        assert words <= {word for phrase in WORDS for word in phrase.split()}, entry.content["formula"]
