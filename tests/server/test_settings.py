"""Settings: read once, refused with a sentence, keys made once and kept private."""

import dataclasses
from pathlib import Path

import pytest

from server.settings import BadSetting, Settings, env_name, unknown_names
from tests.threads import at_once


def test_every_setting_has_a_sentence_and_a_variable() -> None:
    for field in dataclasses.fields(Settings):
        assert field.metadata["sentence"].endswith(".")
        assert env_name(field.name) == f"FLOORLEDGER_{field.name.upper()}"


def test_the_environment_is_read_and_the_command_line_comes_first() -> None:
    environ = {
        "FLOORLEDGER_SITE": "lyon",
        "FLOORLEDGER_PROXIES": "1",
        "FLOORLEDGER_TRUSTED_HOSTS": "a.example, .b.example",
        "FLOORLEDGER_LANGUAGE": " ",
    }
    found = Settings.from_environment(environ, database_url=None)
    assert (found.site, found.proxies, found.trusted_hosts, found.language) == (
        "lyon",
        1,
        ("a.example", ".b.example"),
        "en",
    )
    assert Settings.from_environment(environ, site="nantes").site == "nantes"


def test_a_child_process_finds_the_same_settings(tmp_path: Path) -> None:
    chosen = Settings(
        data_dir=tmp_path, site="lyon", trusted_hosts=("a", "b"), proxies=2, public_url="https://x.example"
    )
    assert Settings.from_environment(chosen.to_environment()) == chosen


@pytest.mark.parametrize(
    ("name", "value"),
    [("PROXIES", "-1"), ("PROXIES", "one"), ("PROXIES", "١"), ("LANGUAGE", "de"), ("LOG_LEVEL", "loud"),
     ("PUBLIC_URL", "floor.example"), ("SESSION_HOURS", "0"), ("BODY_LIMIT", "1_000")],
)  # fmt: skip
def test_a_bad_value_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=f"FLOORLEDGER_{name}"):
        Settings.from_environment({f"FLOORLEDGER_{name}": value})


def test_misspelt_variables_are_found() -> None:
    assert unknown_names({"FLOORLEDGER_SIET": "x", "FLOORLEDGER_SITE": "y", "PATH": "z"}) == ["FLOORLEDGER_SIET"]


def test_keys_are_made_once_also_by_processes_that_start_together(tmp_path: Path) -> None:
    chosen = Settings(data_dir=tmp_path / "new")
    found = at_once(chosen.ledger_key, 8)
    assert len(found) == 8
    assert len(set(found)) == 1
    assert len(found[0]) == 32
    assert chosen.secret_key() != chosen.ledger_key()
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["ledger.key", "secret.key"]
    assert (tmp_path / "new" / "ledger.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


def test_a_damaged_key_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "ledger.key").write_text("not a key")
    with pytest.raises(BadSetting, match="restore it"):
        Settings(data_dir=tmp_path).ledger_key()
    assert (tmp_path / "ledger.key").read_text() == "not a key"
