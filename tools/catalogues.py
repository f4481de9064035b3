"""Sentences for people: found in the source, translated in one catalogue a language, compiled for server and phone.

The message id is the English sentence. `server/locale/<language>/LC_MESSAGES/messages.po` holds the translations;
`server/locale/parts/*.po` may hold more of them, a file a room, so that several people can add sentences at once. Both
are compiled: to `messages.mo` for Flask-Babel, and to `webapp/static/locale/<language>.json` for the phone.

`make locale` also looks through the source: new sentences enter the catalogue untranslated, parts are merged into it,
and what nobody says any more is named but kept, because a sentence may be built where no extractor sees it.
"""

import ast
import io
import json
import math
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent

#: Functions whose first argument (or first two, where there is a plural) is a sentence for people.
KEYWORDS = {
    "_": None,
    "gettext": None,
    "lazy_gettext": None,
    "ngettext": (1, 2),
    "lazy_ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
}

#: `t("a sentence"` in JavaScript, the string in any of its three kinds of quotes.
SAID = re.compile(r"""(?<![\w.$])t\(\s*("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`[^`$\\"\n]*`)""")

#: `import ... from "./x.js"` and `export ... from "./x.js"` in JavaScript.
IMPORTED = re.compile(r"""^(?:import|export)\b[^;"']*?\bfrom\s*["'](\.{1,2}/[^"']+)["']""", re.MULTILINE)

#: The language of a part whose header names none.
PART_LANGUAGE = "fr"


def compile_catalogues(root: Path = ROOT) -> None:
    """Write `messages.mo` and the phone's JSON of every language; quick, so it is simply done again."""
    first, more = _shown_by_phone(root)
    for language, catalogue in _catalogues(root).items():
        compiled = _catalogue_path(root, language).with_suffix(".mo")
        compiled.parent.mkdir(parents=True, exist_ok=True)
        with compiled.open("wb") as file:
            write_mo(file, catalogue)
        translated = _for_phone(catalogue)
        for name, shown in ((language, first), (f"{language}-more", more)):
            _export(root, name, {sentence: text for sentence, text in translated.items() if sentence in shown})


def update_catalogues(root: Path = ROOT) -> list[str]:
    """Bring every catalogue in line with the source, merge the parts, and return what a person should look at."""
    template = _extract(root)
    remarks = []
    for language, catalogue in _catalogues(root).items():
        for message in template:
            if message.id:
                known = catalogue.get(message.id, message.context)
                translation = known.string if known else ""
                if known:
                    catalogue.delete(message.id, message.context)
                catalogue.add(message.id, translation, locations=message.locations, context=message.context)
        for message in catalogue:
            if message.id and not template.get(message.id, message.context):
                message.locations = []
                remarks.append(f"{language}: said nowhere an extractor looks: {message.id!r}")
            elif message.id and not _is_translated(message):
                remarks.append(f"{language}: not translated: {message.id!r}")
        path = _catalogue_path(root, language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_as_po(catalogue))
    for part in _parts(root):
        part.unlink()
    return remarks


def _export(root: Path, name: str, sentences: Mapping[str, str | list[str]]) -> None:
    exported = root / "webapp" / "static" / "locale" / f"{name}.json"
    exported.parent.mkdir(parents=True, exist_ok=True)
    exported.write_text(json.dumps(sentences, ensure_ascii=False, sort_keys=True, separators=(",", ":")) + "\n")


def _as_po(catalogue: Catalog) -> bytes:
    """The file's text; of its header only what programs read, because dates and empty names make noise in history."""
    file = io.BytesIO()
    write_po(file, catalogue, width=120, include_lineno=False, sort_output=True)
    header, _, messages = file.getvalue().partition(b"\n\n")
    spoken = (b"#", b"msg", b'"Content', b'"Language:', b'"MIME', b'"Plural')
    kept = [line for line in header.splitlines() if line.startswith(spoken)]
    return b"\n".join(kept) + b"\n\n" + messages.strip() + b"\n"


