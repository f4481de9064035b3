"""Stories an accountant can check: a folder each, as `floorledger cost` reads it, with the arithmetic in README.md.

`expected.json` holds what the story comes to, as few words as will do. After a change of a rule, or with a new story:

    python -m tests.scenarios --renew [STORY ...]

writes it anew. Look at the difference before you commit it: what changed must follow from the README.
"""

from decimal import Decimal
from pathlib import Path
from typing import Any

from server.cli.cost import DryRun, dry_run, read_files, report
from sync.core.quantity import plain

HERE = Path(__file__).parent
STORIES = sorted(path.name for path in HERE.iterdir() if (path / "site.toml").exists())
EXPECTED = "expected.json"
MINUTE = 60_000


def run(story: str) -> DryRun:
    """Cost a story's folder."""
    return dry_run(read_files(HERE / story))


def told(result: DryRun) -> dict[str, Any]:
    """What a story comes to, in the words of its expected.json."""
    everything = report(result)
    names = {line["fact"]: line.get("ref") or line["place"] for line in everything["facts"]}
    currency = everything["site"]["currency"]
    return {
        "entries": [_entry(entry, names, currency) for entry in everything["entries"]],
        "facts": {
            names[line["fact"]]: " ".join(filter(None, (line["state"], line.get("reason"))))
            for line in everything["facts"]
        },
        "findings": [f"{line['code']} of {names[line['fact']]}" for line in everything["findings"]],
        "orders": everything["balances"]["orders"],
        "objects": everything["balances"]["objects"],
    }


def _entry(entry: dict[str, Any], names: dict[str, str], currency: str) -> dict[str, Any]:
    told = {
        "facts": ", ".join(names[fact] for fact in entry["events"]),
        "what": " ".join(filter(None, (entry["element"], entry.get("order"), entry.get("operation")))),
        "day": entry["occurred_on"],
        "quantity": f"{entry['hours']} h" if "hours" in entry else f"{entry['quantity']} {entry['unit']}",
        "amount": entry["amount"],
        "formula": entry["formula"],
        "debit": _side(entry, "debit"),
        "credit": _side(entry, "credit"),
    }
    if entry["unit"] == "ms" and int(entry["quantity"]) % 1000:
        told["quantity"] = f"{entry['quantity']} ms"
    if "split" in entry:
        told["split"] = entry["split"]
    if "days" in entry:
        told["days"] = {day: f"{plain(Decimal(span) / MINUTE)} min" for day, span in entry["days"].items()}
    return told


def _side(entry: dict[str, Any], side: str) -> list[str]:
    lines = []
    for line in entry["postings"]:
        if line["side"] == side:
            accounts = ", ".join(f"{plan} {account}" for plan, account in line["accounts"].items())
            lines.append(f"{line['amount']} {line['object']}" + (f" ({accounts})" if accounts else ""))
    return lines
