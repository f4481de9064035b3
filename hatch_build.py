"""What an installation makes besides copying Python: message catalogues, the phone's libraries and its bundle."""

import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class BuildHook(BuildHookInterface[Any]):
    """Runs before the files of a wheel, an editable installation or a source archive are gathered."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Make what git ignores; a source archive carries only sources, so nothing is made for it."""
        if self.target_name == "sdist":
            return
        # The build backend runs this file by its path: our own tools are found from the project's folder.
        sys.path.insert(0, self.root)
        from tools import catalogues, frontend

        root = Path(self.root)
        frontend.install(root)
        frontend.vendor(root)
        catalogues.compile_catalogues(root)
        frontend.bundle(root)
