"""Codes that people cannot tell apart.

Two codes are one code when their characters are the same, after Unicode has written them in one way (normal form C)
and nothing else: no case is folded, no accent dropped, in whatever database. That makes comparing certain, and leaves
to people what only people can decide: whether `MO-1` and `МО-1`, whose letters are Cyrillic, are meant to be two. So

- `hidden` finds what nobody sees, which no code may hold;
- `skeleton` is what a code looks like. Two codes of one skeleton are told to whoever brings in the second.

The pairs are those of Unicode's list of confusables (UTS #39) that keyboards of our regions and careless copying
bring about: Cyrillic, Greek, full width, dashes, digits for letters.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping

# Characters without a picture of their own: Unicode's Default_Ignorable_Code_Point, and the blank of Braille.
_HIDDEN = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_LIKE = str.maketrans(
    {
        **dict(zip("АВЕЅІЈКМНОРСТХУҮҺԀԌԚԜаеіјорсхуѕԁԛԝһ", "ABESIJKMHOPCTXYYhdGQWaeijopcxysdqwh", strict=True)),
        **dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧαικνορτυχϲ", "ABEZHIKMNOPTYXaikvoptuxc", strict=True)),
        **dict.fromkeys("‐‑‒–—―−﹘﹣－ー", "-"),
        **dict.fromkeys("⁄∕／", "/"),
        **dict.fromkeys("․‧·", "."),
        "ß": "ss", "ẞ": "SS", "ſ": "s", "ı": "i", "İ": "I",
        "ﬁ": "fi", "ﬂ": "fl", "Æ": "AE", "æ": "ae", "Œ": "OE", "œ": "oe",
    }
)  # fmt: skip
# Digits for letters, after all else: what is printed small on a label is read either way.
_DIGITS = str.maketrans({"O": "0", "o": "0", "I": "1", "l": "1", "|": "1"})


def hidden(code: str) -> bool:
    """Whether a code holds a character nobody sees."""
    return not code.isascii() and _HIDDEN.search(code) is not None


def skeleton(code: str) -> str:
    """What a code looks like: equal for codes that people take for one another."""
    if not code.isascii():
        code = unicodedata.normalize("NFKC", code.translate(_LIKE)).translate(_LIKE)
        code = "".join(_digit(sign) for sign in code)
    return code.translate(_DIGITS).casefold()


def _digit(sign: str) -> str:
    """A decimal digit of any script as ours."""
    return str(unicodedata.decimal(sign)) if not sign.isascii() and sign.isdecimal() else sign


def pairs(new: Iterable[str], known: Iterable[str]) -> Mapping[str, str]:
    """Of `new` codes those that look like another, of `known` or of the new ones before them: code -> that other."""
    seen: dict[str, str] = {}
    for code in known:
        seen.setdefault(skeleton(code), code)
    found = {}
    for code in new:
        other = seen.setdefault(skeleton(code), code)
        if other != code:
            found[code] = other
    return found
