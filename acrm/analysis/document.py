"""Checks of values that a JSON file gave, which may be anybody's."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from math import isfinite
from typing import Any


class FaultError(Exception):
    """The name of a field that is missing or is not what it should be."""


def checked(node: Mapping[str, Any], name: str, test: Callable[[Any], bool], prefix: str = "") -> Any:
    """The value of a field that has to pass a test.

    Raises:
        FaultError: It is missing or does not pass.
    """
    if name not in node or not test(node[name]):
        raise FaultError(prefix + name)
    return node[name]


def is_number(value: object) -> bool:
    """Whether it is one, finite as a float.

    >>> is_number(0.5), is_number(True), is_number(10**400), is_number(float("nan"))
    (True, False, False, False)
    """
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)
    except OverflowError:
        return False


def is_whole(value: object) -> bool:
    """Whether it is a whole number from 0 on."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def is_text(value: object) -> bool:
    """Whether it is a text."""
    return isinstance(value, str)


def is_day(value: object) -> bool:
    """Whether it is a day as we write it.

    >>> is_day("2025-07-01"), is_day("20250701")
    (True, False)
    """
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def is_facts(value: object) -> bool:
    """Whether it is numbers and texts by name."""
    return isinstance(value, Mapping) and all(
        one is None or isinstance(one, int | float | str) for one in value.values()
    )
