"""After how many days without a purchase a customer is late, and after how many gone: from all customers' own gaps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from acrm.errors import UsageError
from acrm.messages import Message

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from acrm.models.histories import FloatArray

ACTIVE, LAPSED = 0.8, 0.95
"""Shares of the returns to be expected that have come by the end of the limits `active` and `lapsed`."""
LOYAL, LOYAL_LEAST = 0.75, 3
"""Quantile of the days of purchase of those who came back, and the least number of days that it may give."""
NEEDED = 30
"""Gaps without which they say nothing."""
NAMES = ("active", "lapsed", "loyal")


@dataclass(frozen=True, kw_only=True, eq=False)
class Returns:
    """After how many days those come back who do.

    Attributes:
        time: Days, ascending.
        back: Share of the returns that have come by then, of those that come at all within the longest time seen.
        never: Share of purchases after which nobody is expected to come back.
        gaps: Spans between two days of purchase.
        open: Spans that had not ended.
    """

    time: FloatArray
    back: FloatArray
    never: float
    gaps: int
    open: int

    def by(self, share: float) -> int:
        """The days by which this share of the returns has come."""
        # Shares are sums of floats: one that is met exactly may look a little less.
        return int(self.time[(self.back >= share - 1e-9).argmax()])

    def missed(self, days: float) -> float:
        """The share of the returns that come later."""
        place = int(self.time.searchsorted(days, side="right"))
        return 1.0 - float(self.back[place - 1]) if place else 1.0


def returns(days: pl.DataFrame, as_of: date) -> Returns:
    """The curve of returns, of all customers' gaps; one that is still open on `as_of` counts as longer than it is now.

    Args:
        days: `customer_id`, `day`, one row per customer and day with a purchase up to `as_of`.
        as_of: The last day observed.

    Examples:
        >>> import polars as pl
        >>> from datetime import date
        >>> days = pl.DataFrame({"customer_id": ["a"] * 3, "day": [date(2025, 1, day) for day in (1, 3, 7)]})
        >>> found = returns(days, date(2025, 1, 7))
        >>> found.by(0.5), found.missed(3), found.gaps
        (2, 0.5, 2)
    """
    import numpy as np
    import polars as pl

    from acrm.models.durations import Durations
    from acrm.models.kaplan_meier import kaplan_meier

    following = pl.col("day").shift(-1).over("customer_id", order_by="day")
    told = days.select(
        gap=(pl.coalesce(following, pl.lit(as_of)) - pl.col("day")).dt.total_days(), closed=following.is_not_null()
    )
    gaps = int(told["closed"].sum())
    if not gaps:
        return Returns(time=np.zeros(0), back=np.zeros(0), never=1.0, gaps=0, open=told.height)
    curve = kaplan_meier(Durations.of_customers(told["gap"].cast(pl.Float64).to_numpy(), told["closed"].to_numpy()))
    never = float(curve.survival[-1])
    back = (1 - curve.survival) / (1 - never)
    return Returns(time=curve.time, back=back, never=never, gaps=gaps, open=told.height - gaps)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What parts the stages.

    Attributes:
        active: Up to so many days since the last purchase a customer is no later than most.
        lapsed: Beyond so many days he is gone; between the two he is at risk.
        loyal: From so many days with a purchase on he is loyal.
    """

    active: int
    lapsed: int
    loyal: int


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """Limits, and where each comes from.

    Attributes:
        limits: None: they cannot be had, `notes` says why.
        origin: By name of a limit: `given`, or `gaps`.
        never: Share of purchases after which nobody is expected to come back; None without enough gaps.
        gaps: How many spans between two days of purchase there are.
        notes: How they were found.
    """

    limits: Limits | None
    origin: Mapping[str, Literal["given", "gaps"]]
    never: float | None
    gaps: int
    notes: tuple[Message, ...]


def given_limits(words: str) -> dict[str, int]:
    """The limits of a text such as `active=60,lapsed=120,loyal=5`; any of them may be left out.

    >>> given_limits("active=60, loyal=5")
    {'active': 60, 'loyal': 5}

    Raises:
        UsageError: It is no such text.
    """
    found = {}
    for word in words.split(","):
        name, _, value = (part.strip() for part in word.partition("="))
        if name not in NAMES or not value.isascii() or not value.isdigit() or int(value) < 1:
            raise UsageError("segment_limits", word=word.strip(), known=", ".join(NAMES))
        found[name] = int(value)
    return found


def propose(days: pl.DataFrame, as_of: date, given: Mapping[str, int] | None = None) -> Proposal:
    """Limits from the gaps between days of purchase of all customers; those given stand.

    A gap that is still open on `as_of` counts as longer than it is now (Kaplan & Meier), so what comes back late is not
    missed because the data are short. Of that curve, `active` and `lapsed` are the days by which 80% and 95% of all
    returns have come that come at all within the longest time seen: those who never return, most of them with one
    purchase, push no limit. `loyal` is the upper quartile of the days of purchase of those with two or more.

    Args:
        days: `customer_id`, `day`, one row per customer and day with a purchase up to `as_of`.
        as_of: Today.
        given: Limits that are not to be found, by name.

    Raises:
        UsageError: Limits that do not ascend, `loyal` below 2.
    """
    import polars as pl

    given = dict(given or {})
    curve = returns(days, as_of)
    gaps = curve.gaps
    found: dict[str, int] = {}
    never = None
    if gaps >= NEEDED:
        never = curve.never
        found = {name: curve.by(share) for name, share in (("active", ACTIVE), ("lapsed", LAPSED))}
        bought = days.group_by("customer_id").len().filter(pl.col("len") >= 2)["len"]
        found["loyal"] = max(int(bought.quantile(LOYAL, "higher") or 0), LOYAL_LEAST)
        if "lapsed" not in given:
            found["lapsed"] = max(found["lapsed"], given.get("active", found["active"]) + 1)
        if "active" not in given:
            found["active"] = min(found["active"], given.get("lapsed", found["lapsed"]) - 1)
    limits = {**found, **given}
    if missing := [name for name in NAMES if name not in limits]:
        note = Message("segment_lifecycle.few", {"gaps": gaps, "needed": NEEDED, "missing": ", ".join(missing)})
        return Proposal(limits=None, origin={}, never=None, gaps=gaps, notes=(note,))
    chosen = Limits(**limits)
    if not 1 <= chosen.active < chosen.lapsed or chosen.loyal < 2:
        raise UsageError("segment_limits_order", active=chosen.active, lapsed=chosen.lapsed, loyal=chosen.loyal)
    notes = []
    if never is not None and set(given) != set(NAMES):
        notes.append(Message("segment_lifecycle.proposed", {"gaps": gaps, "open": curve.open, "never": never}))
    return Proposal(
        limits=chosen,
        origin={name: "given" if name in given else "gaps" for name in NAMES},
        never=never,
        gaps=gaps,
        notes=tuple(notes),
    )
