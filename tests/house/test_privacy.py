"""What the product does not collect, and the texts that come with it (PR-04, PR-05, PR-16)."""

import re
from pathlib import Path

import pytest

from server import create_app
from server.settings import Settings
from server.store.tables import TABLES

ROOT = Path(__file__).resolve().parent.parent.parent
KIT = ROOT / "docs" / "privacy"
# English, French, and what a text of that kind has to name.
TEXTS = [
    ("record-of-processing", "registre", ("30", "L3171-4", "D3171-8", "L123-22", "32")),
    ("impact-assessment", "aipd", ("35", "2018-327", "2019-118", "36")),
    ("notice-to-staff", "information-du-personnel", ("13", "L1222-4", "15", "16", "17", "L2312-38")),
    ("works-council", "note-au-cse", ("L2312-38", "L1222-4", "L1121-1")),
]


@pytest.mark.requirement("PR-16")
@pytest.mark.parametrize(("english", "french", "anchors"), TEXTS, ids=[text[0] for text in TEXTS])
def test_the_kit_is_there_in_both_languages(english: str, french: str, anchors: tuple[str, ...]) -> None:
    overview = (KIT / "README.md").read_text("utf-8")
    for path, warning in ((f"en/{english}.md", "no legal advice"), (f"fr/{french}.md", "ne constitue")):
        text = " ".join((KIT / path).read_text("utf-8").split())
        assert path in overview
        assert warning in text, path
        assert "[" in text and len(text) > 1_500, path
        missing = [anchor for anchor in anchors if not re.search(rf"(?<!\d){re.escape(anchor)}(?!\d)", text)]
        assert missing == [], path


@pytest.mark.requirement("PR-16")
def test_terms_in_the_kit_are_those_of_the_program() -> None:
    from server.store.retention import RULES

    french = (KIT / "fr" / "registre.md").read_text("utf-8")
    english = (KIT / "en" / "record-of-processing.md").read_text("utf-8")
    for name in ("notes", "refused", "diagnostics", "security", "users"):
        rule = RULES[name]
        assert f"{rule.months} mois" in french and f"({rule.low} à {rule.high})" in french, name
        assert f"{rule.months} months" in english and f"({rule.low} to {rule.high})" in english, name
    identity = RULES["identity"]
    assert (identity.months, identity.low, identity.high) == (60, 36, 120)
    assert "5 ans" in french and "(3 à 10 ans)" in french and "(3 to 10 years)" in english


@pytest.mark.requirement("PR-04")
def test_the_phone_senses_nothing_but_codes() -> None:
    """No position, motion, sound or recording is asked for; the camera gives a picture to read, and none is kept."""
    senses = re.compile(
        r"geolocation|DeviceMotion|DeviceOrientation|MediaRecorder|audio: ?true|SpeechRecognition|IdleDetector"
    )
    sources = [path for path in (ROOT / "webapp" / "static").rglob("*.js") if "vendor" not in path.parts]
    assert len(sources) > 50
    assert [path.name for path in sources if senses.search(path.read_text("utf-8"))] == []
    words = ("latitude", "longitude", "position_x", "biometric", "fingerprint", "face", "keystroke", "ranking", "score")
    columns = [str(column) for table in TABLES.values() for column in table.columns]
    assert [one for one in columns if any(word in one for word in words)] == []


@pytest.mark.requirement("PR-04")
def test_no_page_may_use_more_than_the_camera(tmp_path: Path) -> None:
    client = create_app(Settings(data_dir=tmp_path)).test_client()
    for address in ("/", "/sign-in"):
        policy = client.get(address).headers["Permissions-Policy"]
        for sense in ("geolocation", "microphone"):
            assert f"{sense}=()" in policy, address
    assert "camera=()" in client.get("/sign-in").headers["Permissions-Policy"]


@pytest.mark.requirement("PR-05")
def test_nothing_puts_a_way_between_stations_together_or_ranks_people(tmp_path: Path) -> None:
    """No address is about a person's movements or compares people; whoever adds one reads this first."""
    app = create_app(Settings(data_dir=tmp_path))
    words = re.compile("track|movement|trajet|rank|score|performance|productivity|surveil")
    assert [rule.rule for rule in app.url_map.iter_rules() if words.search(rule.rule)] == []
    people = sorted({rule.rule for rule in app.url_map.iter_rules() if "people" in rule.rule or "person" in rule.rule})
    assert people == [
        "/admin/people", "/admin/people/<key>/badge", "/admin/people/<key>/pin", "/privacy/people/<key>",
        "/privacy/people/<key>/data", "/privacy/people/<key>/erase",
    ]  # fmt: skip
