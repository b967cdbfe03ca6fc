"""Catalogues are found, complete and well formed, and whatever they lack stays English."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import jinja2
import polib
import pytest

from grader.checks import GROUPS
from grader.errors import UsageError
from grader.explaining import EXAMPLES
from grader.hookspecs import hookimpl
from grader.model import Check
from grader.plugin_manager import all_checks, all_renderers, create_manager
from grader.rendering import make_context
from grader.translation import locale_folders, translations

from .sample_results import full_marks

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "reports" / "locale"
SPANISH = polib.pofile(str(LOCALE / "es.po"))

PO = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'


def in_templates() -> Iterator[tuple[str, ...]]:
    """Every message of the templates: one string, or singular and plural."""
    environment = jinja2.Environment(extensions=["jinja2.ext.i18n"])
    for path in sorted((ROOT / "reports" / "templates").glob("*.html")):
        found = environment.extract_translations(path.read_text())  # type: ignore[attr-defined]
        for _, _, message in found:
            texts = (message,) if isinstance(message, str) else message
            yield tuple(text for text in texts if text)


def in_code() -> Iterator[tuple[str, ...]]:
    """Every string that the renderers or the engine give to gettext as it stands."""
    for path in sorted([*(ROOT / "reports").glob("*.py"), *(ROOT / "grader").glob("*.py")]):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            first = node.args[0]
            if name == "gettext" and isinstance(first, ast.Constant):
                yield (str(first.value),)
            if name == "ngettext" and len(node.args) == 3 and isinstance(first, ast.Constant):
                several = node.args[1]
                assert isinstance(several, ast.Constant)
                yield str(first.value), str(several.value)


MESSAGES = sorted({*in_templates(), *in_code()})


def words_of(check: Check) -> list[str]:
    """All that a check says."""
    return [check.title, check.message, check.why, check.experiment, *check.hints, *check.words.values()]


def placeholders(text: str) -> list[str]:
    """`{name}` and `%(name)s` in a message, sorted."""
    return sorted(re.findall(r"\{\w*\}|%\(\w+\)\w", text))


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: message[0][:50])
def test_every_message_has_a_spanish_translation(message: tuple[str, ...]) -> None:
    """What the pages say in English, the catalogue says in Spanish."""
    entry = SPANISH.find(message[0])
    assert entry is not None, f"not in es.po: {message[0]}"
    if len(message) > 1:
        assert entry.msgid_plural == message[1]
        assert all(entry.msgstr_plural.values()) and len(entry.msgstr_plural) == 2
    else:
        assert entry.msgstr


@pytest.mark.parametrize("entry", list(SPANISH), ids=lambda entry: entry.msgid[:50])
def test_every_entry_is_finished_and_has_the_same_placeholders(entry: polib.POEntry) -> None:
    """No fuzzy entry, none that is empty, and every placeholder of the English is in the Spanish."""
    assert not entry.fuzzy and not entry.obsolete
    if entry.msgid_plural:
        for text in entry.msgstr_plural.values():
            assert placeholders(text) == placeholders(entry.msgid_plural)
    else:
        assert entry.msgstr.strip()
        assert placeholders(entry.msgstr) == placeholders(entry.msgid)


def test_the_catalogue_has_nothing_that_nobody_says() -> None:
    """An entry whose English is gone from templates, code and checks is gone from es.po."""
    said = {message[0] for message in MESSAGES}
    for check in all_checks(create_manager(third_party=False)).values():
        said |= set(words_of(check))
    said |= {*GROUPS, *(title for title, _ in EXAMPLES)}
    assert sorted(entry.msgid for entry in SPANISH if entry.msgid not in said) == []


def test_no_message_is_listed_twice() -> None:
    """One English string has one Spanish string."""
    names = [entry.msgid for entry in SPANISH]
    assert sorted(name for name in set(names) if names.count(name) > 1) == []


def test_spanish_speaks_to_the_student_as_tu() -> None:
    """No formal address slips in."""
    formal = re.compile(r"\b(usted|ustedes|su código|su modelo entrenado|vuestro)\b", re.IGNORECASE)
    assert [entry.msgid for entry in SPANISH if formal.search(entry.msgstr)] == []


def test_a_known_string_is_translated() -> None:
    """Singular, plural and plain messages come out in Spanish."""
    words = translations("es", [LOCALE])
    assert words.gettext("Start here") == "Empieza aquí"
    singular, plural = "%(count)s step", "%(count)s steps"
    assert words.ngettext(singular, plural, 1) == "%(count)s paso"
    assert words.ngettext(singular, plural, 2) == "%(count)s pasos"


@pytest.mark.parametrize("language", ["es-MX", "es_AR.UTF-8", "es"])
def test_a_region_falls_back_to_its_language(language: str) -> None:
    """`es-MX` has no catalogue of its own and reads `es.po`."""
    assert translations(language, [LOCALE]).gettext("Hints") == "Pistas"


@pytest.mark.parametrize("language", ["en", "eo", "", "../es", "C"])
def test_a_language_without_catalogue_stays_english(language: str) -> None:
    """Nothing is raised for a language that nobody has translated, or that is none."""
    assert translations(language, [LOCALE]).gettext("Hints") == "Hints"


def test_what_a_catalogue_lacks_stays_english() -> None:
    """An unknown string, and the empty one, come back as they are."""
    words = translations("es", [LOCALE])
    assert words.gettext("nobody says this") == "nobody says this"
    assert words.gettext("") == ""


def test_a_plugin_brings_its_own_catalogue(tmp_path: Path) -> None:
    """Strings are looked up in every folder; the first folder that has one wins."""
    (tmp_path / "es.po").write_text(f'{PO}msgid "own"\nmsgstr "propio"\n\nmsgid "Hints"\nmsgstr "Otras"\n')
    words = translations("es", [LOCALE, tmp_path])
    assert words.gettext("own") == "propio"
    assert words.gettext("Hints") == "Pistas"
    assert translations("es", [tmp_path, LOCALE]).gettext("Hints") == "Otras"


def test_a_folder_without_catalogue_is_passed_over(tmp_path: Path) -> None:
    """A plugin that has no Spanish costs nobody else's Spanish."""
    assert translations("es", [tmp_path, LOCALE]).gettext("Hints") == "Pistas"