def _catalogues(root: Path) -> dict[str, Catalog]:
    """Every language's catalogue, parts included; raises ValueError where two of them translate differently."""
    catalogues: dict[str, Catalog] = {}
    for path in [*sorted((root / "server" / "locale").glob("*/LC_MESSAGES/messages.po")), *_parts(root)]:
        language = path.parts[-3] if path.name == "messages.po" else None
        with path.open("rb") as file:
            read = read_po(file, locale=language, abort_invalid=True)
        language = language or (str(read.locale) if read.locale else PART_LANGUAGE)
        catalogue = catalogues.setdefault(language, _empty(language))
        for message in read:
            if not message.id or message.fuzzy:
                continue
            known = catalogue.get(message.id, message.context)
            if known and _is_translated(known) and _is_translated(message) and known.string != message.string:
                raise ValueError(f"{path}: {message.id!r} is already translated differently: {known.string!r}")
            if not known or _is_translated(message):
                if known:
                    catalogue.delete(message.id, message.context)  # else `add` keeps what it knows: nothing
                catalogue.add(message.id, message.string, context=message.context, locations=message.locations)
    return catalogues


def _empty(language: str) -> Catalog:
    return Catalog(locale=language, project="Floorledger", header_comment="", fuzzy=False)


def _catalogue_path(root: Path, language: str) -> Path:
    return root / "server" / "locale" / language / "LC_MESSAGES" / "messages.po"


def _parts(root: Path) -> list[Path]:
    return sorted((root / "server" / "locale" / "parts").glob("*.po"))


def _is_translated(message: Message) -> bool:
    return all(message.string) if isinstance(message.string, (list, tuple)) else bool(message.string)


def _for_phone(catalogue: Catalog) -> dict[str, str | list[str]]:
    """Translated messages: sentence by English sentence, a list of forms where the sentence has a plural."""
    exported: dict[str, str | list[str]] = {}
    for message in catalogue:
        if message.id and _is_translated(message):
            sentence = message.id if isinstance(message.id, str) else message.id[0]
            exported[sentence] = message.string if isinstance(message.string, str) else list(message.string or ())
    return exported


def _shown_by_phone(root: Path) -> tuple[set[str], set[str]]:
    """English sentences the phone translates: those of its first screen, and the rest.

    The rest are those of its other screens and whatever the definitions of the facts say for its forms.
    """
    needed = {str(path.relative_to(root)) for path in _first_screen(root / "webapp" / "static" / "app.js")}
    said = list(_said_by_phone(root))
    first = {sentence for name, _line, sentence in said if name in needed}
    more = {sentence for _name, _line, sentence in said}
    for path in root.glob("sync/events/*.py"):
        for node in ast.walk(ast.parse(path.read_bytes())):
            match node:
                case ast.Constant(value=str(text)):
                    more.add(text)
    return first, more - first


def _first_screen(entry: Path) -> set[Path]:
    """The module and what it imports, but not what it asks for later by `import()`."""
    found: set[Path] = set()
    waiting = [entry]
    while waiting:
        path = waiting.pop()
        if path not in found and path.is_file():
            found.add(path)
            waiting += [(path.parent / name).resolve() for name in IMPORTED.findall(path.read_text())]
    return found


def _extract(root: Path) -> Catalog:
    """All sentences of the source with the places where they stand."""
    with (root / "babel.cfg").open() as file:
        methods, options = parse_mapping_cfg(file)
    template = Catalog(fuzzy=False)
    found = extract_from_dir(root, methods, options, keywords=KEYWORDS)
    for name, line, message, _comments, context in found:
        template.add(message, locations=[(name, line)], context=context)
    for name, line, sentence in [*_labels(root), *_said_by_engine(root), *_said_by_phone(root)]:
        template.add(sentence, locations=[(name, line)])
    return template


