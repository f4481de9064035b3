"""What is logged: one line an occurrence, nothing secret, nothing that could pass for another line.

Requests are not logged one by one: addresses would fill the disk and could hold what people typed. What was refused
or failed is, with the id the asker was shown.
"""

import logging
import re
import sys

_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")


class Line(logging.Formatter):
    """`2026-11-20 08:03:12,345 warning floorledger: ...`; control characters become visible escapes."""

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line itself; a stack below it keeps its own lines."""
        record.levelname = record.levelname.lower()
        line = super().formatMessage(record)
        return _CONTROLS.sub(lambda found: f"\\x{ord(found[0]):02x}", line).replace("\n", "\\n")


def start(level: str) -> None:
    """Log to standard error from `level` on."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Line())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in ("alembic", "PIL", "asyncio"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
