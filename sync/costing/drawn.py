"""Material drawn without anybody counting it: what one report of pieces takes of one component."""

from dataclasses import dataclass
from decimal import Decimal

from sync.core.findings import Outcome
from sync.core.plant import Component
from sync.costing.place import Place
from sync.events.defect import DefectReported
from sync.events.output import OutputReported

Report = OutputReported | DefectReported


@dataclass(frozen=True, slots=True)
class Draw:
    """`report` says that `pieces` more went in where the component belongs (`place`, or why that is not known); each
    takes `quantity_per` of it."""

    report: Report
    component: Component
    place: Place | Outcome
    pieces: Decimal
    rule: str
    rule_version: int
