"""The demo plant: a French furniture workshop, its people, its routings and its sixty orders.

All of it is invented. `build` turns the tables below into the rows `server.store.plant.put` takes; the same seed and
day give the same plant, people's pseudonymous keys included. Some things are missing on purpose, so that facts wait for
somebody: the labor rate of agency workers, the cost of felt pads, a film wrapper nobody has entered yet.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from server.labels.words import WORDS

NAME = "Ébénisterie du Val-Clair (démo)"
ZONE = "Europe/Paris"
CURRENCY = "EUR"
LANGUAGE = "fr"

WORKING_DAYS = 10
"""Whole working days of facts before today: two weeks."""

Rows = list[dict[str, Any]]

DEPARTMENTS = {
    "DEB": "Débit",
    "USI": "Usinage",
    "FIN": "Finition",
    "MON": "Montage",
    "LOG": "Magasin et expédition",
}

# code: name, department, published standard of an hour of labor, machine rate an hour (None: handwork)
WORK_CENTERS: dict[str, tuple[str, str, str, str | None]] = {
    "SCIE": ("Scie à panneaux", "DEB", "29.50", "24.00"),
    "TRON": ("Tronçonnage massif", "DEB", "29.50", "12.50"),
    "CORR": ("Corroyage", "USI", "31.00", "18.40"),
    "CNC": ("Centre d’usinage", "USI", "34.00", "46.50"),
    "PLAQ": ("Plaquage de chants", "USI", "31.00", "58.00"),
    "PRES": ("Pressage et collage", "MON", "30.00", "9.50"),
    "PONC": ("Ponçage", "FIN", "30.00", "19.00"),
    "VERN": ("Vernis et laque", "FIN", "33.00", "33.20"),
    "MONT": ("Montage", "MON", "31.50", None),
    "EMB": ("Emballage", "LOG", "27.00", None),
}
INCLUDES_LABOR = {"PLAQ"}
"""Work centers whose machine rate covers the operator too."""

MACHINES = {
    "M01": ("Scie à panneaux n° 1", "SCIE"),
    "M02": ("Scie à panneaux n° 2", "SCIE"),
    "M03": ("Tronçonneuse optimisée", "TRON"),
    "M04": ("Corroyeuse quatre faces", "CORR"),
    "M05": ("Dégauchisseuse", "CORR"),
    "M06": ("Centre d’usinage 5 axes", "CNC"),
    "M07": ("Centre d’usinage 3 axes", "CNC"),
    "M08": ("Plaqueuse de chants", "PLAQ"),
    "M09": ("Cadreuse hydraulique", "PRES"),
    "M10": ("Ponceuse large bande", "PONC"),
    "M11": ("Ponceuse de chants", "PONC"),
    "M12": ("Cabine de laque", "VERN"),
    "M13": ("Cabine de vernis", "VERN"),
}

# rate group: hourly cost before and after the raise in the middle of the two weeks; agency work has none yet
RATE_GROUPS: dict[str, tuple[str, str] | None] = {
    "OP1": ("27.40", "27.95"),
    "OP2": ("31.85", "32.50"),
    "OP3": ("36.60", "37.35"),
    "MAG": ("26.90", "27.45"),
    "CHEF": ("41.20", "42.00"),
    "INT": None,
}


@dataclass(frozen=True, slots=True)
class Persona:
    """Somebody of the demo. `skills`: work centers, the own one first; `crew` 0 or 1 works early or late by week;
    `speed`: done work per standard work; `phone`: clocks on a phone of their own."""

    key: str
    number: str
    name: str
    rate_group: str
    department: str
    skills: tuple[str, ...]
    crew: int
    speed: float
    phone: str = ""


# name, rate group, department, skills, speed in percent
_PEOPLE = (
    ("Amina Belkacem", "OP2", "DEB", "SCIE TRON", 104),
    ("Loïc Perrin", "OP1", "DEB", "SCIE TRON", 96),
    ("Mateus Carvalho", "OP1", "DEB", "TRON SCIE CORR", 93),
    ("Jeanne Roussel", "OP2", "USI", "CORR TRON", 101),
    ("Yanis Haddad", "OP1", "USI", "CORR PONC", 95),
    ("Solène Guillou", "OP3", "USI", "CNC SCIE", 108),
    ("Tomasz Nowicki", "OP3", "USI", "CNC SCIE", 103),
    ("Camille Vasseur", "OP2", "USI", "CNC PLAQ", 98),
    ("Idriss Diallo", "OP2", "USI", "PLAQ SCIE", 102),
    ("Élodie Marchand", "OP1", "USI", "PLAQ PONC", 97),
    ("Hugo Lemaire", "OP1", "FIN", "PONC VERN", 92),
    ("Fatou Ndiaye", "OP2", "FIN", "PONC VERN MONT", 103),
    ("Pierrick Le Bihan", "OP1", "FIN", "PONC CORR", 99),
    ("Mehdi Brahimi", "OP2", "FIN", "VERN PONC", 101),
    ("Chloé Fontaine", "OP2", "FIN", "VERN PONC", 106),
    ("Ivana Petrović", "OP3", "FIN", "VERN PONC", 104),
    ("Grégoire Aubry", "OP1", "MON", "PRES MONT", 98),
    ("Lucie Ferrand", "OP2", "MON", "MONT PRES", 105),
    ("Kwame Mensah", "OP2", "MON", "MONT PRES EMB", 100),
    ("Noémie Caron", "OP1", "MON", "MONT EMB", 94),
    ("Bastien Moulin", "INT", "MON", "MONT EMB", 84),
    ("Rachida Ouali", "OP1", "LOG", "EMB MONT", 100),
    ("Denis Charpentier", "OP1", "LOG", "EMB MONT", 97),
    ("Maëlle Kervella", "MAG", "LOG", "", 100),
    ("Stéphane Bonnet", "MAG", "LOG", "", 100),
    ("Nadia Ferreira", "CHEF", "USI", "", 100),
    ("Alain Duchêne", "CHEF", "MON", "", 100),
)
PHONES = {"Hugo Lemaire": "Téléphone Hugo", "Tomasz Nowicki": "Téléphone Tomasz", "Nadia Ferreira": "Téléphone Nadia"}
AGENCY_DAYS = 3
"""The agency worker came so many working days ago."""

# --- material ----------------------------------------------------------------------------------------------------

# code: name, base unit, valuation, standard cost of a base unit (None: missing), price paid, other units
ITEMS: dict[str, tuple[str, str, str, str | None, str, dict[str, str]]] = {
    "PAN-CHE19": ("Panneau plaqué chêne 19 mm", "m2", "standard", "38.50", "39.10", {"panneau": "5.796"}),
    "PAN-MDF19": ("Panneau MDF 19 mm", "m2", "moving_average", "9.80", "9.65", {"panneau": "5.796"}),
    "PAN-MEL16": ("Panneau mélaminé blanc 16 mm", "m2", "standard", "8.40", "8.40", {"panneau": "5.796"}),
    "CHE-AV27": ("Avivé chêne 27 mm", "m3", "moving_average", "1480", "1465", {}),
    "CHE-AV54": ("Avivé chêne 54 mm", "m3", "moving_average", "1690", "1712", {}),
    "CHA-CHE23": ("Chant chêne 23 mm", "m", "standard", "0.62", "0.60", {"rouleau": "100"}),
    "CHA-BLA23": ("Chant ABS blanc 23 mm", "m", "standard", "0.31", "0.33", {"rouleau": "150"}),
    "LAQ-BLANC": ("Laque blanche mate", "l", "moving_average", "14.20", "14.05", {"bidon": "25"}),
    "VER-MAT": ("Vernis incolore mat", "l", "moving_average", "11.60", "11.90", {"bidon": "20"}),
    "TEI-NOYER": ("Teinte noyer", "l", "moving_average", "17.30", "17.30", {"bidon": "5"}),
    "COL-D3": ("Colle vinylique D3", "kg", "standard", "3.90", "3.90", {"seau": "10"}),
    "CHARN-110": ("Charnière 110°", "pcs", "standard", "1.85", "1.79", {"boîte": "50"}),
    "COUL-450": ("Coulisse 450 mm, la paire", "pcs", "standard", "9.40", "9.40", {}),
    "POI-INOX": ("Poignée inox 160 mm", "pcs", "moving_average", "3.10", "3.25", {}),
    "VIS-4X40": ("Vis 4 × 40", "pcs", "standard", "0.035", "0.034", {"boîte": "200"}),
    "EXC-15": ("Excentrique d’assemblage 15 mm", "pcs", "standard", "0.19", "0.19", {"sachet": "100"}),
    "PAT-FEUTRE": ("Patin feutre", "pcs", "standard", None, "0.11", {"planche": "24"}),
    "CARTON-E": ("Carton d’emballage", "pcs", "standard", "2.10", "2.25", {}),
    "FILM-BUL": ("Film à bulles", "m2", "standard", "0.48", "0.48", {"rouleau": "60"}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Need:
    """Material for one piece at one step (its index). It is drawn `drawn` at a time, in whole ones or by `parcel`."""

    item: str
    step: int
    quantity: Decimal
    unit: str
    drawn: str
    parcel: Decimal


@dataclass(frozen=True, slots=True)
class Product:
    """What is made: steps (name, work center, standard minutes of setup and of a piece), material, lot sizes."""

    code: str
    name: str
    family: str
    steps: tuple[tuple[str, str, int, Decimal], ...]
    needs: tuple[Need, ...]
    lots: tuple[int, ...]


FAMILIES = {"TABLES": "Tables et bancs", "RANGEMENT": "Rangements", "BUREAU": "Bureaux", "AGENCEMENT": "Agencement"}


def _product(code: str, name: str, family: str, lots: tuple[int, ...], steps: str, needs: str) -> Product:
    made, needed = [], []
    for line in steps.strip().splitlines():
        words, center, setup, run = line.rsplit(maxsplit=3)
        made.append((words.strip(), center, int(setup), Decimal(run)))
    for line in needs.strip().splitlines():
        item, step, quantity, unit, drawn, parcel = line.split()
        needed.append(Need(item, int(step), Decimal(quantity), unit, drawn, Decimal(parcel)))
    return Product(code, name, family, tuple(made), tuple(needed), lots)


PRODUCTS = (
    _product("TAB-180", "Table de repas chêne 180 cm", "TABLES", (12, 16, 20), """
        Tronçonnage des lames   TRON  14 13
        Corroyage               CORR  22 25
        Collage du plateau      PRES  15 18
        Ponçage                 PONC  10 22
        Vernis                  VERN  20 18
        Montage des pieds       MONT  12 34
        """, """
        CHE-AV54 0 0.062 m3 m3 0.01
        COL-D3   2 0.35  kg kg 0.5
        VER-MAT  4 0.55  l  l  0.5
        VIS-4X40 5 16 pcs boîte 1
        """),
    _product("BANC-160", "Banc chêne 160 cm", "TABLES", (16, 20, 28), """
        Tronçonnage             TRON  12  9
        Corroyage               CORR  20 17
        Collage                 PRES  12 10
        Ponçage                 PONC   8 13
        Vernis                  VERN  20 10
        Montage et patins       MONT   8 15
        """, """
        CHE-AV27 0 0.031 m3 m3 0.01
        COL-D3   2 0.2   kg kg 0.5
        VER-MAT  4 0.3   l  l  0.5
        PAT-FEUTRE 5 4 pcs planche 1
        """),
    _product("BUF-3P", "Buffet trois portes laqué", "RANGEMENT", (14, 18, 24), """
        Débit des panneaux      SCIE  12  9
        Perçage et rainurage    CNC   25 14
        Ponçage avant laque     PONC   8 12
        Laque                   VERN  25 19
        Montage                 MONT  15 41
        Emballage               EMB    5  9
        """, """
        PAN-MDF19 0 4.6 m2 panneau 1
        LAQ-BLANC 3 1.1 l  l  0.5
        CHARN-110 4 6 pcs boîte 1
        POI-INOX  4 3 pcs pcs 1
        VIS-4X40  4 24 pcs boîte 1
        CARTON-E  5 1 pcs pcs 1
        FILM-BUL  5 3.2 m2 m2 1
        """),
    _product("BIB-200", "Bibliothèque chêne 200 cm", "RANGEMENT", (16, 20, 28), """
        Débit des panneaux      SCIE  12 10
        Plaquage de chants      PLAQ  15 13
        Perçage                 CNC   20 11
        Vernis                  VERN  20 15
        Montage à blanc         MONT  10 22
        Emballage à plat        EMB    5  8
        """, """
        PAN-CHE19 0 5.1 m2 panneau 1
        CHA-CHE23 1 14  m rouleau 1
        VER-MAT   3 0.6 l l 0.5
        EXC-15    4 24 pcs sachet 1
        CARTON-E  5 2 pcs pcs 1
        """),
    _product("DRES-4", "Dressing quatre portes", "RANGEMENT", (10, 14, 18), """
        Débit                   SCIE  12 15
        Plaquage de chants      PLAQ  15 18
        Perçage                 CNC   22 16
        Montage                 MONT  12 38
        Emballage               EMB    5 11
        """, """
        PAN-MEL16 0 9.4 m2 panneau 1
        CHA-BLA23 1 26 m rouleau 1
        CHARN-110 3 12 pcs boîte 1
        COUL-450  3 2 pcs pcs 1
        CARTON-E  4 3 pcs pcs 1
        """),
    _product("CHEV-1", "Chevet un tiroir", "RANGEMENT", (40, 56, 70), """
        Débit                   SCIE  10  3.5
        Plaquage de chants      PLAQ  12  4.5
        Usinage                 CNC   22  6
        Laque                   VERN  25  7.5
        Montage                 MONT  10 13
        """, """
        PAN-MDF19 0 1.15 m2 panneau 1
        CHA-BLA23 1 4.5 m rouleau 1
        LAQ-BLANC 3 0.32 l l 0.5
        COUL-450  4 1 pcs pcs 1
        POI-INOX  4 1 pcs pcs 1
        """),
    _product("BUR-140", "Bureau 140 cm", "BUREAU", (24, 28, 36), """
        Débit                   SCIE  10  5
        Plaquage de chants      PLAQ  12  7
        Perçage                 CNC   18  8
        Montage                 MONT  10 20
        Emballage               EMB    5  6
        """, """
        PAN-CHE19 0 2.3 m2 panneau 1
        CHA-CHE23 1 7 m rouleau 1
        VIS-4X40  3 20 pcs boîte 1
        EXC-15    3 8 pcs sachet 1
        CARTON-E  4 1 pcs pcs 1
        """),
    _product("CAIS-3T", "Caisson trois tiroirs", "BUREAU", (30, 36, 44), """
        Débit                   SCIE  10  4
        Plaquage de chants      PLAQ  12  5.5
        Perçage                 CNC   18  7
        Montage                 MONT   8 19
        """, """
        PAN-MEL16 0 1.9 m2 panneau 1
        CHA-BLA23 1 6 m rouleau 1
        COUL-450  3 3 pcs pcs 1
        POI-INOX  3 3 pcs pcs 1
        """),
    _product("ETAG-M", "Étagère murale chêne", "AGENCEMENT", (60, 80, 100), """
        Tronçonnage             TRON  12  3
        Corroyage               CORR  20  6
        Ponçage                 PONC   8  5
        Vernis                  VERN  18  4
        Emballage               EMB    5  3
        """, """
        CHE-AV27 0 0.009 m3 m3 0.01
        VER-MAT  3 0.12 l l 0.5
        CARTON-E 4 1 pcs pcs 1
        """),
    _product("COMPT-A", "Comptoir d’accueil", "AGENCEMENT", (2, 3, 4), """
        Débit                   SCIE  15  45
        Usinage des courbes     CNC   45  90
        Collage                 PRES  25  70
        Ponçage                 PONC  10  75
        Laque                   VERN  30  80
        Montage                 MONT  20 190
        """, """
        PAN-MDF19 0 18 m2 panneau 1
        PAN-CHE19 0 6 m2 panneau 1
        COL-D3    2 3 kg kg 0.5
        LAQ-BLANC 4 5.5 l l 0.5
        VIS-4X40  5 120 pcs boîte 1
        """),
    _product("FAC-LAQ", "Façade de cuisine laquée", "AGENCEMENT", (80, 110, 140), """
        Débit                   SCIE   8  1.5
        Usinage                 CNC   22  4.5
        Ponçage                 PONC   8  4
        Laque deux faces        VERN  25  6
        Emballage               EMB    5  1.5
        """, """
        PAN-MDF19 0 0.42 m2 panneau 1
        LAQ-BLANC 3 0.18 l l 0.5
        FILM-BUL  4 0.6 m2 m2 1
        """),
)  # fmt: skip

CUSTOMERS = (
    "Hôtel des Trois Tilleuls",
    "Boutiques Lumenor",
    "Mairie de Saint-Aubrac",
    "Clinique du Cèdre Bleu",
    "Cuisines Marsanne",
    "Librairie La Page Cornée",
    "Résidence Les Glycinelles",
    "Agence Quatre Vents",
)

# --- words -------------------------------------------------------------------------------------------------------

# kind, code, English, French
REASONS = (
    ("defect", "RAYURE", "Scratch", "Rayure"),
    ("defect", "ECLAT", "Chipped edge", "Éclat de chant"),
    ("defect", "COTE", "Wrong dimension", "Hors cote"),
    ("defect", "COULURE", "Paint run", "Coulure de laque"),
    ("defect", "GRAIN", "Dust in the finish", "Grain dans la finition"),
    ("defect", "NOEUD", "Knot or crack in the wood", "Nœud ou fente du bois"),
    ("defect", "COLLAGE", "Glue joint open", "Collage ouvert"),
    ("defect", "CHOC", "Knocked while moving", "Choc de manutention"),
    ("downtime", "PANNE", "Breakdown", "Panne"),
    ("downtime", "OUTIL", "Tool broken or worn", "Outil cassé ou usé"),
    ("downtime", "REGLAGE", "Adjustment", "Réglage"),
    ("downtime", "MATIERE", "Waiting for material", "Attente matière"),
    ("downtime", "NETTOYAGE", "Cleaning", "Nettoyage"),
    ("pause", "PAUSE", "Break", "Pause"),
    ("pause", "REUNION", "Called away", "Appelé ailleurs"),
    ("pause", "ATTMAT", "Material does not come", "Matière non arrivée"),
    ("pause", "SOIN", "First aid", "Premiers soins"),
    ("help", "QUALITE", "Quality", "Qualité"),
    ("help", "REGLEUR", "A setter", "Régleur"),
    ("help", "CARISTE", "Material, forklift", "Matière, cariste"),
    ("help", "CHEF", "The team lead", "Chef d’équipe"),
    ("correction", "UNDO", "Taken back at once", "Annulé tout de suite"),
    ("correction", "SAISIE", "Typing mistake", "Erreur de saisie"),
    ("correction", "ORDRE", "Wrong order scanned", "Mauvais OF scanné"),
    ("correction", "OUBLI", "Clock-out forgotten", "Fin de travail oubliée"),
    ("correction", "DOUBLE", "Reported twice", "Déclaré deux fois"),
)
# code, English, French
ACTIVITIES = (
    ("NETT", "Cleaning", "Nettoyage"),
    ("REUN", "Meeting", "Réunion"),
    ("MAINT", "Maintenance", "Maintenance"),
    ("MANUT", "Moving material", "Manutention"),
    ("FORM", "Training", "Formation"),
    ("ATT", "Waiting", "Attente"),
)

# code: name
LOCATIONS = {
    "MAG-A1": "Magasin, rayon A1 (panneaux)",
    "MAG-B2": "Magasin, rayon B2 (massif)",
    "BORD-DEB": "Bord de ligne débit",
    "BORD-MON": "Bord de ligne montage",
    "SECHOIR": "Séchoir de laque",
    "QUAI": "Quai d’expédition",
}
# item: lots that lie in the store with a label of their own
LOTS = {
    "CHE-AV27": ("2026-B14", "2026-B17"),
    "CHE-AV54": ("2026-B15", "2026-B18"),
    "LAQ-BLANC": ("L 40771", "L 40803"),
    "VER-MAT": ("V 11902",),
}

MINUTES = Decimal(60)
CENT = Decimal("0.01")
FIRST_ORDER = 1001
ORDERS = 60
SHARED_ORDER = "OF-1011"
"""An order two customers share."""
OVERSIZED_ORDER = "OF-1006"
"""An order that makes more pieces than were ordered."""
PROJECT = "OF-1060"
"""A development project: time is spent on it, nothing is made."""


@dataclass(frozen=True, slots=True)
class Job:
    """An order as the simulation sees it: when it is released (working day of the simulation, may be past its end)
    and how its work goes against standard (above 1: slower)."""

    code: str
    product: Product | None
    quantity: int
    customer: str
    due_on: date
    release: int
    drift: float


@dataclass(frozen=True, slots=True)
class DemoPlant:
    """Who works here, what is ordered, and all of it as rows for the store."""

    today: date
    days: tuple[date, ...]
    people: tuple[Persona, ...]
    jobs: tuple[Job, ...]
    raise_on: date

    @property
    def leads(self) -> list[Persona]:
        return [person for person in self.people if person.rate_group == "CHEF"]

    @property
    def storekeepers(self) -> list[Persona]:
        return [person for person in self.people if person.rate_group == "MAG"]

    def rows(self) -> dict[str, Rows]:
        """Rows by kind, in the order in which the store takes them; the orders' status follows from their facts."""
        people = [
            {"key": p.key, "number": p.number, "name": p.name, "rate_group": p.rate_group, "department": p.department}
            for p in self.people
        ]
        reasons = [{"kind": k, "code": c, "name": {"en": en, "fr": fr}} for k, c, en, fr in REASONS]
        activities = [
            {"code": code, "name": {"en": en, "fr": fr}, "idle": code == "ATT"} for code, en, fr in ACTIVITIES
        ]
        centers = [{"code": c, "name": v[0], "department": v[1]} for c, v in WORK_CENTERS.items()]
        return {
            "departments": [{"code": code, "name": name} for code, name in DEPARTMENTS.items()],
            "work_centers": centers,
            "machines": [{"code": c, "name": name, "work_center": wc} for c, (name, wc) in MACHINES.items()],
            "people": people,
            "locations": [{"code": code, "name": name} for code, name in LOCATIONS.items()],
            "items": _items(),
            "item_units": [
                {"item": code, "unit": unit, "factor": Decimal(factor)}
                for code, values in ITEMS.items()
                for unit, factor in values[5].items()
            ],
            **_orders(self.jobs, self.days),
            **_plans(),
            "order_accounts": [
                {"order": SHARED_ORDER, "plan": "customer", "account": CUSTOMERS[0], "percent": Decimal(60)},
                {"order": SHARED_ORDER, "plan": "customer", "account": CUSTOMERS[6], "percent": Decimal(40)},
            ],
            "reasons": reasons,
            "activities": activities,
            "rates": _rates(self.days[0], self.raise_on),
        }


