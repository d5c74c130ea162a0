"""What a churn model learns from: customers, what was known of them, and who left."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.people.features import Feature


@dataclass(frozen=True, kw_only=True)
class Case:
    """Customers sorted by `customer_id`, their features, and `outcome`: whether each left after `cutoff`.

    `known`: features that cannot have been written after the cutoff, however well they tell who leaves.
    """

    table: pl.DataFrame
    features: tuple[Feature, ...]
    outcome: pl.Series
    cutoff: date | None = None
    known: frozenset[str] = frozenset()
