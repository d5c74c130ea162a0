"""The words: the same in both languages, all used, and every one that the code asks for is there."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from acrm import errors
from acrm.messages import LANGUAGES, Message, catalogue, number, text, use

PACKAGE = Path(__file__).parents[1] / "acrm"
ERRORS = {errors.AcrmError.__name__, *(kind.__name__ for kind in errors.AcrmError.__subclasses__())}
CALLS = ERRORS | {"text", "Message"}


def placeholders(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}


def calls() -> Iterator[tuple[str, ast.expr]]:
    """Every id that the code looks up, with the file it stands in."""
    for file in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS and node.args:
                yield node.func.id, node.args[0]


def literals() -> set[str]:
    """Every string in the code."""
    return {
        node.value
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def patterns() -> list[re.Pattern[str]]:
    """Every id that is put together when it is looked up, such as f"origin.{name}", as a pattern."""
    found = []
    for function, id in calls():
        if isinstance(id, ast.JoinedStr):
            parts = [
                re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+(?:\.\w+)*" for part in id.values
            ]
            found.append(re.compile(("error\\." if function in ERRORS else "") + "".join(parts)))
    return found


def test_both_languages_have_the_same_sentences() -> None:
    english, russian = (catalogue(language) for language in LANGUAGES)
    assert english.keys() == russian.keys()
    for id, sentence in english.items():
        assert placeholders(sentence) == placeholders(russian[id]), id


def test_russian_is_russian() -> None:
    plain = [
        id
        for id, sentence in catalogue("ru").items()
        if not re.search("[а-яё]", sentence, re.IGNORECASE)
        and re.search("[a-z]{3} [a-z]{3}", re.sub(r"\{.*?\}|(acrm|pip) .*|--.*", "", sentence))
    ]
    assert not plain


def test_what_the_code_asks_for_is_there() -> None:
    known = catalogue("en")
    for function, id in calls():
        if isinstance(id, ast.Constant) and isinstance(id.value, str):
            assert (f"error.{id.value}" if function in ERRORS else id.value) in known


def test_nothing_is_there_that_nobody_asks_for() -> None:
    asked, joined = literals(), patterns()
    for id in catalogue("en"):
        area, _, name = id.partition(".")
        if area in ("error", "hint"):
            # `hint.x` belongs to `error.x`; an id may also be made by a suffix, as in `unknown_key_near`.
            assert f"error.{name}" in catalogue("en"), id
            assert name in asked or name.removesuffix("_near") in asked, id
        else:
            assert id in asked or any(pattern.fullmatch(id) for pattern in joined), id


def test_numbers_follow_the_language() -> None:
    assert text("lineage.counts", read=541909, kept=1, rejected=0) == "541,909 read, 1 kept, 0 rejected"
    use("ru")
    assert number(Decimal("8911407.904"), ",.2f") == "8\u00a0911\u00a0407,90"
    assert text("lineage.counts", read=541909, kept=1, rejected=0).startswith("прочитано 541\u00a0909")


def test_a_message_is_words_only_when_it_is_shown() -> None:
    message = Message("error.no_file", {"path": "a.csv"})
    assert str(message) == "a.csv: no such file or folder"
    use("ru")
    assert str(message) == "a.csv: нет такого файла или папки"
    assert not Message("error.there_is_none").exists
    with pytest.raises(ValueError, match="de"):
        use("de")
