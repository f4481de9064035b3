"""What the columns of a reference file mean: our words, their French names, and how a cell becomes a value.

A `Kind` is one sort of file (`orders.csv`, `gammes.csv`); its columns say how they are read. Cells are read with a
`Style`: a file that separates with semicolons comes from a place where 1,5 is one and a half.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from sync.core.billing import CONDITIONS
from sync.core.canonical import BadJson, check, dump
from sync.core.lookalikes import hidden
from sync.core.quantity import parse_decimal

CODE_LENGTH = 64
NAME_LENGTH = 200
UNIT_LENGTH = 16


def _(sentence: str) -> str:
    """Marks a sentence for the message catalogue; it is translated where it is shown."""
    return sentence


class BadCell(ValueError):
    """A cell cannot be read. `sentence` is a msgid with `{placeholders}` for `params`."""

    def __init__(self, sentence: str, **params: str) -> None:
        super().__init__(sentence.format(**params))
        self.sentence, self.params = sentence, params


@dataclass(frozen=True, slots=True)
class Style:
    """How the file writes: `decimal_comma` admits 1,5 and groups of thousands by spaces; `typed`: its numbers and days
    are such, as a workbook's are, so that text is none."""

    decimal_comma: bool = False
    typed: bool = False


Reader = Callable[[str, Style], Any]


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, how it is read, other names it may have, whether a cell may be empty (then `empty`)."""

    name: str
    read: Reader
    aliases: tuple[str, ...] = ()
    required: bool = False
    empty: Any = ""


@dataclass(frozen=True, slots=True)
class Kind:
    """One sort of file. `key` identifies a row; `finish` turns the cells of a row into what is stored; `family` knows
    columns beyond the fixed ones by their header."""

    name: str
    aliases: tuple[str, ...]
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    finish: Callable[[dict[str, Any]], dict[str, Any]] = field(default=dict)
    family: Callable[[str], Column | None] = field(default=lambda header: None)

    def column(self, header: str) -> Column | None:
        """The column a header names, in any spelling of case, accents and spaces."""
        name = folded(header)
        found = next((column for column in self.columns if name == column.name or name in column.aliases), None)
        return found or self.family(header)


def folded(text: str) -> str:
    """`Poste de charge` and `poste_de_charge` are one name."""
    plain = unicodedata.normalize("NFKD", text.strip().lower())
    letters = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return "_".join("".join(letter if letter.isalnum() else " " for letter in letters).split())


# --- cells -------------------------------------------------------------------------------------------------------


def text(cell: str, style: Style, longest: int = NAME_LENGTH) -> str:
    """Text for people, kept as it is, whatever it begins with."""
    value = unicodedata.normalize("NFC", cell)
    try:
        check(value)
    except BadJson as wrong:
        raise BadCell(_("holds a control or invisible character: remove it")) from wrong
    if "\n" in value or "\r" in value or "\t" in value:
        raise BadCell(_("holds a line break or a tab: write it on one line"))
    if len(value) > longest:
        raise BadCell(_("is longer than {longest} characters: shorten it"), longest=str(longest))
    return value


def code(cell: str, style: Style) -> str:
    """What a thing is called by people and facts: nothing in it that nobody sees."""
    value = text(cell, style, CODE_LENGTH)
    if hidden(value):
        raise BadCell(_("holds a control or invisible character: remove it"))
    return value


unit = partial(text, longest=UNIT_LENGTH)


# A point before three digits: 1.234 is a thousand and more to some, little more than one to others.
_GROUPED = re.compile("-?[1-9][0-9]{0,2}(\\.[0-9]{3})+(,[0-9]+)?", re.ASCII)


def decimal(cell: str, style: Style, *, above_zero: bool = False, signed: bool = False) -> Decimal:
    """A number that is zero or more; `signed`: any number."""
    plain = cell
    if style.decimal_comma:
        if _GROUPED.fullmatch(plain):
            raise BadCell(
                _("“{cell}” may be read in two ways: with semicolons between columns, write decimals with a comma and "
                  "thousands without a point"), cell=cell
            )  # fmt: skip
        plain = "".join(plain.split()).replace(",", ".")  # split() knows the no-break spaces of spreadsheets
    elif "," in plain and style.typed:
        raise BadCell(_("“{cell}” is text in this sheet, not a number: make a number of it"), cell=cell)
    elif "," in plain:
        raise BadCell(
            _("“{cell}” is not a number: with commas between columns, write decimals with a point"), cell=cell
        )
    try:
        number = parse_decimal(plain)
    except ValueError as wrong:
        raise BadCell(
            _("“{cell}” is not a number: write digits, at most six of them after the decimal sign"), cell=cell
        ) from wrong
    if (number < 0 and not signed) or (above_zero and not number):
        least = _("“{cell}” must be above zero") if above_zero else _("“{cell}” must not be below zero")
        raise BadCell(least, cell=cell)
    return number


positive = partial(decimal, above_zero=True)


def loss(cell: str, style: Style) -> Decimal:
    """A percent of what goes in that is lost: from 0 to below 100."""
    found = decimal(cell.removesuffix("%").rstrip(), style)
    if found >= 100:
        raise BadCell(_("“{cell}” must be below 100: nothing would be left"), cell=cell)
    return found


def whole(cell: str, style: Style) -> int:
    """A whole number from 0 to a million."""
    if not (cell.isascii() and cell.isdigit() and len(cell) < 7):
        raise BadCell(_("“{cell}” is not a whole number: write digits only"), cell=cell)
    return int(cell)


def day(cell: str, style: Style) -> date:
    """2026-11-20 or 20/11/2026."""
    for pattern in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            found = datetime.strptime(cell, pattern).date()  # noqa: DTZ007 (a day has no time zone)
        except ValueError:
            continue
        if 2000 <= found.year <= 2099:
            return found
    raise BadCell(_("“{cell}” is not a date: write it as 2026-11-20 or 20/11/2026"), cell=cell)


def wall_time(cell: str, style: Style) -> str:
    """A time of day on the wall: 22:00, 7:30, 24:00."""
    found = re.fullmatch("([0-9]{1,2})[:h]([0-9]{2})", cell.lower(), re.ASCII)
    if not found or int(found[2]) > 59 or int(found[1]) * 60 + int(found[2]) > 24 * 60:
        raise BadCell(_("“{cell}” is not a time of day: write it as 07:30, from 00:00 to 24:00"), cell=cell)
    return f"{int(found[1]):02d}:{found[2]}"


_WEEKDAYS = {
    name: str(number)
    for number, names in enumerate(
        ("monday lundi", "tuesday mardi", "wednesday mercredi", "thursday jeudi", "friday vendredi", "saturday samedi",
         "sunday dimanche"), start=1)
    for name in names.split()
}  # fmt: skip


def weekday(cell: str, style: Style) -> str:
    """A day of the week, 1 (Monday) to 7 or its name, or a date."""
    if re.fullmatch("[1-7]", cell):
        return cell
    if folded(cell) in _WEEKDAYS:
        return _WEEKDAYS[folded(cell)]
    try:
        return day(cell, style).isoformat()
    except BadCell as wrong:
        sentence = _("“{cell}” is neither a weekday nor a date: write 1 for Monday to 7 for Sunday, or 2026-11-20")
        raise BadCell(sentence, cell=cell) from wrong


_YES = ("yes", "true", "1", "oui", "vrai", "x")
_NO = ("no", "false", "0", "non", "faux")


def flag(cell: str, style: Style) -> bool:
    """Yes or no."""
    word = folded(cell)
    if word in _YES or word in _NO:
        return word in _YES
    raise BadCell(_("“{cell}” is neither yes nor no: write yes or no"), cell=cell)


def setting(cell: str, style: Style) -> str | int:
    """The value of a setting: a word, or a whole number."""
    return int(cell) if re.fullmatch("[0-9]{1,9}", cell) else code(cell, style)


def entry_ids(cell: str, style: Style) -> str:
    """Ids of entries, separated by spaces."""
    ids = sorted(set(cell.split()))
    for one in ids:
        if not re.fullmatch("[0-9a-f-]{36}", one):
            raise BadCell(_("“{cell}” is not the id of an entry as it is exported"), cell=one)
    return " ".join(ids)


class OneOf:
    """Reads one of a list of words, each under several names."""

    def __init__(self, words: Mapping[str, str]) -> None:
        self.words = words

    @property
    def choices(self) -> list[str]:
        """The words themselves."""
        return list(dict.fromkeys(self.words.values()))

    def __call__(self, cell: str, style: Style) -> str:
        found = self.words.get(folded(cell))
        if found is None:
            choices = ", ".join(self.choices)
            raise BadCell(_("“{cell}” is not known here: write one of {choices}"), cell=cell, choices=choices)
        return found


one_of = OneOf


def _words(*names: str) -> dict[str, str]:
    """ "closed ferme clos" -> each of these stands for the first."""
    return {other: line.split()[0] for line in names for other in line.split()}


order_kind = OneOf(_words("manufacturing fabrication of", "case dossier affaire", "project projet", "ticket incident"))
order_status = OneOf(_words("open ouvert en_cours", "closed ferme clos termine"))
_method = OneOf(_words("standard cout_standard", "moving_average cump cmup pmp cump_apres_chaque_entree",
                        "period_average cump_fin_de_periode cump_de_fin_de_periode cump_mensuel",
                        "fifo peps premier_entre_premier_sorti"))  # fmt: skip
negative_stock = OneOf(_words("last_cost dernier_cout", "hold attendre attente"))


def valuation(cell: str, style: Style) -> str:
    """A method of valuation; last in, first out is known, and refused."""
    if folded(cell) in ("lifo", "deps", "dernier_entre_premier_sorti"):
        raise BadCell(
            _("“{cell}” is not allowed: IAS 2 and the French chart of accounts admit no last in, first out; "
              "write fifo, moving_average, period_average or standard"),
            cell=cell,
        )  # fmt: skip
    return str(_method(cell, style))


follows = OneOf(_words("department atelier", "work_center poste_de_charge poste", "item article produit",
                        "order ordre of", "customer client"))  # fmt: skip
reason_kind = OneOf(_words("defect defaut rebut", "downtime arret panne", "pause", "correction", "help aide appel"))
rate_kind = OneOf(_words("labor main_d_oeuvre mo", "machine", "standard_labor main_d_oeuvre_standard mo_standard",
                          "standard_cost cout_standard"))  # fmt: skip
rate_subject = OneOf(_words("person personne", "rate_group categorie categorie_de_cout",
                             "work_center poste_de_charge poste", "item article"))  # fmt: skip
language = OneOf(_words("en english anglais", "fr french francais"))

default_field = OneOf(_words("order ordre of", "customer client", "item article produit",
                              "work_center poste_de_charge poste", "department atelier", "reason motif",
                              "element nature"))  # fmt: skip
side = OneOf(_words("debit", "credit"))
element = OneOf(_words("labor main_d_oeuvre mo", "setup reglage", "machine", "material matiere",
                        "rework retouche", "overhead charges_indirectes frais_generaux",
                        "subcontracting sous_traitance"))  # fmt: skip
standard_element = OneOf(_words("labor main_d_oeuvre mo", "setup reglage", "machine", "material matiere",
                                 "overhead charges_indirectes frais_generaux", "subcontracting sous_traitance",
                                 "by_product sous_produit"))  # fmt: skip
per = OneOf(_words("piece", "lot"))
driver = OneOf(_words("labor_hour heure_de_main_d_oeuvre heure_mo", "machine_hour heure_machine",
                       "material_percent pour_cent_matiere",
                       "labor_percent pour_cent_main_d_oeuvre pour_cent_mo"))  # fmt: skip
nature = OneOf(_words("fixed fixe", "variable"))
method = OneOf(_words("net_value valeur_nette", "percent pour_cent", "sales_value valeur_de_vente"))


calendar_kind = OneOf(_words("work travail", "break pause", "holiday ferie jour_ferie"))
premium_kind = OneOf(_words("overtime_day heures_supplementaires_jour hs_jour",
                             "overtime_week heures_supplementaires_semaine hs_semaine", "night nuit",
                             "weekend week_end fin_de_semaine", "holiday ferie jour_ferie"))  # fmt: skip


# --- rows --------------------------------------------------------------------------------------------------------


def _names_by_language(row: dict[str, Any]) -> dict[str, Any]:
    """name and name_fr become one name by language; one alone stands for both."""
    english, french = row.pop("name", ""), row.pop("name_fr", "")
    english = english or french or row["code"]
    return {**row, "name": {"en": english, "fr": french or english}}


def _recognisable(row: dict[str, Any]) -> dict[str, Any]:
    """A person is recognised by number or key."""
    if not row.get("number") and not row.get("key"):
        raise BadCell(_("a person needs a number: fill the column number"))
    return {name: value for name, value in row.items() if name != "key" or value}


def _sequence_from_number(row: dict[str, Any]) -> dict[str, Any]:
    """An operation without a sequence follows its number, which then has to be one."""
    if row.get("sequence") is None:
        number = row["number"]
        if not (number.isascii() and number.isdigit() and len(number) < 7):
            raise BadCell(_("operation “{number}” is not a number: fill the column sequence too"), number=number)
        row["sequence"] = int(number)
    return row


def _of_plan(header: str) -> Column | None:
    """A column for each plan: `plan:PRODUCT`, `axe:PRODUCT`."""
    word, colon, plan = header.partition(":")
    known = colon and folded(word) in ("plan", "axe") and plan.strip()
    return Column(f"plan:{plan.strip()}", code) if known else None


def _on_plans(row: dict[str, Any]) -> dict[str, Any]:
    """The accounts of a line, by plan, as canonical JSON."""
    accounts = {name.partition(":")[2]: row.pop(name) for name in list(row) if name.startswith("plan:")}
    return {**row, "accounts": dump({plan: account for plan, account in accounts.items() if account})}


def _timed(row: dict[str, Any]) -> dict[str, Any]:
    """Work and breaks have times; a holiday has both or none."""
    starts, ends = row.get("starts", ""), row.get("ends", "")
    if bool(starts) != bool(ends):
        raise BadCell(_("give both starts and ends, or neither"))
    if not starts and row["kind"] != "holiday":
        raise BadCell(_("only a holiday may be without times: fill starts and ends"))
    return {**row, "starts": starts, "ends": ends}


def _conditioned(row: dict[str, Any]) -> dict[str, Any]:
    """Overtime has a threshold and no times, night has times, nothing but overtime has a threshold."""
    starts, ends, overtime = row.get("starts", ""), row.get("ends", ""), row["kind"].startswith("overtime")
    if bool(starts) != bool(ends):
        raise BadCell(_("give both starts and ends, or neither"))
    if overtime and (starts or row.get("threshold_h") is None):
        raise BadCell(_("overtime begins beyond a number of hours: fill threshold_h, leave starts and ends empty"))
    if not overtime and row.get("threshold_h"):
        raise BadCell(_("only overtime has a threshold: leave threshold_h empty"))
    if row["kind"] == "night" and (not starts or starts == ends):
        raise BadCell(_("a night premium needs the times it begins and ends at: fill starts and ends"))
    return {**row, "starts": starts, "ends": ends, "threshold_h": row.get("threshold_h") or Decimal(0)}


_SINCE = Column("valid_from", day, ("valable_du", "a_partir_du", "date_d_effet"), empty=date.min)
_PER_PIECE = ("quantite_par_piece", "quantite_unitaire", "quantite")
_WASTE = ("chute_pour_cent", "taux_de_perte", "perte_pour_cent")
_MIX = ("groupe_de_melange", "melange")
_ORDER = ("ordre", "of", "order_code", "numero_of")
_CENTER = ("poste_de_charge", "poste")
_CALENDAR = Column("calendar", code, ("calendrier",))
_STARTS = Column("starts", wall_time, ("debut", "de"))
_ENDS = Column("ends", wall_time, ("fin", "a"))
_ITEM = ("article", "code_article")
_NAME = Column("name", text, ("nom", "libelle", "designation"))
_CODE = Column("code", code, ("reference", "numero", "code_article"), required=True)

KINDS = {
    kind.name: kind
    for kind in (
        Kind("departments", ("ateliers", "departements"), (_CODE, _NAME), ("code",)),
        Kind(
            "calendars",
            ("calendriers", "horaires"),
            (
                Column("calendar", code, ("calendrier",), required=True),
                Column("weekday", weekday, ("jour", "jour_de_la_semaine", "date"), required=True),
                _STARTS,
                _ENDS,
                Column("kind", calendar_kind, ("type", "nature"), required=True),
                _SINCE,
            ),
            ("calendar", "valid_from", "weekday", "kind", "starts"),
            _timed,
        ),
        Kind(
            "premiums",
            ("majorations", "primes"),
            (
                Column("premium", code, ("majoration", "prime"), required=True),
                Column("kind", premium_kind, ("type", "nature"), required=True),
                _STARTS,
                _ENDS,
                Column("threshold_h", decimal, ("seuil_h", "seuil"), empty=None),
                Column("percent", decimal, ("pourcentage", "pour_cent", "taux"), required=True),
                _SINCE,
            ),
            ("premium", "valid_from"),
            _conditioned,
        ),
        Kind(
            "work_centers",
            ("postes_de_charge", "postes"),
            (_CODE, _NAME, Column("department", code, ("atelier", "departement")), _CALENDAR),
            ("code",),
        ),
        Kind("machines", (), (_CODE, _NAME, Column("work_center", code, _CENTER, required=True)), ("code",)),
        Kind(
            "people",
            ("personnes", "operateurs", "personnel"),
            (
                Column("number", code, ("matricule", "numero"), empty=None),
                _NAME,
                Column("rate_group", code, ("categorie", "categorie_de_cout")),
                Column("department", code, ("atelier", "departement")),
                _CALENDAR,
                Column("language", language, ("langue",)),
                Column("active", flag, ("actif",), empty=True),
                Column("key", code, ("cle",), empty=None),
            ),
            ("number", "key"),
            _recognisable,
        ),
        Kind("locations", ("emplacements",), (_CODE, _NAME), ("code",)),
        Kind(
            "items",
            ("articles",),
            (
                _CODE,
                _NAME,
                Column("unit", unit, ("unite",), required=True),
                Column("valuation", valuation, ("valorisation",), empty="standard"),
                Column("negative_stock", negative_stock, ("stock_negatif",), empty="last_cost"),
                Column("lot_size", decimal, ("taille_de_lot", "lot"), empty=Decimal(0)),
            ),
            ("code",),
        ),
        Kind(
            "item_units",
            ("unites_articles", "unites"),
            (
                Column("item", code, _ITEM, required=True),
                Column("unit", unit, ("unite",), required=True),
                Column("factor", positive, ("facteur", "coefficient"), required=True),
            ),
            ("item", "unit"),
        ),
        Kind(
            "routings",
            ("gammes_articles", "gammes_standard"),
            (
                Column("item", code, _ITEM, required=True),
                Column("number", code, ("numero", "operation", "phase"), required=True),
                _NAME,
                Column("sequence", whole, ("rang", "ordre_de_passage"), empty=None),
                Column("work_center", code, _CENTER),
                Column("standard_setup_min", decimal, ("reglage_min", "temps_de_reglage_min"), empty=Decimal(0)),
                Column("standard_run_min", decimal, ("temps_unitaire_min", "execution_min"), empty=Decimal(0)),
                _SINCE,
            ),
            ("item", "valid_from", "number"),
            _sequence_from_number,
        ),
        Kind(
            "bills",
            ("nomenclatures_articles", "nomenclatures_standard"),
            (
                Column("item", code, _ITEM, required=True),
                Column("component", code, ("composant",), required=True),
                Column("quantity_per", positive, _PER_PIECE, required=True),
                Column("unit", unit, ("unite",), required=True),
                Column("operation", code, ("phase",)),
                Column("waste_percent", loss, _WASTE, empty=Decimal(0)),
                Column("mix_group", code, _MIX),
                _SINCE,
            ),
            ("item", "valid_from", "component", "operation"),
        ),
        Kind(
            "standards",
            ("couts_standards", "couts_preetablis", "fiches_de_cout"),
            (
                Column("item", code, _ITEM, required=True),
                Column("version", code, (), required=True),
                Column("valid_from", day, ("valable_du", "a_partir_du", "date_d_effet"), required=True),
                Column("lot_size", decimal, ("taille_de_lot", "lot"), empty=Decimal(0)),
                Column("operation", code, ("phase",)),
                Column("element", standard_element, ("nature",), required=True),
                Column("component", code, ("composant",)),
                Column("quantity_per", positive, ("quantite_par_piece", "quantite"), required=True),
                Column("per", per, ("par",), empty="piece"),
                Column("price", decimal, ("prix",), empty=None),
                Column("unit", unit, ("unite",)),
                Column("mix_group", code, _MIX),
            ),
            ("item", "version", "operation", "element", "component", "per"),
        ),
        Kind(
            "overheads",
            ("charges_indirectes", "frais_generaux", "frais_indirects"),
            (
                Column("pool", code, ("centre", "section"), required=True),
                Column("driver", driver, ("unite_d_oeuvre", "inducteur"), required=True),
                Column("subject", code, ("porte_sur", "poste_ou_atelier")),
                Column("nature", nature, ("comportement",), required=True),
                Column("rate", decimal, ("taux", "percent", "pour_cent"), empty=None),
                Column("normal_capacity", decimal, ("activite_normale", "capacite_normale"), empty=Decimal(0)),
                Column("budget", decimal, ("budget_mensuel",), empty=Decimal(0)),
                _SINCE,
            ),
            ("pool", "nature", "subject", "valid_from"),
        ),
        Kind(
            "losses",
            ("pertes", "pertes_normales"),
            (
                Column("item", code, _ITEM),
                Column("operation", code, ("phase",)),
                Column("normal_loss_percent", loss, ("perte_normale_pour_cent",), empty=Decimal(0)),
                Column("disposal_value", decimal, ("valeur_du_rebut", "valeur_de_recuperation"), empty=Decimal(0)),
                Column("scrap_item", code, ("article_de_rebut",)),
                Column("scrap_quantity", positive, ("quantite_de_rebut",), empty=Decimal(1)),
                _SINCE,
            ),
            ("item", "operation", "valid_from"),
        ),
        Kind(
            "subcontracts",
            ("sous_traitances", "sous_traitance"),
            (
                Column("work_center", code, _CENTER),
                Column("item", code, _ITEM),
                Column("operation", code, ("phase",)),
                Column("price", decimal, ("prix",), required=True),
                Column("supplier", code, ("fournisseur", "sous_traitant")),
                Column("service", code, ("prestation",)),
                _SINCE,
            ),
            ("work_center", "item", "operation", "valid_from"),
        ),
        Kind(
            "by_products",
            ("sous_produits", "coproduits"),
            (
                Column("item", code, _ITEM),
                Column("by_product", code, ("sous_produit", "coproduit"), required=True),
                Column("method", method, ("methode",), empty="net_value"),
                Column("value", decimal, ("valeur",), required=True),
                _SINCE,
            ),
            ("item", "by_product", "valid_from"),
        ),
        Kind(
            "orders",
            ("ordres", "ordres_de_fabrication", "of"),
            (
                Column("code", code, ("numero", "of", "ordre", "reference"), required=True),
                Column("item", code, _ITEM),
                Column("quantity", decimal, ("quantite",), empty=Decimal(0)),
                Column("kind", order_kind, ("type", "nature"), empty=None),
                Column("customer", text, ("client",)),
                Column("due_on", day, ("echeance", "date_d_echeance", "due_date"), empty=None),
                Column("status", order_status, ("statut", "etat"), empty="open"),
                Column("released_on", day, ("lance_le", "date_de_lancement", "lancement"), empty=None),
                Column("standard_version", code, ("version_du_standard", "version_standard")),
                Column("billable", flag, ("facturable",), empty=None),
            ),
            ("code",),
        ),
        Kind(
            "operations",
            ("gammes", "gamme", "routing"),
            (
                Column("order", code, _ORDER, required=True),
                Column("number", code, ("numero", "operation", "phase"), required=True),
                _NAME,
                Column("sequence", whole, ("rang", "ordre_de_passage"), empty=None),
                Column("work_center", code, _CENTER),
                Column("standard_setup_min", decimal, ("reglage_min", "temps_de_reglage_min"), empty=Decimal(0)),
                Column("standard_run_min", decimal, ("temps_unitaire_min", "execution_min"), empty=Decimal(0)),
            ),
            ("order", "number"),
            _sequence_from_number,
        ),
        Kind(
            "components",
            ("composants", "nomenclatures", "nomenclature"),
            (
                Column("order", code, _ORDER, required=True),
                Column("item", code, ("article", "composant"), required=True),
                Column("operation", code, ("phase",)),
                Column("quantity_per", positive, _PER_PIECE, required=True),
                Column("unit", unit, ("unite",), required=True),
                Column("backflush", flag, ("post_consommation", "retro_consommation"), empty=False),
                Column("waste_percent", loss, _WASTE, empty=Decimal(0)),
                Column("mix_group", code, _MIX),
            ),
            ("order", "item", "operation"),
        ),
        Kind(
            "plans",
            ("axes",),
            (_CODE, _NAME, Column("follows", follows, ("suit", "selon"))),
            ("code",),
        ),
        Kind(
            "accounts",
            ("comptes", "sections"),
            (
                Column("plan", code, ("axe",), required=True),
                Column("code", code, ("compte", "section"), required=True),
                _NAME,
                Column("parent", code, ("compte_pere", "pere")),
                _SINCE,
            ),
            ("plan", "code", "valid_from", "parent"),
        ),
        Kind(
            "account_maps",
            ("correspondances", "correspondances_de_comptes"),
            (
                Column("plan", code, ("axe",), required=True),
                Column("account", code, ("compte", "section"), required=True),
                Column("maps_to", code, ("devient", "vers"), required=True),
                _SINCE,
            ),
            ("plan", "account", "valid_from", "maps_to"),
        ),
        Kind(
            "distributions",
            ("cles_de_repartition", "cles", "grilles_de_ventilation"),
            (
                Column("name", code, ("nom", "cle"), required=True),
                Column("plan", code, ("axe",), required=True),
                Column("account", code, ("compte", "section"), required=True),
                Column("percent", positive, ("pourcentage", "pour_cent"), required=True),
            ),
            ("plan", "name", "account"),
        ),
        Kind(
            "defaults",
            ("imputations_par_defaut", "comptes_par_defaut"),
            (
                Column("plan", code, ("axe",), required=True),
                Column("when_field", default_field, ("si", "critere"), required=True),
                Column("when_value", text, ("vaut", "valeur"), required=True),
                Column("account", code, ("compte", "section", "distribution", "cle")),
                Column("priority", whole, ("priorite",), empty=100),
                _SINCE,
            ),
            ("plan", "when_field", "when_value", "priority", "valid_from"),
        ),
        Kind(
            "order_accounts",
            ("ventilations", "comptes_des_ordres", "imputations"),
            (
                Column("order", code, _ORDER, required=True),
                Column("plan", code, ("axe",), required=True),
                Column("account", code, ("compte",), required=True),
                Column("percent", positive, ("pourcentage", "pour_cent"), required=True),
            ),
            ("order", "plan", "account"),
        ),
        Kind(
            "reasons",
            ("motifs",),
            (
                Column("kind", reason_kind, ("type", "nature"), required=True),
                _CODE,
                _NAME,
                Column("name_fr", text, ("nom_fr", "libelle_fr")),
            ),
            ("kind", "code"),
            _names_by_language,
        ),
        Kind(
            "activities",
            ("activites",),
            (
                _CODE,
                _NAME,
                Column("name_fr", text, ("nom_fr", "libelle_fr")),
                Column("billable", flag, ("facturable",), empty=True),
                Column("idle", flag, ("improductif", "temps_improductif"), empty=False),
            ),
            ("code",),
            _names_by_language,
        ),
        Kind(
            "rates",
            ("taux", "taux_horaires"),
            (
                Column("kind", rate_kind, ("type", "nature"), required=True),
                Column("subject_kind", rate_subject, ("type_de_sujet", "porte_sur"), required=True),
                Column("subject", code, ("sujet",), required=True),
                Column("valid_from", day, ("valable_du", "a_partir_du", "date_d_effet"), required=True),
                Column("amount", decimal, ("montant", "taux"), required=True),
                Column("includes_labor", flag, ("main_d_oeuvre_comprise", "mo_comprise"), empty=False),
            ),
            ("kind", "subject_kind", "subject", "valid_from"),
        ),
        Kind(
            "billable_rates",
            ("taux_facturables", "taux_de_facturation", "tarifs", "tarifs_horaires"),
            (
                Column("order", code, _ORDER),
                Column("customer", text, ("client",)),
                Column("kind", order_kind, ("type", "nature")),
                Column("activity", code, ("activite",)),
                Column("person", code, ("personne", "matricule")),
                Column("rate_group", code, ("categorie", "categorie_de_cout")),
                _SINCE,
                Column("valid_until", day, ("valable_jusqu_au", "jusqu_au", "fin"), empty=None),
                Column("amount", decimal, ("montant", "taux", "tarif"), required=True),
            ),
            (*CONDITIONS, "valid_from"),
        ),
        Kind(
            "general",
            ("ecritures_generales", "comptabilite_generale"),
            (
                Column("id", code, ("numero", "ecriture", "ecriturenum"), required=True),
                Column("date", day, ("ecrituredate",), required=True),
                Column("journal", code, ("journalcode",)),
                Column("account", code, ("compte", "comptenum"), required=True),
                Column("debit", decimal, (), empty=Decimal(0)),
                Column("credit", decimal, (), empty=Decimal(0)),
                Column("text", text, ("libelle", "ecriturelib")),
                Column("entries", entry_ids, ("ecritures_analytiques",)),
            ),
            ("id",),
        ),
        Kind(
            "manual",
            ("operations_diverses", "od_analytiques", "od"),
            (
                Column("ref", code, ("reference", "piece"), required=True),
                Column("date", day, (), empty=None),
                Column("text", text, ("libelle",)),
                Column("element", element, ("nature",)),
                Column("side", side, ("sens",)),
                Column("object", code, ("objet",)),
                Column("amount", decimal, ("montant",), empty=None),
                Column("general", code, ("ecriture_generale",)),
                Column("reverses", code, ("extourne", "contrepasse")),
            ),
            ("ref", "side", "object", "amount", "accounts"),
            _on_plans,
            _of_plan,
        ),
        Kind(
            "policy",
            ("reglages", "politique"),
            (
                Column("setting", code, ("reglage",), required=True),
                Column("value", setting, ("valeur",), required=True),
                Column("valid_from", day, ("valable_du", "a_partir_du", "date_d_effet"), empty=None),
            ),
            ("setting", "valid_from"),
        ),
    )
}

# What of a file its cells do not say by themselves: units, bases, what empty means. For the reference page.
NOTES = {
    "calendars": "Each `valid_from` gives the calendar whole; an empty one is the beginning, here as elsewhere.",
    "premiums": "`percent` is on top of the hour's rate; `threshold_h` for overtime, `starts` and `ends` for nights.",
    "item_units": "One `unit` is `factor` of the item's own unit.",
    "routings": "Minutes: setup once for a lot, run for each piece; `scrap_percent` of the pieces that enter.",
    "bills": "`quantity_per` is what is in one piece; `waste_percent` of the quantity put in. Items of one `mix_group` "
    "may stand in for each other.",
    "standards": "For one good piece, or one lot of `lot_size`: hours (`unit` h, min or s) of labor, setup, machine; "
    "a quantity of `component` for material, subcontracting and by-product; the pool as `component` for overhead. "
    "`price` is of one unit; empty: what the component's own card says, or its standard cost. The lines of a version "
    "share `valid_from` and `lot_size`; of two versions of one day the last by name holds.",
    "overheads": "`rate` is money for an hour, or percent of material or labor. `budget` and `normal_capacity` (hours, "
    "or money) are of a month; of a fixed pool they may stand in place of the rate. One driver a pool and nature.",
    "losses": "`normal_loss_percent` is of the base the policy `normal_loss_base` names, by default the good output; "
    "`disposal_value` is money for one scrapped piece. Without `item` and `operation`: of all.",
    "subcontracts": "`price` is for one good piece reported at the operation, or at the work center.",
    "by_products": "`value` is money for one unit (`net_value`, `sales_value`) or percent of the order's cost. Joint "
    "products by `sales_value` need a row for the product itself, too.",
    "orders": "`released_on` freezes the standard of that day; `standard_version` names a card instead.",
    "operations": "Minutes: setup once for the order, run for each piece.",
    "components": "`quantity_per` is for one piece; with `backflush` reports of pieces draw it.",
    "distributions": "The percentages of one name make 100.",
    "order_accounts": "The percentages of an order on a plan make 100.",
    "rates": "Money for an hour; `standard_cost`: for one unit of an item. A rate holds until a later one begins.",
    "manual": "The lines of one `ref` balance; `object` is such as `order:MO-1`, `department:TURN`, `overhead:SHOP`, "
    "`general:613200`. Date, text and the like may stand in its first line alone.",
    "policy": "The settings and their words: [settings](settings.md#policy).",
}


def kind_of_file(name: str) -> Kind | None:
    """The kind a file's name says: `orders.csv`, `Ordres.csv`, `07_orders.csv`."""
    stem = folded(name.rsplit("/", 1)[-1].rsplit(".", 1)[0]).lstrip("0123456789_")
    return next((kind for kind in KINDS.values() if stem == kind.name or stem in kind.aliases), None)
