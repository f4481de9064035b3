"""Four data classes, what each means, where everything that leaves has one, and what ends what is kept of people.

Columns say their class where they are made (`server/store/tables.py`), keys of the log where they are written
(`server/log.py`). Here stands the rest; docs/reference/data-classes.md is written from all of it.
"""

from collections.abc import Mapping

from server.store.plant import KINDS
from server.store.tables import DATA_CLASSES, TABLES

MEANING: dict[str, str] = dict(
    zip(
        DATA_CLASSES,
        (
            "Says nothing of a person: things, standards, counts, amounts at published rates.",
            "Says something of a person, be it under a random key only, or may because people write into it.",
            "Somebody's pay can be read or derived from it. Payroll alone, each look recorded.",
            "Lets somebody in, even hashed or sealed. Never shown, exported or logged.",
        ),
        strict=True,
    )
)

ERASED = "erasing the person"
# What ends the personal, wage and secret columns of a table. A new table with such columns has to say it here.
ENDS: dict[str, str] = {
    "person": f"{ERASED}, by hand or by the rule `identity`: name, number and language go. "
    "Rate group, department and calendar stay: amounts follow from them.",
    "pin": ERASED,
    "pin_failure": "two days without a failure; erasing the person",
    "leaver": ERASED,
    "label_code": f"{ERASED}, or a new badge; stays where a fact names the letters",
    "wage_rate": f"{ERASED}: its rates go, and the name in words of others",
    "billable_rate": "stays: bills follow from it; its person is a random key",
    "event": "stays as the books do, under a random key; facts nobody knows a person of: the rule `strangers`",
    "entry": "stays: ten years by law; names nobody, its facts do so by a random key",
    "finding": "stays with its fact; holds codes and keys",
    "note": f"the rule `notes`; {ERASED}, also when others name that person in it",
    "photo": f"the rule `notes`; {ERASED}",
    "event_conflict": f"the rule `refused`; {ERASED}",
    "rejection": f"the rule `refused`; {ERASED}",
    "manual_line": f"the rule `books`; {ERASED}: the name in its words",
    "general_entry": f"the rule `books`; {ERASED}: the name in its words",
    "period_change": f"the rule `books`: the reason; {ERASED}, where the reason names the person; who did it stays",
    "reference_part": f"{ERASED}; two days after the last device that may ask for it, at most 45 days",
    "device": "the rule `diagnostics`; shutting the device out",
    "api_token": "revoking it; its hash stays, so that it is never given again",
    "user": "the rule `users`, once shut out: what tells who it was; the sign-in name stays in what was signed",
    "session": "signing out, 30 days without use",
    "totp": "taking it away; the rule `users`",
    "passkey": "taking it away; the rule `users`",
    "recovery_code": "use, new codes; the rule `users`",
    "invitation": "use or its end; the rule `users`",
    "identity": "unlinking it; the rule `users`",
    "rights_request": "its answer; the rule `users`",
    "oidc_attempt": "minutes",
    "enrolment": "a day after its end",
    "audit_line": f"the rule `security`: who, about what and how; {ERASED}, where a line names the person",
    "tombstone": "stays: it is what keeps the rest from coming back",
    "disclosure": "stays while names are given to that receiver",
    "erasure_notice": "stays: it proves that receivers were told",
}

OPERATIONAL, PERSONAL, WAGE = "operational", "personal", "wage"
# Columns of files whose name is no column of the table behind them.
_OF_FILES: dict[str, dict[str, str]] = {
    "general": {"entries": OPERATIONAL},
    "policy": {"setting": OPERATIONAL, "value": OPERATIONAL, "valid_from": OPERATIONAL},
}
# Ids of facts lead to people for whoever may read facts, and words may hold anything.
_LEADS_TO_PEOPLE = {"events", "text", "words", "entered_by"}


def of_file(kind: str, column: str) -> str:
    """The class of a column of an import or export file; "" where nobody said."""
    if (said := _OF_FILES.get(kind, {}).get(column)) is not None:
        return said
    table = TABLES[KINDS[kind]]
    for name in (column, column.removesuffix("_fr")):
        if name in table.c:
            return str(table.c[name].info.get("class", ""))
    return PERSONAL if column in _LEADS_TO_PEOPLE else ""


def _columns(**of_class: str) -> dict[str, str]:
    """Class of each column, of the columns of each class."""
    return {column: name for name, columns in of_class.items() for column in columns.split()}


# The columns of the other files, all of them: who adds one says its class here.
EXPORTS: dict[str, Mapping[str, str]] = {
    "entries": _columns(
        operational="position batch id reverses posted_on posting_period occurred_at occurred_on late element order "
        "operation item work_center activity quantity unit hours rate rate_id side object amount currency accounts "
        "provenance rule rule_version policy formula split reference general premium replaces mirrors days scope "
        "period generation form billable billable_amount billable_unknown_hours",
        personal="events",
    ),
    "entries of the page": _columns(
        operational="position batch occurred_on posting_period late element order operation item work_center activity "
        "quantity unit hours rate net_amount currency from to formula provenance rule rule_version rate_id policy "
        "reverses id split premium replaces reference mirrors general net_billable billable_formula",
        personal="events",
    ),
    "hours and pay": _columns(
        operational="period currency hours_without_own_rate hours_not_booked",
        personal="number key name department rate_group hours",
        wage="amount_own amount_booked difference",
    ),
    "audit trail": _columns(operational="number at action erased hash", personal="actor subject details"),
}
