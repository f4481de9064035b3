"""Every screen and state of the phone as pictures on one page, to be looked at: `make gallery`.

The walk of `tests/e2e/tour.py` is taken once in each language; at each stop the screen is pictured at three sizes,
light and dark. Nothing here judges: what can be measured is measured by the tests that take the same walk.
"""

import argparse
import html
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Playwright, ViewportSize, sync_playwright

from tests.e2e.conftest import Shop
from tests.e2e.tablet import Tablet
from tests.e2e.tour import See, walk
from tests.environment import chromium_arguments, find_chromium

FOLDER = Path(__file__).resolve().parent.parent / "build" / "gallery"
SIZES = {
    "phone": ViewportSize(width=360, height=640),
    "tablet": ViewportSize(width=768, height=1024),
    "bench": ViewportSize(width=1280, height=800),
}
THEMES = ("light", "dark")
LANGUAGES = ("fr", "en")


@dataclass
class Gallery:
    """What was pictured: per language, the names of the stops in the order of the walk."""

    folder: Path
    sizes: Sequence[str]
    themes: Sequence[str]
    stops: dict[str, list[str]] = field(default_factory=dict)

    def see(self, language: str) -> Any:
        """What `walk` calls at each stop."""
        names = self.stops.setdefault(language, [])

        def of(tablet: Tablet) -> See:
            def look(name: str) -> None:
                names.append(name)
                page = tablet.page
                before = page.viewport_size
                page.locator(".flash").wait_for(state="detached")
                for size in self.sizes:
                    page.set_viewport_size(SIZES[size])
                    for theme in self.themes:
                        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
                        page.screenshot(path=self.folder / picture(language, name, size, theme), animations="disabled")
                if before:
                    page.set_viewport_size(before)
                print(f"  {language}  {name}", flush=True)

            return look

        return of

    def page(self) -> str:
        """The gallery: a section for each stop, a row for each language."""
        sections = []
        for name in dict.fromkeys(name for names in self.stops.values() for name in names):
            rows = []
            for language in (language for language, names in self.stops.items() if name in names):
                shots = "".join(
                    f'<a href="{picture(language, name, size, theme)}"><img loading="lazy" class="{size}" '
                    f'src="{picture(language, name, size, theme)}" '
                    f'alt="{html.escape(name)}, {language}, {size}, {theme}"></a>'
                    for theme in self.themes
                    for size in self.sizes
                )
                rows.append(f'<div class="row"><span>{language}</span>{shots}</div>')
            sections.append(f'<section id="{slug(name)}"><h2>{html.escape(name)}</h2>{"".join(rows)}</section>')
        links = "".join(f'<li><a href="#{slug(name)}">{html.escape(name)}</a></li>' for name in self.names())
        return PAGE.replace("{links}", links).replace("{sections}", "".join(sections))

    def names(self) -> list[str]:
        return list(dict.fromkeys(name for names in self.stops.values() for name in names))


def slug(name: str) -> str:
    """A stop's name as part of a file name."""
    return re.sub(r"\W+", "-", name.lower()).strip("-")


def picture(language: str, name: str, size: str, theme: str) -> str:
    return f"{slug(name)}.{language}.{size}.{theme}.png"


PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Floorledger: every screen of the phone</title>
<style>
  body { font: 16px/1.4 system-ui; margin: 0; display: grid; grid-template-columns: 16rem 1fr; background: #e6e3da; }
  nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1rem; background: #fff; }
  nav ul { list-style: none; padding: 0; } nav a { color: #0d4f43; }
  main { padding: 1rem 2rem; min-width: 0; } h2 { margin: 2rem 0 .5rem; }
  .row { display: flex; gap: 12px; align-items: flex-start; overflow-x: auto; padding-bottom: 8px; }
  img { display: block; height: 420px; width: auto; border: 1px solid #b9b4a6; background: #fff; }
  span { font-weight: 700; width: 2rem; }
</style>
<nav><h1>Screens</h1><ul>{links}</ul></nav><main>{sections}</main></html>
"""


def take(playwright: Playwright, gallery: Gallery, languages: Sequence[str], scratch: Path) -> None:
    """Serve a shop, walk through it in each language."""
    shop = Shop(scratch / "shop")
    contexts: list[BrowserContext] = []

    def launch(folder: Path, args: Sequence[str] = (), **options: Any) -> BrowserContext:
        context = playwright.chromium.launch_persistent_context(
            folder, executable_path=find_chromium(), args=[*chromium_arguments(), *args], **options
        )
        contexts.append(context)
        return context

    try:
        shop.rig.start()
        shop.rig.wait_ready()
        for language in languages:
            folder = scratch / language
            folder.mkdir()
            walk(shop, launch, folder, language, gallery.see(language))
    finally:
        for context in contexts:
            context.close()
        shop.rig.stop()


def main(arguments: Sequence[str] | None = None) -> int:
    """Take the pictures and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language", action="append", choices=LANGUAGES, help="only this language")
    parser.add_argument("--size", action="append", choices=list(SIZES), help="only this size")
    parser.add_argument("--theme", action="append", choices=THEMES, help="only this theme")
    chosen = parser.parse_args(arguments)
    if find_chromium() is None:
        print("No Chromium: install one, or name it in $CHROMIUM.", file=sys.stderr)
        return 1
    FOLDER.mkdir(parents=True, exist_ok=True)
    gallery = Gallery(FOLDER, chosen.size or list(SIZES), chosen.theme or THEMES)
    try:
        with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
            take(playwright, gallery, chosen.language or LANGUAGES, Path(scratch))
    finally:  # what was pictured before something went wrong is worth looking at, too
        (FOLDER / "index.html").write_text(gallery.page())
    print(f"{len(gallery.names())} screens: {FOLDER / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