def test_a_broken_catalogue_is_named(tmp_path: Path) -> None:
    """The message for whoever wrote the plugin says which file it is."""
    (tmp_path / "es.po").write_text("no catalogue\n")
    with pytest.raises(UsageError, match=r"es\.po: not a message catalogue"):
        translations("es", [tmp_path])


def test_the_built_in_folder_comes_from_the_hook() -> None:
    """The engine knows no folder by name; reports/ offers its own, like any plugin."""
    assert LOCALE in locale_folders(create_manager(third_party=False))


def accented(text: str) -> str:
    """A text with every letter outside of placeholders and code changed, so that what is not translated is seen."""
    parts = re.split(r"(\{\w*\}|%\(\w+\)\w|%%|`[^`]*`|[\w.]*\w\(\)|\.\w+|\b\w+(?:\.\w+)+)", text)
    letters = str.maketrans("aeiouAEIOU", "àéîõüÀÉÎÕÜ")
    return "".join(part if index % 2 else part.translate(letters) for index, part in enumerate(parts))


def test_a_third_language_is_one_file_away(tmp_path: Path) -> None:
    """A catalogue made by a machine, offered by a plugin: every format speaks it, and no English word is left."""
    catalogue = polib.POFile()
    catalogue.metadata = {"Language": "xx", "Content-Type": "text/plain; charset=UTF-8",
                          "Plural-Forms": "nplurals=2; plural=(n != 1);"}  # fmt: skip
    for entry in SPANISH:
        plural = {0: accented(entry.msgid), 1: accented(entry.msgid_plural)} if entry.msgid_plural else {}
        catalogue.append(
            polib.POEntry(
                msgid=entry.msgid,
                msgid_plural=entry.msgid_plural,
                msgstr="" if plural else accented(entry.msgid),
                msgstr_plural=plural,
            )
        )
    catalogue.save(str(tmp_path / "xx.po"))
    manager = create_manager(third_party=False)
    manager.register(Locales(tmp_path))
    context = make_context(manager, {}, None, language="xx", folder=tmp_path, command="grade x.py")
    assert context.language == "xx"
    for name, renderer in all_renderers(manager).items():
        if name in ("html", "markdown", "terminal", "fragment"):
            text = re.sub(r"<style>.*?</style>|<[^>]*>|&\w+;", " ", renderer(full_marks(), context), flags=re.DOTALL)
            assert not re.search(r"\b(the|your|what|points|steps|image|model)\b", text, re.IGNORECASE), name


class Locales:
    """A plugin with a catalogue."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @hookimpl
    def grader_locales(self) -> list[Path]:
        return [self.folder]
