"""`floorledger cost`: the worked example of the documentation, every way a folder can be wrong, and what is let be."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from server.cli import main
from server.cli.cost import dry_run, report
from sync.connectors.csv_file.mapping import KINDS
from sync.costing.policy import SETTINGS

ROOT = Path(__file__).parents[3]
GUIDE = (ROOT / "docs" / "how-to" / "write-a-scenario.md").read_text(encoding="utf-8")
EXAMPLE = dict(re.findall(r"^`([a-z_]+\.(?:csv|toml))`[^\n]*\n\n```\w+\n(.*?)^```", GUIDE, re.M | re.S))
FACTS = "type,occurred_at,person,activity,order,operation,start_id,duration_ms,ref\n"


@pytest.fixture
def cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run the command on the example's folder with some files changed (None: taken away)."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)

    def go(*options: str, **changed: str | bytes | None) -> Result:
        folder = tmp_path / "case"
        folder.mkdir(exist_ok=True)
        for name, text in (EXAMPLE | {name.replace("_csv", ".csv"): text for name, text in changed.items()}).items():
            name = {"site": "site.toml", "events_jsonl": "events.jsonl"}.get(name, name)
            if text is None:
                (folder / name).unlink(missing_ok=True)
            else:
                (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return CliRunner().invoke(main, ["--data-dir", str(tmp_path / "nowhere"), "cost", str(folder), *options])

    return go


def errors(result: Result) -> list[str]:
    """The lines of a refusal; nothing else may be said and nothing may have gone through."""
    assert result.exit_code == 1, result.output
    assert result.stdout == ""
    assert isinstance(result.exception, SystemExit), result.exception
    *lines, last = result.stderr.splitlines()
    assert last == "floorledger: Nothing was costed."
    return lines


# --- what it says ------------------------------------------------------------------------------------------------


def test_the_guide_is_right(cost) -> None:
    """The example's files give the amounts and formulas the guide prints."""
    result = cost()
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    assert [entry["amount"] for entry in told["entries"]] == ["35.44", "11.81", "7.09"]
    for entry in told["entries"]:
        assert entry["formula"] in GUIDE
        assert f"**{entry['amount']}**" in GUIDE
    assert told["counts"] == {"facts": 6, "costed": 5, "held": 0, "excluded": 1, "entries": 3, "findings": 0}
    assert told["balances"]["orders"] == {"MO-1": {"labor": "35.44", "scrap": "-7.09"}, "MO-2": {"labor": "11.81"}}
    assert sum(int(float(amount) * 100) for amount in told["balances"]["objects"].values()) == 0
    assert told["facts"][4] == {
        "fact": told["facts"][4]["fact"], "place": "events.csv:6", "ref": "made", "type": "output.reported",
        "state": "excluded", "reason": "quantity.counted", "params": {},
        "sentence": "Counts pieces; carries no cost of its own.",
    }  # fmt: skip


def test_a_table_for_readers(cost) -> None:
    result = cost("--table")
    assert result.exit_code == 0
    for words in ("1.125 h x 31.5 EUR/h = 35.44 EUR", "35.44 Order MO-1", "35.44 Department TURN", "end of first",
                  "6 facts: 5 costed, 0 held, 1 excluded; 3 entries"):  # fmt: skip
        assert words in result.stdout


def test_codes_are_no_markup(cost) -> None:
    """A table shows codes as they are, also those a terminal library would take for a colour."""
    strange = {name: text.replace("MO-1", "[red]MO[/red]") for name, text in EXAMPLE.items()}
    result = cost("--table", **strange)
    assert "Order [red]MO[/red]" in result.stdout


def test_nothing_is_written_anywhere_but_where_one_asks(cost, tmp_path: Path) -> None:
    out = tmp_path / "result.json"
    assert cost("--out", str(out)).stdout == ""
    assert len(json.loads(out.read_text())["entries"]) == 3
    assert not (tmp_path / "nowhere").exists(), "no database, no folder of keys"
    out.unlink()
    errors(cost("--out", str(out), orders_csv="code\n"))
    assert not out.exists()


