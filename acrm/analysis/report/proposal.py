"""One thing that could be done: for whom, why, at what cost, with what effect, and how to see whether it came."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from acrm.messages import number, text

if TYPE_CHECKING:
    import polars as pl

Basis = Literal["measured", "assumed", "not_separable"]
"""Where the effect comes from: the data themselves, an assumption that is named, or nowhere."""
Of = Literal["customer", "deal", "product", "channel", "row"]
"""What the ids are of; of rows of a source there are none."""
PARTS = ("health", "segment", "churn", "rfm", "offers", "basket", "products", "funnel", "channels", "service")
"""Results that decisions are made of, by their names."""
APART = 0.1
"""Share of customers to be kept apart, so that an effect can be seen."""


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """One possible decision; money is in the currency of its result.

    Attributes:
        part: The result that it is made of.
        kind: What is done.
        key: Tells it from others of its part; the same on every run.
        ids: Whom or what it is about, each once, sorted; `n` is their number, or of rows that have no id.
        action, who, reason, source, check: Sentences: what to do, for whom, why, where the effect comes from, how to
            see whether it came.
        basis: See `Basis`.
        stake: Money that it is about where no effect can be told: what the deals or orders are expected to bring
            anyway, what lies in stock.
        cost, effect, low, high: What it costs; what it brings after that, with 95% limits.
        owner, due: Whose it is and until when, where the result says so.
        first: Whether everything else rests on it.
        apart: Customers who are kept without contact to measure it: no other decision may be about them.
    """

    part: str
    kind: str
    key: str
    of: Of
    ids: pl.Series
    n: int
    action: str
    who: str
    reason: str
    source: str
    check: str
    basis: Basis = "not_separable"
    stake: float | None = None
    cost: float | None = None
    effect: float | None = None
    low: float | None = None
    high: float | None = None
    owner: str | None = None
    due: date | None = None
    first: bool = False
    apart: pl.Series | None = None

    @property
    def rank(self) -> tuple[object, ...]:
        """Sorts the best to the front.

        What surely brings something goes by the lower limit; then what may bring something, by its effect; then effects
        without limits; then what has none, by the stake; ties by name.
        """
        if self.low is not None:
            group, worth = (1, self.low) if self.low > 0 else (2, self.effect or 0.0)
        else:
            group, worth = (4, self.stake or 0.0) if self.effect is None else (3, self.effect)
        return 0 if self.first else group, -worth, self.part, self.key


Candidate = Callable[["pl.Series"], Proposal | None]
"""A proposal without the customers, or deals, of a list: of those is taken care already. None where nobody is left."""


def fixed(proposal: Proposal | None) -> list[Candidate]:
    """A proposal that is about neither customers nor deals, as a candidate; nothing where there is none."""
    return [] if proposal is None else [lambda _: proposal]


def words(part: str, kind: str, values: Mapping[str, object], **keys: str) -> dict[str, Any]:
    """What a kind is and its sentences: `action`, `who`, `reason`, `source`, `check`; `keys` names others for these."""
    fields = ("action", "who", "reason", "source", "check")
    said = {field: text(f"report_decisions.{kind}.{keys.get(field, field)}", **values) for field in fields}
    return {"part": part, "kind": kind, **said}


def money(amount: float | None, currency: object) -> str:
    """An amount in whole units of its currency; of less than a hundred also the hundredths.

    >>> money(1234.5, "EUR").split(), money(3.14159, None)
    (['1,234', 'EUR'], '3.14')
    """
    if amount is None:
        return "-"
    written = number(amount, ",.0f" if abs(amount) >= 100 else ",.2f")
    return f"{written}\u00a0{currency}" if currency else written


def distinct(ids: pl.Series) -> pl.Series:
    """Ids, each once, sorted."""
    return ids.drop_nulls().unique().sort().alias("id")


def some(names: Sequence[object], most: int = 3) -> str:
    """The first few names of a list."""
    shown = ", ".join(str(name) for name in names[:most])
    return shown if len(names) <= most else text("report_decisions.and_more", shown=shown, n=len(names) - most)
