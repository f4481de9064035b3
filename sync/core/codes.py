"""What a printed code says.

A label carries an upper-case URL that ends in nine letters of `BCDFGHJKLNPRSTVX`: seven random (28 bits) and two
check letters. None of these letters moves between QWERTY, AZERTY and QWERTZ, so a scanner set to the wrong keyboard
layout mangles the URL but never its tail. The kind of thing is looked up, not encoded.
"""

import re

ALPHABET = "BCDFGHJKLNPRSTVX"
_THREE = f"([{ALPHABET}]{{3}})"
_TAIL = re.compile(f"{_THREE}[ -]?{_THREE}[ -]?{_THREE}$")


def _crc8(octets: bytes) -> int:
    """CRC-8 with polynomial 0x2F, initial value 0, not reflected: finds every error within one letter or two
    neighbouring ones (any burst of 8 bits) and any three wrong bits (Hamming distance 4 up to 119 bits, AUTOSAR)."""
    value = 0
    for octet in octets:
        value ^= octet
        for _ in range(8):
            value = ((value << 1) ^ 0x2F) & 0xFF if value & 0x80 else value << 1
    return value


def check_letters(seven: str) -> str:
    """The two check letters of seven code letters. Raises ValueError for other letters or another length."""
    if len(seven) != 7:
        raise ValueError("seven letters expected")
    number = 0
    for letter in seven:
        number = number << 4 | ALPHABET.index(letter)
    check = _crc8(number.to_bytes(4, "big"))
    return ALPHABET[check >> 4] + ALPHABET[check & 15]


def from_number(number: int) -> str:
    """The nine letters of a 28-bit number."""
    seven = "".join(ALPHABET[number >> shift & 15] for shift in range(24, -4, -4))
    return seven + check_letters(seven)


def tail(text: str) -> str | None:
    """The nine letters at the end of what a scanner or a person gave, if their check letters are right; else None.

    Whatever stands before them is ignored, and case, and a space or hyphen between the groups (`bcd-fgh-jkl`).
    """
    found = _TAIL.search(text.upper().strip())
    if not found:
        return None
    nine = "".join(found.groups())
    return nine if check_letters(nine[:7]) == nine[7:] else None


def url(base: str, code: str) -> str:
    """The label's text: upper case keeps a QR code in its smaller alphanumeric mode."""
    return f"{base.rstrip('/')}/S/{code}".upper()


def grouped(code: str) -> str:
    """Three groups of three, as printed beside the QR code."""
    return f"{code[:3]} {code[3:6]} {code[6:]}"
