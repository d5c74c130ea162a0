"""The rules of a file of reminders: what they may say, and all that is wrong with them at once."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from importlib.resources import files
from typing import Any

from acrm.errors import UsageError
from acrm.messages import Message, listed

COMING = ("birthday", "holiday", "first_order", "renewal")
_NUMBERS = {"orders": {"orders", "days"}, "spend": {"amount", "days"}, **{when: {"ahead"} for when in COMING}}
_NEEDED = {"orders": "orders", "spend": "amount"}
LONGEST = 366
"""Days ahead at most: a day of the year comes once."""
_MOST = {"orders": 10**6, "amount": 10**15, "days": 36_600, "ahead": LONGEST}


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One rule: what makes somebody due (`when`), and its numbers; None where the file does not say."""

    id: str
    when: str
    what: str | None = None
    orders: int | None = None
    amount: Decimal | None = None
    days: int | None = None
    ahead: int | None = None


def reminder_rules(document: Mapping[str, Any] | None = None) -> tuple[Rule, ...]:
    """The rules of a parsed `reminders.toml`; without one, those that acrm brings.

    >>> [rule.id for rule in reminder_rules()]
    ['tenth-order', 'big-year', 'birthday', 'holiday', 'anniversary', 'renewal']

    Raises:
        UsageError: All faults of the file.
    """
    if document is None:
        shipped = files("acrm") / "analysis" / "lists" / "reminders.toml"
        document = tomllib.loads(shipped.read_text(encoding="utf-8"))
    entries = document.get("rule")
    faults = [
        Message("segment_reminders.fault.unknown", {"key": key, "near": _near(key, ["rule"])})
        for key in document
        if key != "rule"
    ]
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, Mapping) for entry in entries):
        faults.append(Message("segment_reminders.fault.empty"))
        entries = []
    seen: list[object] = []
    for number, entry in enumerate(entries, 1):
        faults += _faults(number, entry)
        if "id" in entry and entry["id"] in seen:
            faults.append(Message("segment_reminders.fault.twice", {"number": number, "id": entry["id"]}))
        seen.append(entry.get("id"))
    if faults:
        raise UsageError("segment_reminders", problems="; ".join(map(str, faults)))
    return tuple(
        Rule(**{**entry, **({"amount": Decimal(str(entry["amount"]))} if "amount" in entry else {})})
        for entry in entries
    )


def _faults(number: int, entry: Mapping[str, Any]) -> list[Message]:
    def fault(what: str, **values: object) -> Message:
        return Message(f"segment_reminders.fault.{what}", {"number": number, **values})

    found = []
    if not isinstance(entry.get("id"), str) or not entry["id"].strip():
        found.append(fault("id"))
    when = entry.get("when")
    if not isinstance(when, str) or when not in _NUMBERS:
        return [*found, fault("when", near=_near(str(when), _NUMBERS))]
    for key, value in entry.items():
        if key == "what" and not isinstance(value, str):
            found.append(fault("what"))
        elif key not in ("id", "when", "what"):
            if key not in _NUMBERS[when]:
                known = {"id", "when", "what", *_NUMBERS[when]}
                found.append(fault("key", key=key, when=when, near=_near(key, sorted(known))))
            elif not _counts(key, value):
                found.append(fault("number", key=key, most=_MOST[key]))
    if when in _NEEDED and _NEEDED[when] not in entry:
        found.append(fault("missing", key=_NEEDED[when], when=when))
    return found


def _counts(key: str, value: object) -> bool:
    kinds = (int, float) if key == "amount" else int
    return isinstance(value, kinds) and not isinstance(value, bool) and 0 < value <= _MOST[key]


def _near(word: str, known: Iterable[str]) -> str:
    """The known word that was likely meant, else all of them."""
    return listed(get_close_matches(word, [*known], 1, 0.5) or known, 20)