def test_the_sentences_come_in_french(cost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    (line,) = cost(events_csv=FACTS + "labor.declared,2026-11-20,1001,run,MO-1,10,,1 h,\n").stderr.splitlines()[:1]
    assert line.startswith("events.csv, ligne 2, colonne occurred_at: « 2026-11-20 » n’est pas un instant")


def test_the_same_folder_gives_the_same_bytes(cost) -> None:
    assert cost().stdout == cost().stdout


def test_facts_as_devices_send_them(cost) -> None:
    event = {"id": "8f3e9a52-6f7f-4a51-9d6e-0d5a3f1b2c01", "type": "labor.declared", "version": 1, "person": "1001",
             "occurred_at": "2026-11-20T17:00:00+01:00", "provenance": "declared", "activity": "run", "order": "MO-1",
             "operation": "10", "duration_ms": 3_600_000}  # fmt: skip
    line = json.dumps(event)
    told = json.loads(cost(events_csv=None, events_jsonl=f"{line}\n\n{line}\n").stdout)
    assert [entry["amount"] for entry in told["entries"]] == ["31.50"], "the same bytes twice are one fact"
    other = json.dumps({**event, "duration_ms": 1})
    assert errors(cost(events_csv=None, events_jsonl=f"{line}\n{other}\n")) == [
        "events.jsonl, line 2, column id: another fact has this id already: events.jsonl:1"
    ]


def test_a_french_office_writes_with_semicolons_and_commas(cost) -> None:
    told = json.loads(
        cost(
            people_csv=None, rates_csv=None,
            personnes_csv="matricule;nom;catégorie;atelier\n1001;Ana;qualifiés;TURN\n",
            taux_csv="type;porte_sur;sujet;valable_du;montant\nmo;catégorie;qualifiés;01/01/2026;31,50\n",
            events_csv="type;occurred_at;person;activity;order;operation;duration_ms\n"
                       "labor.declared;20/11/2026 17:00;1001;run;MO-1;10;1,5 h\n",
        ).stdout
    )  # fmt: skip
    assert [entry["amount"] for entry in told["entries"]] == ["47.25"]


def test_rates_of_persons_are_allowed_on_ones_own_desk(cost) -> None:
    rates = EXAMPLE["rates.csv"] + "labor,person,1001,2026-01-01,40.00\n"
    told = json.loads(cost(rates_csv=rates).stdout)
    assert [entry["rate"] for entry in told["entries"][:2]] == ["40", "40"]
    assert errors(cost(rates_csv=rates.replace("1001", "1002"))) == [
        "rates.csv, line 3, column subject: “1002” is not the number of anybody in people.csv: "
        "write the person there too"
    ]


def test_a_key_from_people_csv_is_kept(cost) -> None:
    people = "number,name,rate_group,department,key\n1001,Ana,skilled,TURN,p0123456789ab\n"
    facts = FACTS + "labor.declared,2026-11-20 17:00,p0123456789ab,run,MO-1,10,,1 h,\n"
    told = json.loads(cost(people_csv=people, events_csv=facts).stdout)
    assert [entry["amount"] for entry in told["entries"]] == ["31.50"]


def test_a_policy(cost) -> None:
    facts = (
        FACTS + "labor.started,2026-11-20 08:00,1001,run,MO-1,10,,,on\nlabor.stopped,2026-11-20 13:00,1001,,,,on,,\n"
    )
    assert json.loads(cost(events_csv=facts).stdout)["counts"]["costed"] == 2
    told = json.loads(cost(events_csv=facts, policy_csv="setting,value\nlongest_labor_h,4\n").stdout)
    assert {fact["reason"] for fact in told["facts"]} == {"time.too_long"}
    assert told["facts"][0]["sentence"] == "Runs longer than 4 h: was the clock-out forgotten?"


def test_plans_and_held_facts_are_told(cost) -> None:
    facts = FACTS + "labor.declared,2025-11-20 17:00,1001,run,MO-1,10,,1 h,\n"
    told = json.loads(cost(events_csv=facts, plans_csv="code,name,follows\nORDER,Orders,order\n").stdout)
    assert told["balances"]["accounts"] == {"ORDER": {}}
    (fact,) = told["facts"]
    assert fact["sentence"] == "No labor rate for skilled on 2025-11-20."
    assert (fact["owner"], fact["action"]) == ("accountant", "Enter a rate valid on that day.")


def test_a_time_told_in_one_piece_is_at_most_a_month(cost) -> None:
    facts = FACTS + "labor.declared,2026-11-30 08:00,1001,run,MO-1,10,,7600 h,\n"
    assert errors(cost(events_csv=facts)) == [
        "events.csv, line 2, column duration_ms: expects at most 744 h: tell a longer time in parts"
    ]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing", Path(__file__)):
        result = CliRunner().invoke(main, ["cost", str(path)], env={"LANG": "C"})
        assert (result.exit_code, result.stderr) == (1, f"floorledger: There is no folder {path}.\n")


# --- what is refused -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "wrong"),
    [
        ("2026-10-25 02:30", "the clock of Europe/Paris shows 2026-10-25 02:30 twice in this night: "
                             "add the offset, +02:00 or +01:00"),
        ("25/10/2026 02:00", "the clock of Europe/Paris shows 25/10/2026 02:00 twice in this night: "
                             "add the offset, +02:00 or +01:00"),
        ("2026-03-29 02:30", "the clock of Europe/Paris never shows 2026-03-29 02:30: "
                             "that hour is left out in this night"),
        ("yesterday", "“yesterday” is not an instant: write 2026-11-20 08:00, "
                      "or with an offset 2026-11-20T08:00:00+01:00"),
        ("2026-11-20 24:00", "“2026-11-20 24:00” is not an instant: write 2026-11-20 08:00, "
                             "or with an offset 2026-11-20T08:00:00+01:00"),
        ("0001-01-01 00:00", "“0001-01-01 00:00” lies outside the years 2000 to 2099"),
        ("9999-12-31 23:59", "“9999-12-31 23:59” lies outside the years 2000 to 2099"),
    ],
)  # fmt: skip
def test_an_instant_nobody_can_tell(cost, cell: str, wrong: str) -> None:
    facts = FACTS + f"labor.declared,{cell},1001,run,MO-1,10,,1 h,\n"
    assert errors(cost(events_csv=facts)) == [f"events.csv, line 2, column occurred_at: {wrong}"]


