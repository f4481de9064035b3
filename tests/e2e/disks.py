"""Disks that fail: a small one that fills up, and one whose power can be cut. Both need root and Linux."""

import fcntl
import os
import shutil
import signal
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.environment import leave_out

# ext4's own: from now on nothing is read or written any more, and what was not flushed never was.
EXT4_IOC_SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, 2


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=60)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system in memory of this size."""
    folder.mkdir(parents=True)
    try:
        _run("mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder))
    except (OSError, subprocess.CalledProcessError):
        leave_out("no mounting of file systems here: a disk that fills up needs root", for_want_of_rights=True)
    try:
        yield folder
    finally:
        _run("umount", "--lazy", str(folder))


class PowerCutDisk:
    """An ext4 in a file, with a plug."""

    def __init__(self, folder: Path, size: str) -> None:
        self.image, self.folder = folder / "disk.img", folder / "disk"
        self.folder.mkdir(parents=True)
        mkfs = shutil.which("mkfs.ext4", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        try:
            if not mkfs:
                raise FileNotFoundError("mkfs.ext4")
            _run("truncate", "-s", size, str(self.image))
            _run(mkfs, "-q", str(self.image))
            self.plug_in()
        except (OSError, subprocess.CalledProcessError):
            leave_out("no ext4 in a file here: a power cut needs root and mkfs.ext4", for_want_of_rights=True)

    def plug_in(self) -> None:
        """With power again: ext4 replays its journal."""
        _run("mount", "-o", "loop", str(self.image), str(self.folder))

    def cut(self) -> None:
        """Power off, now. Who still has files open there gets errors."""
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, EXT4_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        finally:
            os.close(handle)

    def unplug(self) -> None:
        """Take the dead file system away; who was started on it is ended."""
        mark = str(self.folder).encode()
        for _ in range(50):
            with suppress(subprocess.CalledProcessError):
                _run("umount", str(self.folder))
                return
            for words in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    if mark in words.read_bytes():
                        os.kill(int(words.parent.name), signal.SIGKILL)
            time.sleep(0.1)
        if os.path.ismount(self.folder):
            _run("umount", "--lazy", str(self.folder))
