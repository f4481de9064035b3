"""An acknowledgement follows a durable commit (reliability: S2): seen in the system calls of the web server."""

import re
import shutil
from pathlib import Path
from uuid import uuid4

from tests.environment import leave_out
from tests.reliability.rig import Rig, shift

LOTS = 50


def test_each_acknowledgement_follows_a_flush(tmp_path: Path) -> None:
    strace = shutil.which("strace") or leave_out("no strace: the order of flush and acknowledgement was not traced")
    trace = tmp_path / "trace"
    rig = Rig(tmp_path / "instance", workers=0)
    calls = "trace=pwrite64,write,fsync,fdatasync,sendto,sendmsg,writev"
    try:
        rig.start(before=[strace, "-f", "-y", "-s", "64", "-e", calls, "-o", str(trace)])
        rig.wait_ready(60)
        facts = shift(1)
        for _ in range(LOTS):
            batch = {"protocol": 1, "batch_id": str(uuid4()), "events": [next(facts) for _ in range(5)]}
            status, answer = rig.call("POST", "/api/v1/events", batch)
            assert status == 200
            assert {verdict["verdict"] for verdict in answer["verdicts"]} == {"created"}
    finally:
        rig.stop()

    acknowledged, dirty = 0, False
    for line in trace.read_text(errors="replace").splitlines():
        database = "floorledger.sqlite" in line
        if re.search(r"\b(pwrite64|write)\(", line) and database:
            dirty = True
        elif re.search(r"\b(fsync|fdatasync)\(", line) and database:
            dirty = False
        elif "sendto(" in line and "batch_id" in line:
            assert not dirty, f"acknowledged before the flush: {line}"
            acknowledged += 1
    assert acknowledged >= LOTS