@pytest.mark.parametrize(
    "cell",
    ["2026-10-25T02:30:00+01:00", "2026-10-25 03:00", "2026-03-29 03:00", "2026-11-20T08:00", "20/11/2026 08:00:30"],
)
def test_an_instant_that_is_clear(cost, cell: str) -> None:
    facts = FACTS + f"labor.declared,{cell},1001,run,MO-1,10,,1 h,\n"
    assert cost(events_csv=facts).exit_code == 0


def test_all_errors_of_all_files_at_once(cost) -> None:
    found = errors(
        cost(
            site='zone = "Mars/Base"\ncurrency = "euro"\nweather = "fine"\n',
            orders_csv="code,quantity\nMO-1,many\n",
            lunch_csv="dish\nsoup\n",
            events_csv="type,occurred_at,person,activity,order,start_id,quantity,duration_ms,opening\n"
            "labor.started,now,1001,run,MO-1,,,,\n"
            "labor.stopped,2026-11-20 08:00,1001,,,nothing,,,\n"
            "labor.declared,2026-11-20 08:00,1001,run,MO-1,,,an hour,\n"
            "material.received,2026-11-20 08:00,,,,,\"1,5\",,perhaps\n"
            "labor.declared,2026-11-20 08:00,1001,dancing,MO-1,,,,\n"
            "labor.started,2026-11-20 08:00,1001,run,,,,,\n"
            "party.held,2026-11-20 08:00,,,,,,,\n"
            "output.reported,2026-11-20 08:00,,run,MO-1,,1,,\n",
        )
    )  # fmt: skip
    assert found == [
        "events.csv, line 2, column occurred_at: “now” is not an instant: write 2026-11-20 08:00, "
        "or with an offset 2026-11-20T08:00:00+01:00",
        "events.csv, line 3, column start_id: no row has the ref “nothing”",
        "events.csv, line 4, column duration_ms: “an hour” is not a duration: write 1.5 h, 90 min or 20 s",
        "events.csv, line 5, column quantity: “1,5” is not a number: with commas between columns, "
        "write decimals with a point",
        "events.csv, line 5, column opening: “perhaps” is neither yes nor no: write yes or no",
        "events.csv, line 6, column activity: expects one of setup, run, rework, teardown, indirect",
        "events.csv, line 7, column order: work on something needs its order",
        "events.csv, line 8, column type: The type 'party.held' is not known here.",
        "events.csv, line 9, column activity: 'activity' is not a field of this type",
        f"lunch.csv: the name does not say what it holds; known are {', '.join(KINDS)}",
        "orders.csv, line 2, column quantity: “many” is not a number: write digits, at most six of them after "
        "the decimal sign",
        "site.toml, column weather: is not known; known are code, name, zone, currency",
        "site.toml, column currency: expects a currency of ISO 4217, such as EUR",
        "site.toml, column zone: “Mars/Base” is not a time zone such as Europe/Paris",
    ]


