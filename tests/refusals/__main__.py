"""Write expected.json of the refusals named (all when none is) for a person to look at."""

import json
import sys

from server.cli.cost import FolderRefused, dry_run, read_files
from tests.refusals import EXPECTED, HERE, STORIES

for story in sys.argv[1:] or STORIES:
    try:
        dry_run(read_files(HERE / story))
    except FolderRefused as refused:
        said = [error.text() for error in refused.errors]
        (HERE / story / EXPECTED).write_text(json.dumps(said, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        print(f"{story}: look at what it says")
    else:
        print(f"{story}: is not refused")