def _labels(root: Path) -> Iterator[tuple[str, int, str]]:
    """Values of `label=` in Python: the definition of an event or a report names its parts for people this way."""
    for path in sorted([*root.glob("sync/**/*.py"), *root.glob("server/**/*.py")]):
        for node in ast.walk(ast.parse(path.read_bytes())):
            match node:
                case ast.keyword(arg="label", value=ast.Constant(value=str(label))):
                    yield str(path.relative_to(root)), node.value.lineno, label


# Where the engine says something that the host translates: the call, and which arguments are sentences.
_SENTENCES = {"Reason": (3, 4), "BadValue": (0,), "EventRefused": (1,), "BadJson": (1,), "BadPolicy": (1,),
              "ValueError": (0,)}  # fmt: skip
_SPEAKING = ("sync/events/*.py", "sync/core/canonical.py", "sync/core/clock.py", "sync/core/findings.py",
             "sync/core/quantity.py", "sync/costing/policy.py", "server/intake/accept.py")  # fmt: skip


def _said_by_engine(root: Path) -> Iterator[tuple[str, int, str]]:
    """Sentences of values: reasons, refusals, and what is assigned to `sentence`."""
    for path in sorted(file for pattern in _SPEAKING for file in root.glob(pattern)):
        for node in ast.walk(ast.parse(path.read_bytes())):
            said: list[ast.expr] = []
            match node:
                case ast.Call(func=ast.Name(id=name), args=args) if name in _SENTENCES:
                    said = [args[index] for index in _SENTENCES[name] if index < len(args)]
                case ast.Assign(targets=[ast.Name(id="sentence")], value=value):
                    said = [value]
            for expression in said:
                for part in ast.walk(expression):
                    match part:
                        case ast.Constant(value=str(sentence)) if " " in sentence:
                            yield str(path.relative_to(root)), part.lineno, sentence


def _said_by_phone(root: Path) -> Iterator[tuple[str, int, str]]:
    """First arguments of `t("...")`. Babel's own reader of JavaScript misses those inside a template's attribute."""
    static = root / "webapp" / "static"
    for path in sorted(static.rglob("*.js")):
        if not path.is_relative_to(static / "vendor"):
            source = path.read_text()
            for said in SAID.finditer(source):
                # Python spells such a string the same, but for the backtick.
                literal = f'"{said[1][1:-1]}"' if said[1].startswith("`") else said[1]
                sentence = ast.literal_eval(literal)
                yield str(path.relative_to(root)), source.count("\n", 0, said.start()) + 1, sentence


# Letters a person still reads with accents on them, and that stand out where a sentence escaped translation.
_ACCENTED = str.maketrans("aceinouyACEINOUY", "àçêïñôûýÀÇÊÏÑÔÛÝ")
_HOLE = re.compile(r"(\{\w+\})")
# How much longer than English a sentence may get.
_LONGER = 0.4


def pretend(sentence: str) -> str:
    """The sentence as a language nobody speaks would have it: accents, brackets, 40 % longer, holes untouched."""
    letters = "".join(part if _HOLE.match(part) else part.translate(_ACCENTED) for part in _HOLE.split(sentence))
    return f"[{letters}{' ~' * math.ceil(len(_HOLE.sub('', sentence)) * _LONGER / 2)}]"


def pseudo_catalogues(root: Path = ROOT) -> None:
    """Catalogues for drawing every screen in a check: "xx" is longer than any language, "xr" runs right to left too.

    They are no part of an installation and offered to nobody.
    """
    first, more = _shown_by_phone(root)
    for language in ("xx", "xr"):
        for name, shown in ((language, first), (f"{language}-more", more)):
            _export(root, name, {sentence: pretend(sentence) for sentence in shown if sentence})


if __name__ == "__main__":
    if "--pseudo" in sys.argv[1:]:
        pseudo_catalogues()
    if "--update" in sys.argv[1:]:
        print(*update_catalogues(), sep="\n")
    compile_catalogues()