def test_files_are_held_to_each_other(cost) -> None:
    assert errors(cost(orders_csv="code,quantity,item\nMO-1,10,SPOON\nMO-2,10,\n")) == [
        "orders.csv, line 2, column item: item “SPOON” is known neither here nor in the files: import it too"
    ]
    assert errors(
        cost(
            plans_csv="code\nP\n", accounts_csv="plan,code\nP,A\nP,B\n",
            order_accounts_csv="order,plan,account,percent\nMO-1,P,A,33.33\nMO-1,P,B,33.33\n",
        )
    ) == ["order_accounts.csv, line 2, column percent: the shares of order MO-1 on plan P add up to 66.66: "
          "make them 100 in all"]  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"site": None}, ['site.toml: is missing: write zone = "Europe/Paris" and currency = "EUR" into it']),
        ({"site": "zone = \n"}, ["site.toml: cannot be read as TOML (Invalid value (at line 1, column 8)): "
                                 'write lines such as currency = "EUR"']),
        ({"site": 'zone = 1\ncurrency = "EUR"\n'}, ["site.toml, column zone: expects text in quotes"]),
        ({"site": b"\xff\xfe\x00"}, ["site.toml: is written in UTF-16: save it as “CSV UTF-8”"]),
        ({"events_csv": None}, ["events.csv: is missing: it holds the facts, one a row"]),
        ({"events_csv": ""}, ["events.csv: is empty: the first line names the columns"]),
        ({"events_csv": "type\n"}, ["events.csv, line 1: column “occurred_at” is missing"]),
        ({"events_csv": "type,occurred_at,type\n"}, ["events.csv, line 1: column “type” stands there twice"]),
        ({"events_csv": FACTS + "labor.stopped,2026-11-20 08:00\n"},
         ["events.csv, line 2: has 2 cells, the header 9: check separators"]),
        ({"events_csv": FACTS + ",2026-11-20 08:00,,,,,,,\n"},
         ["events.csv, line 2, column type: The type None is not known here."]),
        ({"events_csv": FACTS + "labor.started,2026-11-20 08:00,1001,run,MO-1,10,,,a\n" * 2},
         ["events.csv, line 3, column ref: “a” names another row already"]),
        ({"events_csv": FACTS + '"labor.started\n'},
         ["events.csv, line 2: cannot be read as CSV (unexpected end of data): check quotes"]),
        ({"events_csv": b"type,occurred_at\n\xe9\n"},
         ["events.csv, line 2: seems to be written in Windows-1252 (“ANSI”): save it as “CSV UTF-8”"]),
         ({"events_csv": b"PK\x03\x04"},
          ["events.csv: is a workbook of another kind than .xlsx: save it as .xlsx or as “CSV UTF-8”"]),
        ({"events_jsonl": '[1]\n{"a":\n'},
         ["events.jsonl, line 1: is not a JSON object",
          "events.jsonl, line 2: The text is not JSON."]),
        ({"events_jsonl": '{"type": "labor.stopped", "version": 1}\n'},
         ["events.jsonl, line 1, column id: id is missing"]),
        ({"events_jsonl": '{"type": "labor.stopped", "version": 1, "x": NaN}\n'},
         ["events.jsonl, line 1, column x: Numbers with decimals are sent as text, such as \"1.5\"."]),
        ({"policy_csv": "setting,value\nlongest_labor_h,²\n"},
         ["policy.csv, line 2, column value: expects a whole number of hours from 1 to 744"]),
        ({"policy_csv": "setting,value\nmood,good\n"},
         ["policy.csv, line 2, column setting: is no setting; known are " + ", ".join(SETTINGS)]),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else None,
)  # fmt: skip
def test_a_folder_that_cannot_be_used(cost, changed: dict[str, str], said: list[str]) -> None:
    assert errors(cost(**changed)) == said


