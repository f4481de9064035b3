"""Stories an accountant can check: a folder each, as `floorledger cost` reads it, with the arithmetic in README.md.

`expected.json` holds what the story comes to, as few words as will do. After a change of a rule, or with a new story:

    python -m tests.scenarios --renew [STORY ...]

writes it anew. Look at the difference before you commit it: what changed must follow from the README.
"""

from collections.abc import Iterator
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
    standards = {line["order"]: _standard(line) for line in everything["variances"] if line["variances"] is not None}
    pools = {f"{line['pool']} {line['period']}": _pool(line) for line in everything["absorption"]}
    more = ({"standards": standards} if standards else {}) | ({"absorption": pools} if pools else {})
    more |= {"billing": everything["billing"]} if everything["billing"] else {}
    return (
        more
        | _plans(everything)
        | _presence(everything)
        | {
            "entries": [_entry(entry, names, currency) for entry in everything["entries"]],
            "facts": {
                names[line["fact"]]: " ".join(filter(None, (line["state"], line.get("reason"))))
                for line in everything["facts"]
            },
            "findings": [_finding(line, names) for line in everything["findings"]],
            "orders": everything["balances"]["orders"],
            "objects": everything["balances"]["objects"],
        }
    )


def _finding(line: dict[str, Any], names: dict[str, str]) -> str:
    """What a finding is and of which fact; a proposal with what is proposed."""
    proposed = f": {line['params']['end']}" if line["code"] == "time.end_proposed" else ""
    return f"{line['code']} of {names[line['fact']]}{proposed}"


def _presence(everything: dict[str, Any]) -> dict[str, Any]:
    """People's days in minutes, in stories in which somebody tells when a shift began."""
    if not any(fact["type"] == "shift.started" for fact in everything["facts"]):
        return {}
    told = []
    for day in everything["presence"]:
        minutes = {
            name.removesuffix("_ms"): f"{plain(Decimal(span) / MINUTE)} {name.removesuffix('_ms')}"
            for name, span in day.items() if name.endswith("_ms") and span is not None
        }  # fmt: skip
        there = " + ".join(minutes[name] for name in ("presence", "outside") if name in minutes)
        rest = " + ".join(minutes[name] for name in ("orders", "indirect", "breaks", "running", "unassigned")
                          if name in minutes)  # fmt: skip
        told.append(f"{day['person']} {day['day']} ({day['basis']}), minutes: {there} = {rest}")
    return {"presence": told}


def _standard(line: dict[str, Any]) -> dict[str, str]:
    """An order beside its standard; variances by category."""
    sums: dict[str, Decimal] = {}
    for variance in line["variances"]:
        sums[variance["category"]] = sums.get(variance["category"], Decimal(0)) + Decimal(variance["amount"])
    apart = {category: str(amount) for category, amount in sums.items()}
    return {name: line[name] for name in ("version", "good", "actual", "in_work", "standard", "total")} | apart


def _pool(line: dict[str, Any]) -> dict[str, Any]:
    """A pool of overhead in a month, without what is unknown."""
    flat = {name: value for name, value in line.items() if isinstance(value, str) and name not in ("pool", "period")}
    views = {name: line[name] for name in ("rational", "ias2") if line[name]}
    return flat | views


def _plans(everything: dict[str, Any]) -> dict[str, Any]:
    """Plans with accounts of their own, as trees; general entries beside what stands for them."""
    told: dict[str, Any] = {}
    for plan, reports in everything["balances"]["plans"].items():
        told[f"{plan} as posted"] = list(_tree(reports["as_posted"]))
        told[f"{plan} as of {reports['as_of']['day']}"] = list(_tree(reports["as_of"]["accounts"]))
    if everything["general"]:
        told["general"] = [
            f"{line['id']}: {line['amount']}, of which {line['analytic']} analytic" for line in everything["general"]
        ]
    return told


def _tree(nodes: list[dict[str, Any]], depth: int = 0) -> Iterator[str]:
    for node in nodes:
        name = " ".join(filter(None, (node["account"] or "-", node["name"])))
        yield f"{'  ' * depth}{name}: {node['balance']}"
        yield from _tree(node.get("children", []), depth + 1)


def _entry(entry: dict[str, Any], names: dict[str, str], currency: str) -> dict[str, Any]:
    told = {
        "facts": ", ".join(names[fact] for fact in entry["events"]) or entry["reference"],
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
    if "billable" in entry:
        told["billable"] = entry["billable"]["formula"]
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
