"""Backups: one file with everything an installation needs to go on elsewhere, sealed.

A backup is a zip with two members in the format age (https://age-encryption.org), so that it can be opened in twenty
years without us: `key.age`, a key made for this one file and sealed with the passphrase, or to the key file (an age
identity), of whoever backs up; and `data.age`, sealed to that key. The key stands nowhere else, so nobody without
passphrase or key file can read a backup, change it, or make one that is taken for ours.

Inside are gzipped lines of JSON: what it is; each key file; each table with its rows; and at the end how many there
were. `unzip -p FILE key.age | age -d > k; unzip -p FILE data.age | age -d -i k | zcat` shows them (with a key file:
`age -d -i KEYFILE > k`).
"""

import base64
import json
import os
import secrets
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyrage
from alembic import command
from sqlalchemy import Connection, Engine

from server import migrations
from server.problems import Problem
from server.store import copying
from server.store.database import DatabaseRefused, write

FORMAT = 1
KEY, DATA, NOTE = "key.age", "data.age", "README.txt"
SHORTEST = 12
# How an identity of age begins.
IDENTITY = "AGE-SECRET-KEY-1"
LINE_LIMIT = 512 * 1024 * 1024
WORDS = """A backup of Floorledger. To put it back: floorledger restore FILE
Without Floorledger: unzip -p FILE key.age | age -d > k; unzip -p FILE data.age | age -d -i k | zcat
"""


@dataclass(slots=True)
class Contents:
    """What a backup says it holds. `sites`: see `server.store.copying.state`; `made_at` in milliseconds."""

    version: str
    revision: str
    made_at: int
    sites: dict[str, dict[str, Any]]
    rows: dict[str, int] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict, repr=False)


def check_secret(secret: str) -> str:
    """A passphrase that is long enough, or what a key file holds. Raises Problem."""
    secret = secret.strip()
    if len(secret) < SHORTEST:
        raise Problem("backup.short_secret")
    if secret.startswith(IDENTITY):
        try:
            pyrage.x25519.Identity.from_str(secret)
        except pyrage.IdentityError as wrong:
            raise Problem("backup.wrong_key") from wrong
    return secret


def new_key() -> str:
    """What a key file holds: an identity of age, 256 random bits."""
    return str(pyrage.x25519.Identity.generate())


def _seal(key: str, secret: str) -> bytes:
    if not secret.startswith(IDENTITY):
        return pyrage.passphrase.encrypt(key.encode(), secret)
    # To the public half, which is nowhere but in the key file: who has not the file can make no backup of ours either.
    return pyrage.encrypt(key.encode(), [pyrage.x25519.Identity.from_str(secret).to_public()])


def _unseal(sealed: bytes, secret: str) -> str:
    if not secret.startswith(IDENTITY):
        return pyrage.passphrase.decrypt(sealed, secret).decode()
    return pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(secret)]).decode()


# --- writing -----------------------------------------------------------------------------------------------------


def write_file(path: Path, secret: str, contents: Contents, connection: Connection) -> None:
    """A backup of the database as `connection` sees it. Not yet good: read it back first."""
    key = pyrage.x25519.Identity.generate()
    with (
        os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive,
    ):
        archive.writestr(NOTE, WORDS)
        archive.writestr(KEY, _seal(str(key), secret))
        with archive.open(DATA, "w", force_zip64=True) as sealed:
            pyrage.encrypt_io(_Reader(_packed(_lines(contents, connection))), sealed, [key.to_public()])
        archive.close()
        file.flush()
        os.fsync(file.fileno())


def _lines(contents: Contents, connection: Connection) -> Iterator[bytes]:
    """What stands inside, a JSON value a line."""
    head = {
        "floorledger-backup": FORMAT, "version": contents.version, "revision": contents.revision,
        "made_at": contents.made_at, "sites": contents.sites,
    }  # fmt: skip
    yield _line(head)
    for name, data in contents.files.items():
        yield _line({"file": name, "data": base64.b64encode(data).decode()})
    counted = {}
    for name, columns, rows in copying.rows(connection):
        yield _line({"table": name, "columns": columns})
        counted[name] = 0
        for row in rows:
            counted[name] += 1
            yield _line([{"b": base64.b64encode(one).decode()} if isinstance(one, bytes) else one for one in row])
    yield _line({"end": counted})


