"""Everything that is asked is proved by a test, or says why not."""

import pytest

from tools.requirements import ROOT, asked, proofs


@pytest.mark.parametrize("identity", sorted(asked()))
def test_what_is_asked_is_proved_or_says_why_not(identity: str) -> None:
    one = asked()[identity]
    assert one["level"] in ("P0", "P1")
    assert proofs().get(identity) or one.get("but"), f"no test carries {identity} and no reason is given"
    for path in (*one["kept"], *one.get("also", ())):
        assert (ROOT / path).exists(), f"{identity} names {path}, which is not there"
    assert one["kept"] or one.get("but")


def test_no_test_proves_what_nobody_asked() -> None:
    assert sorted(proofs().keys() - asked().keys()) == []
