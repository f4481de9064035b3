"""Who works on a data folder: servers and workers hold a shared lock on a file of it, a restore the whole of it.

A process that dies leaves no lock behind. A restore that was interrupted leaves a mark, and nothing serves before it
was run to its end.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from server.problems import Problem

LOCK, MARK = "running.lock", "restore.unfinished"

_held: list[int] = []


def begin(folder: Path) -> None:
    """This process serves or works from now on, until it ends. Raises Problem where a restore is under way."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = _open(folder)
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError as wrong:
        os.close(handle)
        raise Problem("restore.unfinished") from wrong
    if (folder / MARK).exists():
        os.close(handle)
        raise Problem("restore.unfinished")
    _held.append(handle)  # kept open until the process ends


@contextmanager
def alone(folder: Path) -> Iterator[Path]:
    """In this block nobody serves or works on the folder. Gives the path of the mark. Raises Problem."""
    handle = _open(folder)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as wrong:
        os.close(handle)
        raise Problem("restore.running") from wrong
    try:
        yield folder / MARK
    finally:
        os.close(handle)


def _open(folder: Path) -> int:
    return os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