def build(seed: int, today: date) -> DemoPlant:
    """The plant as it stands on `today`. The same seed and day give the same plant."""
    chance = Random(seed)  # noqa: S311 -- an invented world, no secret
    days = _working_days(today)
    people = []
    for index, (name, group, department, skills, percent) in enumerate(_PEOPLE):
        people.append(
            Persona(
                key=f"p{chance.getrandbits(48):012x}",
                number=f"{2001 + 7 * index}",
                name=name,
                rate_group=group,
                department=department,
                skills=tuple(skills.split()),
                crew=index % 2,
                speed=percent / 100,
                phone=PHONES.get(name, ""),
            )
        )
    return DemoPlant(today, days, tuple(people), tuple(_jobs(chance, days)), raise_on=days[WORKING_DAYS // 2])


def _working_days(today: date) -> tuple[date, ...]:
    """The days before today on which people work, and today whatever day it is."""
    days = [today]
    while len(days) <= WORKING_DAYS:
        day = days[0] - timedelta(days=1)
        while day.weekday() > 4:
            day -= timedelta(days=1)
        days.insert(0, day)
    return tuple(days)


def _jobs(chance: Random, days: tuple[date, ...]) -> list[Job]:
    jobs = []
    bag: list[Product] = []
    for index in range(ORDERS):
        code = f"OF-{FIRST_ORDER + index}"
        if not bag:
            bag = list(PRODUCTS)
            chance.shuffle(bag)
        product = bag.pop()
        quantity = chance.choice(product.lots)
        # Twelve orders wait on the first morning, then a handful is released each day; the last ones are yet to come.
        release = 0 if index < 14 else (index - 14) // 3
        drift = chance.choice((0.92, 0.96, 1.0, 1.0, 1.03, 1.08, 1.3))
        customer = chance.choice(CUSTOMERS)
        due_on = days[0] + timedelta(days=round(release * 1.4) + chance.randint(-1, 12))
        if code == PROJECT:
            jobs.append(Job(code, None, 0, CUSTOMERS[0], days[-1] + timedelta(days=45), 0, 1.0))
        else:
            jobs.append(Job(code, product, quantity, customer, due_on, release, drift))
    return jobs


def _items() -> Rows:
    material: Rows = [
        {"code": code, "name": name, "unit": unit, "valuation": valuation}
        for code, (name, unit, valuation, *_) in ITEMS.items()
    ]
    return material + [{"code": p.code, "name": p.name, "unit": "pcs", "valuation": "standard"} for p in PRODUCTS]


def _orders(jobs: tuple[Job, ...], days: tuple[date, ...]) -> dict[str, Rows]:
    orders: Rows = []
    operations: Rows = []
    components: Rows = []
    for job in jobs:
        orders.append(
            {
                "code": job.code,
                "kind": "manufacturing" if job.product else "project",
                "item": job.product.code if job.product else "",
                "quantity": Decimal(job.quantity),
                "customer": job.customer,
                "due_on": job.due_on,
                "released_on": days[job.release] if job.product and job.release < len(days) else None,
                "status": "open",
            }
        )
        if job.product is None:
            continue
        for index, (name, center, setup, run) in enumerate(job.product.steps):
            operations.append(
                {
                    "order": job.code,
                    "number": number(index),
                    "name": name,
                    "sequence": 10 * (index + 1),
                    "work_center": center,
                    "standard_setup_min": Decimal(setup),
                    "standard_run_min": run,
                }
            )
        for need in job.product.needs:
            components.append(
                {
                    "order": job.code,
                    "item": need.item,
                    "operation": number(need.step),
                    "quantity_per": need.quantity,
                    "unit": need.unit,
                }
            )
    return {"orders": orders, "operations": operations, "components": components}


def number(step: int) -> str:
    """The number of an operation: 10, 20, 30..."""
    return str(10 * (step + 1))


def _plans() -> dict[str, Rows]:
    accounts: Rows = [{"plan": "department", "code": code, "name": name} for code, name in DEPARTMENTS.items()]
    accounts += [{"plan": "product", "code": code, "name": name} for code, name in FAMILIES.items()]
    accounts += [{"plan": "product", "code": p.code, "name": p.name, "parent": p.family} for p in PRODUCTS]
    accounts.append({"plan": "product", "code": "MATIERES", "name": "Matières et quincaillerie"})
    accounts += [{"plan": "product", "code": code, "name": v[0], "parent": "MATIERES"} for code, v in ITEMS.items()]
    accounts += [{"plan": "customer", "code": name, "name": name} for name in CUSTOMERS]
    return {
        "plans": [
            {"code": "department", "name": "Atelier", "follows": "department"},
            {"code": "product", "name": "Produit", "follows": "item"},
            {"code": "customer", "name": "Client", "follows": "customer"},
        ],
        "accounts": accounts,
    }


def _rates(first: date, raise_on: date) -> Rows:
    """Prices from the year's beginning (before any fact), those that change in the middle a second time."""
    since = first.replace(month=1, day=1)
    rates: Rows = []

    def rate(kind: str, subject_kind: str, subject: str, amount: str | Decimal, day: date = since) -> None:
        rates.append(
            {
                "kind": kind,
                "subject_kind": subject_kind,
                "subject": subject,
                "valid_from": day,
                "amount": Decimal(amount),
                "includes_labor": kind == "machine" and subject in INCLUDES_LABOR,
            }
        )

    for group, amounts in RATE_GROUPS.items():
        if amounts:
            rate("labor", "rate_group", group, amounts[0])
            rate("labor", "rate_group", group, amounts[1], raise_on)
    for center, (_, _, labor, machine) in WORK_CENTERS.items():
        rate("standard_labor", "work_center", center, labor)
        if machine:
            rate("machine", "work_center", center, machine)
    rate("machine", "work_center", "CNC", "48.10", raise_on)
    for code, values in ITEMS.items():
        if values[3]:
            rate("standard_cost", "item", code, values[3])
    for product in PRODUCTS:
        rate("standard_cost", "item", product.code, standard_cost(product))
    return rates


def standard_cost(product: Product) -> Decimal:
    """What one piece ought to cost: its routing at the published rates for the middle lot, its material at standard."""
    lot = product.lots[len(product.lots) // 2]
    cost = Decimal(0)
    for _, center, setup, run in product.steps:
        _, _, labor, machine = WORK_CENTERS[center]
        hourly = Decimal(machine or 0) + (Decimal(0) if center in INCLUDES_LABOR else Decimal(labor))
        cost += (Decimal(setup) / lot + run) / MINUTES * hourly
    for need in product.needs:
        cost += need.quantity * Decimal(ITEMS[need.item][3] or 0)
    return cost.quantize(CENT)


def labels(rows: Mapping[str, Rows]) -> list[tuple[str, str, str]]:
    """Everything a label is printed for: (kind, reference, what narrows it down)."""
    return [
        *(("order", row["code"], "") for row in rows["orders"]),
        *(("operation", row["order"], row["number"]) for row in rows["operations"]),
        *(("person", row["key"], "") for row in rows["people"]),
        *(("machine", row["code"], "") for row in rows["machines"]),
        *(("work_center", row["code"], "") for row in rows["work_centers"]),
        *(("location", row["code"], "") for row in rows["locations"]),
        *(("lot", item, lot) for item, lots in LOTS.items() for lot in lots),
        *(("item", row["code"], "") for row in rows["items"]),
        *(("activity", row["code"], "") for row in rows["activities"]),
        *(("reason", row["code"], row["kind"]) for row in rows["reasons"]),
        *(("word", word, "") for word in WORDS),
    ]
