"""Scenarios: what to do about which segment, through which channel, at what cost, and what is expected of it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from fnmatch import fnmatchcase
from importlib.resources import files
from typing import Any

from acrm.analysis.lifecycle.lifecycle import STAGES
from acrm.errors import UsageError
from acrm.messages import Message, listed

ALL = "*"
"""The pattern of the scenario for everybody whom no other fits."""
WORTH = ("margin", "spend")
"""What a response may be worth besides a number: the customer's own margin or amount of one order."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """One action and what is assumed of it.

    Attributes:
        id: Its name.
        segments: Patterns of segment names.
        stages: Stages of the life cycle.
        action: What is done.
        channel: By what.
        owner: Who does it.
        days: From the day of the plan to the deadline.
        cost: Of one contact, in money, or as a share of the median order (`cost_share`).
        response: Share of the contacted who respond because of it, on top of `base`; `low`, `high`: its range.
        base: Share who would do so in the same time without it.
        value: What a response brings before the cost of the contact: a number, or one of `WORTH`.
        cap: Contacts of one segment at most.
        control: Share of the customers kept apart without contact, to measure the effect.
        min_control: Customers kept apart at least, up to half of them.
        min_gap: Days since the last contact at least.
    """

    id: str
    segments: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    action: str
    channel: str
    owner: str
    days: int
    cost: Decimal
    cost_share: bool = False
    response: Decimal
    low: Decimal
    high: Decimal
    base: Decimal
    value: Decimal | str
    cap: int | None = None
    control: Decimal = Decimal("0.1")
    min_control: int = 0
    min_gap: int = 14


@dataclass(frozen=True, kw_only=True)
class Scenarios:
    """Scenarios in order; `caps` are contacts of a channel at most, `margin_rate` is of prices without a margin."""

    name: str
    scenarios: tuple[Scenario, ...]
    caps: Mapping[str, int]
    margin_rate: Decimal | None

    def of(self, segment: str, stage: str | None) -> Scenario | None:
        """The scenario of a customer: by the name of the segment, else by the stage, else the one for everybody.

        >>> default = load_scenarios()
        >>> [default.of(*who).id for who in (("at_risk", "new"), ("students", "new"), ("students", None))]
        ['save_at_risk', 'second_order', 'next_offer']
        """
        name = segment.casefold()
        named = (one for one in self.scenarios if any(fnmatchcase(name, part) for part in one.segments if part != ALL))
        staged = (one for one in self.scenarios if stage in one.stages)
        rest = (one for one in self.scenarios if ALL in one.segments)
        return next(named, None) or next(staged, None) or next(rest, None)


def load_scenarios(document: Mapping[str, Any] | None = None) -> Scenarios:
    """Make scenarios of a parsed TOML document; those that come with acrm where there is none.

    A document has `[[scenario]]` tables with the fields of `Scenario` (`cost` may be "2%": of the median order; without
    `low` and `high` the response may lie between nothing and twice as much; `base` is 0 unless told) and, if wanted,
    `name`, `margin_rate` and `[caps]` with a number of contacts for each channel.

    Raises:
        UsageError: The document is none of scenarios (all its faults at once).
    """
    if document is None:
        document = tomllib.loads((files("acrm") / "scenarios" / "default.toml").read_text(encoding="utf-8"))
    faults: list[Message] = [_unknown("", key, _TOP) for key in document if key not in _TOP]
    entries, caps, rate = document.get("scenario"), document.get("caps", {}), document.get("margin_rate")
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, Mapping) for entry in entries):
        faults.append(Message("segment_actions.fault.none"))
        entries = []
    if rate is not None and not (_is_number(rate) and 0 < rate <= 1):
        faults.append(_fault("margin_rate", "", "share"))
    made = [_scenario(f"{place}", entry, faults) for place, entry in enumerate(entries, 1)]
    ids = [one.id for one in made]
    faults += [Message("segment_actions.fault.twice", {"id": id}) for id in dict.fromkeys(ids) if ids.count(id) > 1]
    if not isinstance(caps, Mapping):
        faults.append(_fault("caps", "", "table"))
        caps = {}
    channels = dict.fromkeys(one.channel for one in made)
    for channel, cap in caps.items():
        if channel not in channels:
            faults.append(_unknown("caps", channel, channels))
        elif type(cap) is not int or not 0 <= cap <= _MOST:
            faults.append(_fault(f"caps.{channel}", "", "whole"))
    name = str(document.get("name", "scenarios"))
    if faults:
        raise UsageError("scenarios", name=name, problems="; ".join(map(str, faults)))
    margin_rate = None if rate is None else Decimal(str(rate))
    return Scenarios(name=name, scenarios=tuple(made), caps=dict(caps), margin_rate=margin_rate)


def action_name(action: str) -> str:
    """What an action is called: in words where it is one of those that come with acrm, else as the user calls it.

    >>> action_name("call_and_ask"), action_name("Send roses")
    ('call and ask', 'Send roses')
    """
    word = Message(f"segment_actions.action.{action}")
    return str(word) if word.exists else action


_TOP = ("name", "margin_rate", "caps", "scenario")
_TEXTS = ("id", "action", "channel", "owner")
_SHARES = ("response", "low", "high", "base", "control")
_DAYS, _WHOLE = ("days", "min_gap"), ("cap", "min_control")
_LISTS = ("segments", "stages")
_KNOWN = (*_TEXTS, *_LISTS, *_DAYS, *_WHOLE, *_SHARES, "cost", "value")
_NEEDED = (*_TEXTS, "days", "cost", "response", "value")
_LONGEST, _MOST, _DEAREST = 3_660, 10**9, 10**10
"""Days, customers, and money of one contact at most: what is beyond is a slip, and dates and sums have an end."""


def _scenario(place: str, entry: Mapping[str, Any], faults: list[Message]) -> Scenario:
    """One scenario; where it has faults, it is filled up so that the rest can be looked at."""
    where = str(entry.get("id", place))
    found = len(faults)
    faults += [_unknown(where, key, _KNOWN) for key in entry if key not in _KNOWN]
    faults += [_fault(where, key, "needed") for key in _NEEDED if key not in entry]
    if not any(key in entry for key in _LISTS):
        faults.append(_fault(where, " / ".join(_LISTS), "needed"))
    tests: dict[str, tuple[str, Callable[[Any], bool]]] = {
        **dict.fromkeys(_TEXTS, ("text", lambda value: isinstance(value, str) and bool(value.strip()))),
        **dict.fromkeys(_LISTS, ("list", _is_list)),
        **dict.fromkeys(_DAYS, ("days", lambda value: type(value) is int and 0 <= value <= _LONGEST)),
        **dict.fromkeys(_WHOLE, ("whole", lambda value: type(value) is int and 0 <= value <= _MOST)),
        **dict.fromkeys(_SHARES, ("share", lambda value: _is_number(value) and 0 <= value <= 1)),
        "cost": ("cost", lambda value: _cost(value) is not None),
        "value": ("value", lambda value: value in WORTH or (_is_number(value) and 0 < value <= _DEAREST)),
    }
    faults += [_fault(where, key, what) for key, (what, fits) in tests.items() if key in entry and not fits(entry[key])]
    stages: Any = entry.get("stages")
    if _is_list(stages):
        faults += [_unknown(f"{where}.stages", one, STAGES) for one in stages if one not in STAGES]
    if len(faults) > found:
        zero = Decimal(0)
        of: Any = {key: str(entry.get(key, "")) for key in _TEXTS}
        return Scenario(**of, days=0, cost=zero, response=zero, low=zero, high=zero, base=zero, value=zero)
    shares: dict[str, Any] = {key: Decimal(str(entry[key])) for key in _SHARES if key in entry}
    shares.setdefault("low", Decimal(0))
    shares.setdefault("high", min(Decimal(1), 2 * shares["response"]))
    shares.setdefault("base", Decimal(0))
    if shares["response"] == 0 or not shares["low"] <= shares["response"] <= shares["high"]:
        faults.append(_fault(where, "response", "range"))
    if shares["base"] + shares["response"] > 1:
        faults.append(_fault(where, "base", "base"))
    if shares.get("control", Decimal(0)) > Decimal("0.5"):
        faults.append(_fault(where, "control", "control"))
    cost, cost_share = _cost(entry["cost"]) or (Decimal(0), False)
    value = entry["value"] if entry["value"] in WORTH else Decimal(str(entry["value"]))
    rest: Any = {key: entry[key] for key in (*_TEXTS, *_DAYS, *_WHOLE) if key in entry}
    segments = tuple(part.casefold() for part in entry.get("segments", ()))
    return Scenario(
        segments=segments, stages=tuple(stages or ()), cost=cost, cost_share=cost_share, value=value, **shares, **rest
    )


def _cost(value: object) -> tuple[Decimal, bool] | None:
    """A cost in money, or as a share of the median order; None where it is neither."""
    if isinstance(value, str) and value.endswith("%"):
        number = value[:-1].strip().replace(",", ".")
        plain = number.replace(".", "", 1)
        # Of an order: more than a hundred of them is a slip.
        sound = plain.isascii() and plain.isdecimal() and Decimal(number) <= _DEAREST / 10**6
        return (Decimal(number) / 100, True) if sound else None
    return (Decimal(str(value)), False) if _is_number(value) and 0 <= Decimal(str(value)) <= _DEAREST else None


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and Decimal(str(value)).is_finite()


def _is_list(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) and one for one in value)


def _fault(where: str, key: str, what: str) -> Message:
    field = f"{where}.{key}" if key else where
    return Message(f"segment_actions.fault.{what}", {"field": field, "longest": _LONGEST, "dearest": _DEAREST})


def _unknown(where: str, key: str, known: Iterable[str]) -> Message:
    near = get_close_matches(key, [*known], 1, 0.5)
    field = f"{where}.{key}" if where else key
    return Message("segment_actions.fault.unknown", {"field": field, "near": near[0] if near else listed(known, 20)})