def _line(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _packed(lines: Iterator[bytes]) -> Iterator[bytes]:
    """Compressed, in pieces of a sensible size."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)  # 31: as gzip
    waiting: list[bytes] = []
    size = 0
    for line in lines:
        if piece := packer.compress(line):
            waiting.append(piece)
            size += len(piece)
        if size > 1 << 16:
            yield b"".join(waiting)
            waiting, size = [], 0
    yield b"".join([*waiting, packer.flush()])


class _Reader:
    """A generator of bytes as a file to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._rest = pieces, b""

    def read(self, size: int = -1) -> bytes:
        """At most `size` bytes; none at the end."""
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return b""
            self._rest = piece
        found, self._rest = (self._rest, b"") if size < 0 else (self._rest[:size], self._rest[size:])
        return found


# --- reading -----------------------------------------------------------------------------------------------------


def unpack(path: Path, secret: str, engine_of: Callable[[], Engine]) -> Contents:
    """What a backup holds, its rows put into the empty database `engine_of` opens, brought to our shape.

    Raises Problem: `backup.not_ours`, `backup.wrong_key`, `backup.damaged`, `backup.newer`. Only whole files are taken:
    every byte is authenticated, and the last line is there.
    """
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as wrong:
        raise Problem("backup.damaged" if _looks_like_ours(path) else "backup.not_ours") from wrong
    with archive:
        if not {KEY, DATA} <= set(archive.namelist()):
            raise Problem("backup.not_ours")
        key = _key(archive, secret)
        engine = engine_of()
        try:
            with write(engine) as connection:
                sink = _Sink(connection)
                try:
                    with archive.open(DATA) as sealed:
                        pyrage.decrypt_io(sealed, sink, [key])
                    return sink.finish()
                except (pyrage.DecryptError, zipfile.BadZipFile, zlib.error, EOFError) as wrong:
                    raise Problem("backup.damaged") from wrong
                except OSError as wrong:
                    if wrong.errno is not None:  # the disk's trouble, not the file's
                        raise
                    raise Problem("backup.damaged") from wrong
        finally:
            engine.dispose()


def _looks_like_ours(path: Path) -> bool:
    with path.open("rb") as file:
        return NOTE.encode() in file.read(100)


def _key(archive: zipfile.ZipFile, secret: str) -> "pyrage.x25519.Identity":
    try:
        with archive.open(KEY) as member:
            sealed = member.read(10_000)
        return pyrage.x25519.Identity.from_str(_unseal(sealed, secret))
    except (pyrage.DecryptError, pyrage.IdentityError) as wrong:
        # age cannot tell a wrong passphrase from a changed key; whole age files begin with these words.
        raise Problem("backup.wrong_key" if sealed.startswith(b"age-encryption.org/") else "backup.damaged") from wrong
    except (zipfile.BadZipFile, ValueError) as wrong:
        raise Problem("backup.damaged") from wrong


class _Sink:
    """What `pyrage` writes into: unpacked and put into the database as it comes."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._unpacker = zlib.decompressobj(31)
        self._rest = b""
        self._contents: Contents | None = None
        self._table, self._columns = "", [""]
        self._rows: list[list[Any]] = []
        self._counted: dict[str, int] = {}
        self._ended = False

    def write(self, data: bytes) -> int:
        """Take the next bytes."""
        *lines, self._rest = (self._rest + self._unpacker.decompress(data)).split(b"\n")
        if len(self._rest) > LINE_LIMIT:
            raise Problem("backup.damaged")
        for line in lines:
            try:
                self._take(json.loads(line))
            except (ValueError, KeyError, TypeError) as wrong:
                raise Problem("backup.damaged") from wrong
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def finish(self) -> Contents:
        """The contents, once everything came. Raises Problem for a file that ends too early."""
        if not self._ended or self._rest or not self._unpacker.eof or self._contents is None:
            raise Problem("backup.damaged")
        if migrations.current(self.connection) != migrations.head():
            shape(self.connection, "head")
        self._contents.rows = self._counted
        return self._contents

    def _take(self, value: Any) -> None:
        if self._ended:
            raise Problem("backup.damaged")
        if isinstance(value, list):
            self._rows.append([base64.b64decode(one["b"]) if isinstance(one, dict) else one for one in value])
            if len(self._rows) >= copying.CHUNK:
                self._put()
        elif self._contents is None:
            self._begin(value)
        elif "file" in value:
            self._contents.files[_safe_name(value["file"])] = base64.b64decode(value["data"])
        elif "table" in value:
            self._put()
            self._table, self._columns = value["table"], value["columns"]
            self._counted[self._table] = 0
        else:
            self._put()
            self._ended = True
            if value["end"] != self._counted:
                raise Problem("backup.damaged")

    def _begin(self, head: dict[str, Any]) -> None:
        if head["floorledger-backup"] != FORMAT:
            raise Problem("backup.newer")
        self._contents = Contents(head["version"], head["revision"], head["made_at"], head["sites"])
        try:
            migrations.check_known(head["revision"])
        except DatabaseRefused as wrong:
            raise Problem("backup.newer") from wrong
        shape(self.connection, head["revision"])

    def _put(self) -> None:
        if self._rows:
            copying.put(self.connection, self._table, self._columns, self._rows)
            self._counted[self._table] += len(self._rows)
            self._rows = []


def shape(connection: Connection, revision: str) -> None:
    """Make or bring the tables of `connection` to a revision."""
    settings = migrations.config()
    settings.attributes["connection"] = connection
    command.upgrade(settings, revision)


def _safe_name(name: str) -> str:
    """A key file's place below the data folder: never outside of it."""
    parts = Path(name).parts
    if not parts or len(parts) > 2 or Path(name).is_absolute() or ".." in parts:
        raise Problem("backup.damaged")
    return name


# --- the files beside the database --------------------------------------------------------------------------------


def key_files(folder: Path) -> dict[str, bytes]:
    """The key files of a data folder, and those of `make run-lan`, by their place in it."""
    found = [*folder.glob("*.key"), *(folder / "lan").glob("*")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(found) if path.is_file()}


def put_files(files: dict[str, bytes], folder: Path) -> None:
    """Write them, each whole or not at all."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(mode=0o700, exist_ok=True, parents=True)
        made = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        made.replace(path)
    sync_folder(folder)


def sync_folder(folder: Path) -> None:
    """What was renamed in a folder stays renamed after a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
