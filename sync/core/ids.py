"""Ids derived from causes: the same cause gives the same id, on any machine, for ever."""

import hashlib
import hmac
from uuid import UUID, uuid5

# Namespaces of our own; their values never change, or every derived id would.
ENTRY = UUID("6f3b0f4e-4a0e-5c59-9d0a-6d2a3c1e7b01")
IMPORT = UUID("6f3b0f4e-4a0e-5c59-9d0a-6d2a3c1e7b02")
USER = UUID("6f3b0f4e-4a0e-5c59-9d0a-6d2a3c1e7b03")


def derive(namespace: UUID, *cause: str) -> str:
    """A UUID (version 5) of the cause's parts; parts are joined by a control character no code may contain."""
    return str(uuid5(namespace, "\x1f".join(cause)))


def keyed(key: bytes, *cause: str) -> str:
    """A UUID of the cause that only who holds `key` can compute: an id made of amounts must not let anyone try amounts
    until the id fits."""
    digest = hmac.new(key, "\x1f".join(cause).encode(), hashlib.sha256).digest()
    return str(UUID(bytes=digest[:16], version=5))
