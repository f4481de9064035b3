"""Start a command as a child that does not outlive its parent: `python -m server.cli._child worker`."""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def die_with_parent(parent: int) -> None:
    """Ask the kernel (Linux) for SIGTERM when the parent is gone, also by kill -9 or a crash."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # it went between our start and this call
            sys.exit(0)


if __name__ == "__main__":
    from server.cli import main

    die_with_parent(int(sys.argv[1]))
    main(sys.argv[2:], prog_name="floorledger")