def test_unknown_columns_say_what_is_known(cost) -> None:
    (line,) = errors(cost(events_csv="type,occurred_at,wether\n"))
    assert line.startswith("events.csv, line 1: column “wether” is not known; known are ref, type, ")
    assert "start_id" in line


def test_the_type_decides_what_a_field_may_hold() -> None:
    """Without the command: `dry_run` is a function of the files."""
    files = {name: text.encode() for name, text in EXAMPLE.items()}
    files["events.csv"] = (FACTS + "labor.declared,2026-11-20 17:00,1001,run,MO-1,10,,1 h,x\n").encode()
    (entry,) = report(dry_run(files))["entries"]
    assert entry["id"] and entry["hours"] == "1"


def test_last_in_first_out_is_refused_with_its_reason(cost, monkeypatch: pytest.MonkeyPatch) -> None:
    items = "code,name,unit,valuation\nOAK,Oak,kg,LIFO\n"
    (line,) = errors(cost(items_csv=items))
    assert line == (
        "items.csv, line 2, column valuation: “LIFO” is not allowed: IAS 2 and the French chart of accounts admit no "
        "last in, first out; write fifo, moving_average, period_average or standard"
    )
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    said = cost(items_csv=items.replace("LIFO", "DEPS")).stderr.splitlines()[0]
    assert said.startswith("items.csv, ligne 2, colonne valuation: « DEPS » n’est pas permis : l’IAS 2")


def test_what_becomes_of_an_issue_beyond_the_stock_is_one_of_two(cost) -> None:
    (line,) = errors(cost(items_csv="code,name,unit,negative_stock\nOAK,Oak,kg,never\n"))
    assert line.endswith("column negative_stock: “never” is not known here: write one of last_cost, hold")


def test_what_the_engine_says_of_a_file_is_in_french_too(cost, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANG", "fr_FR.UTF-8")
    said = cost(events_jsonl="nothing\n", policy_csv="setting,value\nlongest_labor_h,0\n").stderr
    assert "events.jsonl, ligne 1: Le texte n’est pas du JSON." in said
    said = cost(events_jsonl=None, policy_csv="setting,value\nlongest_labor_h,0\n").stderr
    assert "policy.csv, ligne 2, colonne value: attend un nombre entier d’heures, de 1 à 744" in said
    said = cost(policy_csv=None, site="zone = \n").stderr
    assert "site.toml: ne se lit pas comme du TOML" in said
