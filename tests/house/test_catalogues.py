"""Every sentence stands in both catalogues, translated, with the same placeholders."""

from __future__ import annotations

from pathlib import Path

import pytest
from babel.messages.catalog import Catalog

from tooling import catalogues


@pytest.fixture(scope="module")
def found() -> Catalog:
    return catalogues.extract()


@pytest.mark.parametrize("locale", catalogues.LOCALES)
def test_every_sentence_is_translated(found: Catalog, locale: str) -> None:
    faults = catalogues.faults(found, catalogues.read(locale))
    assert not faults, f"run `make translations`, then edit the zh catalogue ({locale}):\n" + "\n".join(faults)


def test_a_renewal_keeps_what_was_translated_and_drops_what_is_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalogues, "po_path", lambda locale: tmp_path / f"{locale}.po")
    old = Catalog(locale="zh", fuzzy=False)
    old.add("kept", "留下")
    old.add("gone", "没了")
    catalogues.write("zh", old)
    found = sources(tmp_path, 'N_("kept")\nN_("new %(name)s")')
    for locale in catalogues.LOCALES:
        catalogues.write(locale, catalogues.renew(locale, found))
    chinese, english = catalogues.read("zh"), catalogues.read("en")
    assert {message.id: message.string for message in catalogues.sentences(chinese)} == {
        "kept": "留下",
        "new %(name)s": "",
    }
    assert catalogues.faults(found, english) == []
    assert "没了" not in (tmp_path / "zh.po").read_text(encoding="utf-8")


def sources(folder: Path, python: str, template: str = "") -> Catalog:
    (folder / "app" / "templates").mkdir(parents=True)
    (folder / "app" / "page.py").write_text(python, encoding="utf-8")
    (folder / "app" / "templates" / "page.html").write_text(template, encoding="utf-8")
    return catalogues.extract(folder)


def test_sentences_are_found_in_code_and_in_templates(tmp_path: Path) -> None:
    found = sources(
        tmp_path,
        'N_("one")\n_l("two")\nlazy_gettext("three")\nngettext("%(num)s day", "%(num)s days", n)\n',
        "{{ _('four') }}{% trans %}\n  five\n{% endtrans %}",
    )
    ids = {catalogues.forms(message.id)[0] for message in catalogues.sentences(found)}
    assert ids == {"one", "two", "three", "%(num)s day", "four", "five"}


@pytest.mark.parametrize(
    ("string", "flags", "fault"),
    [
        ("", set(), "untranslated"),
        ("剩余 %(remaining)s 条", {"fuzzy"}, "fuzzy"),
        ("剩余 %(remain)s 条", set(), "placeholders differ"),
        ("剩余", set(), "placeholders differ"),
    ],
)
def test_a_faulty_translation_is_told(tmp_path: Path, string: str, flags: set[str], fault: str) -> None:
    found = sources(tmp_path, 'N_("%(remaining)s left")')
    catalog = Catalog(locale="zh", fuzzy=False)
    catalog.add("%(remaining)s left", string, flags=flags)
    assert [line.split(":")[0].split(",")[0] for line in catalogues.faults(found, catalog)] == [fault]


def test_missing_and_left_over_sentences_are_told(tmp_path: Path) -> None:
    catalog = Catalog(locale="zh", fuzzy=False)
    catalog.add("gone", "没了")
    faults = catalogues.faults(sources(tmp_path, 'N_("new")'), catalog)
    assert faults == ["missing: 'new' (app/page.py)", "no longer in the sources: 'gone'"]


def test_a_complete_catalogue_has_no_fault(tmp_path: Path) -> None:
    found = sources(tmp_path, 'ngettext("%(num)s day", "%(num)s days", n)')
    catalog = Catalog(locale="zh", fuzzy=False)
    catalog.add(("%(num)s day", "%(num)s days"), ("%(num)s 天",))
    assert catalogues.faults(found, catalog) == []
