"""Segment grids: which scores are called what. A grid is a list of rules; the first one that fits names a cell."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from itertools import product
from typing import Any

from acrm.errors import UsageError
from acrm.messages import Message

AXES = ("r", "f", "m")
OTHER = "other"
"""The segment of customers whose scores no rule names."""


@dataclass(frozen=True)
class Rule:
    """One rule: the lowest and highest score on each axis it names; it fits any score on the others."""

    segment: str
    ranges: Mapping[str, tuple[int, int]]

    def fits(self, scores: Mapping[str, int]) -> bool:
        """Whether scores fall into the rule, bounds included."""
        return all(low <= scores[axis] <= high for axis, (low, high) in self.ranges.items())


@dataclass(frozen=True)
class Cell:
    """One combination of scores: its segment, and how many segments have a rule for it (0: uncovered, 2+: overlap)."""

    scores: tuple[int, ...]
    segment: str
    claims: int


@dataclass(frozen=True, kw_only=True)
class Grid:
    """Rules in order, over scores from 1 (worst) to `classes` (best)."""

    name: str
    classes: int
    rules: tuple[Rule, ...]
    labels: Mapping[str, str] = field(default_factory=dict)
    next_steps: Mapping[str, str] = field(default_factory=dict)

    @property
    def axes(self) -> tuple[str, ...]:
        """The axes that some rule names, in the order r, f, m."""
        return tuple(axis for axis in AXES if any(axis in rule.ranges for rule in self.rules))

    @property
    def segments(self) -> tuple[str, ...]:
        """Segment ids in the order of the rules, each once (several rules may make one segment)."""
        return tuple(dict.fromkeys(rule.segment for rule in self.rules))

    def cells(self) -> list[Cell]:
        """Every combination of scores on the grid's axes, ascending.

        >>> grid = load_grid("ten")
        >>> len(grid.cells()), [cell.segment for cell in grid.cells() if cell.scores == (5, 1)]
        (25, ['new'])
        """
        found = []
        for scores in product(range(1, self.classes + 1), repeat=len(self.axes)):
            named = dict(zip(self.axes, scores, strict=True))
            claims = dict.fromkeys(rule.segment for rule in self.rules if rule.fits(named))
            found.append(Cell(scores, next(iter(claims), OTHER), len(claims)))
        return found

    def label(self, segment: str) -> str:
        """What a segment is called: the grid's own label, else the catalogue's, else its id."""
        return self.labels.get(segment) or _word("segment", segment) or segment

    def next_step(self, segment: str) -> str:
        """What to do about a segment, or an empty text."""
        return self.next_steps.get(segment) or _word("next", segment)


def _word(kind: str, segment: str) -> str:
    message = Message(f"rfm.{kind}.{segment}")
    return str(message) if message.exists else ""


def load_grid(source: str | Mapping[str, Any]) -> Grid:
    """Make a grid of a built-in's name or of a parsed TOML document.

    A document has `name`, `classes` (default 5) and `[[segment]]` tables: `id`, a range `[low, high]` or one score for
    any of `r`, `f`, `m`, and, if wanted, `label` and `next_step`.

    Raises:
        UsageError: No built-in of that name, or a document that is not a grid (all its faults at once).

    Examples:
        >>> grid = load_grid({"name": "mine", "classes": 2, "segment": [{"id": "fresh", "r": 2}]})
        >>> [(cell.scores, cell.segment) for cell in grid.cells()]
        [((1,), 'other'), ((2,), 'fresh')]
    """
    if isinstance(source, str):
        if source not in BUILT_IN:
            raise UsageError("rfm_no_grid", name=source, known=", ".join(BUILT_IN))
        source = tomllib.loads((files("acrm") / "grids" / f"{source}.toml").read_text(encoding="utf-8"))
    name, classes = str(source.get("name", "grid")), source.get("classes", 5)
    entries = source.get("segment")
    problems = [Message("rfm.grid_fault.unknown", {"key": key}) for key in source if key not in _TOP]
    if type(classes) is not int or classes < 2:
        problems.append(Message("rfm.grid_fault.classes"))
        classes = 5
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, Mapping) for entry in entries):
        problems.append(Message("rfm.grid_fault.empty"))
        entries = []
    rules = tuple(_rule(number, entry, classes, problems) for number, entry in enumerate(entries, 1))
    if not problems and not any(rule.ranges for rule in rules):
        problems.append(Message("rfm.grid_fault.no_axis"))
    if problems:
        raise UsageError("rfm_grid", name=name, problems="; ".join(map(str, problems)))
    texts = {key: {entry["id"]: str(entry[key]) for entry in entries if key in entry} for key in ("label", "next_step")}
    return Grid(name=name, classes=classes, rules=rules, labels=texts["label"], next_steps=texts["next_step"])


BUILT_IN = ("ten", "r-rfm")
_TOP = ("name", "classes", "segment")


def _rule(number: int, entry: Mapping[str, Any], classes: int, problems: list[Message]) -> Rule:
    segment, ranges = entry.get("id"), {}
    if not isinstance(segment, str) or not segment or segment == OTHER:
        problems.append(Message("rfm.grid_fault.id", {"number": number, "reserved": OTHER}))
    for key, value in entry.items():
        if key in AXES:
            bounds = value if isinstance(value, list) else [value, value]
            if (
                len(bounds) == 2
                and all(type(bound) is int for bound in bounds)
                and 1 <= bounds[0] <= bounds[1] <= classes
            ):
                ranges[key] = (bounds[0], bounds[1])
            else:
                problems.append(Message("rfm.grid_fault.range", {"number": number, "axis": key, "classes": classes}))
        elif key not in ("id", "label", "next_step"):
            problems.append(Message("rfm.grid_fault.unknown", {"key": key}))
    return Rule(str(segment), ranges)
