"""Every refusal has a code of its own, in its app's range, and an English text."""

import ast
import gettext
from collections import Counter

import pytest
from django.conf import settings
from django.core.management import call_command

from config.api.exceptions import GENERAL
from config.errors import DomainError
from tests.architecture.code_rules import name_of
from tests.architecture.sources import ROOT, descendants, import_everything, of_ours, sources

RANGES = {
    "config": 10, "accounts": 11, "counseling": 12, "courses": 13, "commerce": 14, "content": 15,
    "community": 16, "travel": 17, "farm": 18, "media": 19,
}  # fmt: skip
STATUSES = {400, 401, 403, 404, 409, 410, 413, 415, 422, 423, 429, 500, 503}
GETTEXT = {
    "_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext",
}  # fmt: skip


def errors() -> list[type[DomainError]]:
    import_everything()
    return sorted(filter(of_ours, set(descendants(DomainError))), key=lambda cls: cls.code)


def double_codes(classes) -> list[int]:
    """Codes that two classes have; a subclass that keeps its parent's code is told apart too."""
    return [code for code, uses in Counter(cls.code for cls in classes).items() if uses > 1]


def misplaced(classes) -> list[str]:
    return [
        f"{cls.__name__} {cls.code}"
        for cls in classes
        if cls.code // 1000 != RANGES[cls.__module__.split(".")[0]]
    ]


def msgids() -> set[str]:
    """Every text of ours that is marked for translation."""
    found = set()
    for source in sources():
        for node in ast.walk(source.tree):
            if not (isinstance(node, ast.Call) and name_of(node.func) in GETTEXT and node.args):
                continue
            texts = node.args[:2] if name_of(node.func).startswith("ngettext") else node.args[:1]
            found |= {text.value for text in texts if isinstance(text, ast.Constant)}
    return {text for text in found if isinstance(text, str)}


def catalogue() -> dict[str, str]:
    path = ROOT / "config/locale/en/LC_MESSAGES/django.mo"
    with path.open("rb") as file:
        loaded = gettext.GNUTranslations(file)._catalog
    return {key if isinstance(key, str) else key[0]: text for key, text in loaded.items()}


def chinese(text: str) -> bool:
    return any("一" <= letter <= "鿿" for letter in text)


def untranslated(texts, english) -> list[str]:
    return sorted(text for text in texts if not english.get(text) or chinese(english[text]))


def test_each_error_code_belongs_to_one_error():
    assert double_codes(errors()) == []


def test_no_error_takes_a_code_of_the_framework():
    framework = {code for code, _ in GENERAL.values()}
    same_meaning = {"Forbidden", "NotFound"}  # config.errors says the same as HTTP does
    assert [
        cls.__name__
        for cls in errors()
        if cls.code in framework and cls.__name__ not in same_meaning
    ] == []


def test_each_error_code_is_in_its_apps_range():
    assert misplaced(errors()) == []


def test_an_error_with_a_foreign_or_double_code_is_noticed():
    first = type("First", (), {"code": 14001, "__module__": "commerce.errors"})
    second = type("Second", (), {"code": 14001, "__module__": "accounts.errors"})

    assert double_codes([first, second]) == [14001]
    assert misplaced([first, second]) == ["Second 14001"]


@pytest.mark.parametrize("error", errors(), ids=lambda error: error.__name__)
def test_each_error_has_a_known_status_and_a_chinese_message(error):
    assert error.status in STATUSES
    assert chinese(str(error.message))
    assert "message" in vars(error), "a refusal of its own says its own sentence"


def test_every_text_of_ours_has_an_english_translation():
    assert untranslated(msgids(), catalogue()) == []


def test_a_text_without_english_is_noticed():
    english = {"好": "Good", "坏": "坏"}
    assert untranslated({"好", "坏", "没有"}, english) == ["坏", "没有"]


def test_placeholders_survive_translation():
    for text, english in catalogue().items():
        if text:
            assert placeholders(text) == placeholders(english), text


def placeholders(text: str) -> set[str]:
    import re

    return set(re.findall(r"%\(\w+\)[sd]|\{\w*\}", text))


def test_the_english_catalogue_is_compiled_from_its_source():
    """The .mo next to the .po is what msgfmt makes of it, and holds nothing that is gone."""
    assert settings.LOCALE_PATHS == [ROOT / "config" / "locale"]
    written = (ROOT / "config/locale/en/LC_MESSAGES/django.po").read_text(encoding="utf-8")
    assert "#, fuzzy" not in written.split('\nmsgid "', 2)[-1]
    stale = catalogue().keys() - msgids() - {""}
    assert stale == set()


def test_the_page_of_error_codes_is_up_to_date():
    call_command("error_codes", "--check")


def test_the_page_of_error_codes_leaves_none_out():
    page = (ROOT / "docs" / "error-codes.md").read_text(encoding="utf-8")
    assert [cls.__name__ for cls in errors() if f"| {cls.code} |" not in page] == []
