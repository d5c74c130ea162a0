"""What may be asked of sequences, and what they give back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from acrm.analysis.result import Result
from acrm.errors import UsageError

Of = Literal["orders", "interactions", "web"]


@dataclass(frozen=True, kw_only=True)
class SequenceParams:
    """Which patterns are looked for.

    Attributes:
        of: What happens: products bought on days, interactions by kind, or web pages.
        as_of: The day up to which customers were watched; later rows are left out. None: the day after the last event.
        min_support: Least share of customers who have a pattern, above 0. None: chosen, with the reason in the notes.
        min_confidence: Least share, of those who had all but the last step, who have the last one too.
        min_gap: Least days from a step to the next. None: any later moment.
        max_gap: Most days from a step to the next.
        window: Most days from the first step to the last.
        max_length: Most steps, 2 or more.
        max_size: Most items of one step. None: any number.
        keep_services: Postage, bags and the like count as products.
        seed: Start of the shuffled baseline.
        tz: Time zone of the business day: an order at its midnight is one whose hour is not known. None: UTC.
    """

    of: Of = "orders"
    as_of: date | None = None
    min_support: float | None = None
    min_confidence: float = 0.0
    min_gap: float | None = None
    max_gap: float | None = None
    window: float | None = None
    max_length: int = 4
    max_size: int | None = None
    keep_services: bool = False
    seed: int = 0
    tz: str | None = None

    def __post_init__(self) -> None:
        if self.of not in get_args(Of):
            raise UsageError("sequence_of", value=self.of, known=", ".join(get_args(Of)))
        if self.min_support is not None and not 0 < self.min_support <= 1:
            raise UsageError("sequence_share", option="--min-support", value=self.min_support)
        if not 0 <= self.min_confidence <= 1:
            raise UsageError("sequence_share", option="--min-confidence", value=self.min_confidence)
        for option in ("min_gap", "max_gap", "window"):
            value = getattr(self, option)
            if value is not None and not 0 < value <= 36_525:
                raise UsageError("sequence_days", option=f"--{option.replace('_', '-')}", value=value)
        for option in ("max_gap", "window"):
            value = getattr(self, option)
            if value is not None and self.min_gap is not None and value < self.min_gap:
                raise UsageError(
                    "sequence_gaps", option=f"--{option.replace('_', '-')}", value=value, least=self.min_gap
                )
        if self.max_length < 2 or (self.max_size is not None and self.max_size < 1):
            raise UsageError("sequence_length", value=self.max_length)


@dataclass(frozen=True, kw_only=True)
class SequenceResult(Result):
    """Tables `sequences`, `steps`; `paths` of interactions and web pages; `left_out` of products."""

    params: SequenceParams
