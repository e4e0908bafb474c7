"""The catalogues: take the sentences out of the sources, bring both languages up to date, find what is missing.

English is the language of the sources, so its catalogue repeats them. Chinese is written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir, extract_from_file
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("app", "standins", "run.py", "config.py")
LOCALES = ("zh", "en")
KEYWORDS = {name: None for name in ("_", "gettext", "lazy_gettext", "_l", "N_")} | {"ngettext": (1, 2)}
PLACEHOLDER = re.compile(r"%\(\w+\)[-+ #0-9.]*[a-z]")

# Dates and versions would make every renewal a conflict between two people's work, and git knows them anyway.
IDLE_HEADERS = re.compile(
    rb'^"(Project-Id-Version|Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team'
    rb"|Generated-By):.*\n",
    re.MULTILINE,
)


def po_path(locale: str) -> Path:
    return ROOT / "translations" / locale / "LC_MESSAGES" / "messages.po"


def extract(root: Path = ROOT) -> Catalog:
    """Every sentence of the sources under `root`, with the files it stands in."""
    with (ROOT / "babel.cfg").open(encoding="utf-8") as mapping:
        methods, options = parse_mapping_cfg(mapping)
    found = Catalog(project="Posthouse", charset="utf-8")
    for source in (root / name for name in SOURCES):
        if source.is_dir():
            rows = extract_from_dir(source, methods, options, keywords=KEYWORDS, comment_tags=("i18n:",))
            for name, line, message, comments, context in rows:
                place = (source / name).relative_to(root).as_posix()
                found.add(message, None, [(place, line)], auto_comments=comments, context=context)
        elif source.is_file():
            for line, message, comments, context in extract_from_file("python", source, keywords=KEYWORDS):
                found.add(message, None, [(source.name, line)], auto_comments=comments, context=context)
    return found


def sentences(catalog: Catalog) -> Iterator[Message]:
    """The messages of a catalogue without its header."""
    return (message for message in catalog if message.id)


def read(locale: str) -> Catalog:
    path = po_path(locale)
    if not path.exists():
        return Catalog(locale=locale, project="Posthouse", charset="utf-8")
    with path.open("rb") as file:
        return read_po(file, locale=locale)


def forms(value: object) -> tuple[str, ...]:
    """The singular and plural of a message's id or string, as a tuple in both cases."""
    return tuple(value) if isinstance(value, list | tuple) else (str(value or ""),)


def renew(locale: str, found: Catalog) -> Catalog:
    """The catalogue of `locale` brought to what was `found`: new sentences empty (English filled), old ones dropped."""
    catalog = read(locale)
    catalog.header_comment = "# The sentences of Posthouse. Written by `make translations`; see docs/development.md."
    # A catalogue marked fuzzy as a whole is passed over by the compiler.
    catalog.fuzzy = False
    # A guess by likeness is worse than a gap: a gap fails the test, a wrong sentence is sent to a customer.
    catalog.update(found, no_fuzzy_matching=True)
    if locale == "en":
        for message in sentences(catalog):
            message.string = message.id
    return catalog


def write(locale: str, catalog: Catalog) -> None:
    buffer = BytesIO()
    write_po(buffer, catalog, width=120, sort_output=True, ignore_obsolete=True, include_lineno=False)
    path = po_path(locale)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(IDLE_HEADERS.sub(b"", buffer.getvalue()))


def faults(found: Catalog, catalog: Catalog) -> list[str]:
    """A line for each thing that keeps `catalog` from being complete for the sentences `found`."""
    lines = ["the catalogue is marked fuzzy as a whole"] if catalog.fuzzy else []
    for wanted in sentences(found):
        name = forms(wanted.id)[0]
        place = ", ".join(sorted({place for place, _line in wanted.locations}))
        message = catalog.get(wanted.id, wanted.context)
        if message is None:
            lines.append(f"missing: {name!r} ({place})")
        elif not all(forms(message.string)):
            lines.append(f"untranslated: {name!r} ({place})")
        elif message.fuzzy:
            lines.append(f"fuzzy: {name!r} ({place})")
        else:
            lines.extend(f"{fault}: {name!r} ({place})" for fault in _unlike(message))
    wanted_ids = {(forms(message.id), message.context) for message in sentences(found)}
    lines.extend(
        f"no longer in the sources: {forms(message.id)[0]!r}"
        for message in sentences(catalog)
        if (forms(message.id), message.context) not in wanted_ids
    )
    lines.extend(f"obsolete: {forms(message.id)[0]!r}" for message in catalog.obsolete.values())
    return lines


def _unlike(message: Message) -> Iterator[str]:
    wanted = {placeholder for form in forms(message.id) for placeholder in PLACEHOLDER.findall(form)}
    given = {placeholder for form in forms(message.string) for placeholder in PLACEHOLDER.findall(form)}
    if wanted != given:
        yield f"placeholders differ, {sorted(wanted)} became {sorted(given)}"


def main() -> None:
    found = extract()
    for locale in LOCALES:
        catalog = renew(locale, found)
        write(locale, catalog)
        gaps = sum(not all(forms(message.string)) for message in sentences(catalog))
        print(f"{locale}: {sum(1 for _ in sentences(catalog))} sentences, {gaps} to translate")


if __name__ == "__main__":
    main()
