"""Secrets of others that have to be shown again to somebody else: sealed before they are stored.

A password is hashed; what signs us in elsewhere (a connector's credential, the seed of a one-time code, an identity
provider's client secret) has to be read back. It is sealed with a key of the data folder, so that a copy of the
database alone opens nothing. `purpose` is part of the seal: what was sealed for one use opens for no other, so that
nobody who can write a row moves a secret to where it would be sent elsewhere. Fernet (AES-128-CBC, HMAC-SHA-256) with
a key derived for each purpose by HKDF; the newest key of the file seals, all open.

    column = vault.seal("JBSWY3DPEHPK3PXP", "user.totp")
    vault.open_(column, "user.totp")

A column that holds what is sealed says so, with its purpose, in tables.py: `info={"sealed": "user.totp"}`. `rotate`
finds it there.
"""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from server.extensions import settings


class SealBroken(ValueError):
    """What is stored was sealed with a key that is not here, for another purpose, or was changed since."""


def seal(text: str, purpose: str) -> str:
    """`text`, to be stored; ASCII, about 100 characters more. The same text is sealed differently each time."""
    return _sealer(tuple(settings().vault_keys()), purpose).encrypt(text.encode()).decode()


def open_(sealed: str, purpose: str) -> str:
    """What was sealed for this purpose. Raises SealBroken."""
    return _opened(settings().vault_keys(), sealed, purpose)


def resealed(keys: Sequence[bytes], sealed: str, purpose: str) -> str:
    """The same secret sealed with the first of `keys`; it opens with any of them. Raises SealBroken."""
    try:
        return _sealer(tuple(keys), purpose).rotate(sealed.encode()).decode()
    except InvalidToken as wrong:
        raise SealBroken(purpose) from wrong


def _opened(keys: Sequence[bytes], sealed: str, purpose: str) -> str:
    try:
        return _sealer(tuple(keys), purpose).decrypt(sealed.encode()).decode()
    except InvalidToken as wrong:
        raise SealBroken(purpose) from wrong


@lru_cache(maxsize=32)
def _sealer(keys: tuple[bytes, ...], purpose: str) -> MultiFernet:
    return MultiFernet([Fernet(urlsafe_b64encode(_derived(key, purpose))) for key in keys])


def _derived(key: bytes, purpose: str) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=b"floorledger vault " + purpose.encode()).derive(key)
