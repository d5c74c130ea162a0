"""What is known of each customer: columns with their axis and kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Axis = Literal["demo", "behaviour", "value", "needs", "extra"]
Kind = Literal["number", "category", "multi"]


@dataclass(frozen=True, kw_only=True)
class Feature:
    """A column of the table of customers: Float64 for a number, String for a category, List of String for many."""

    name: str
    axis: Axis
    kind: Kind
