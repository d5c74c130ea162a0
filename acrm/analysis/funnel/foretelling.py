"""What foretells which open deals are won: rates learned by a day, calibrated on how earlier chances turned out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from acrm.analysis.funnel.followed import Followed
from acrm.analysis.funnel.ground import TRAITS, Ground
from acrm.analysis.funnel.open_deals import looks_before, open_at, seen_until
from acrm.models.calibration import Calibration, calibrate
from acrm.models.ending_rates import EndingRates, fit_rates

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NEEDED, WINS = 50, 20
"""Deals that must have ended, and been won, before anything is learned from them."""
TRIED, SIDES = 50, 10
"""Open deals without which nothing is tried, and how many of them won, and not won."""
_FEW = 20
"""Spans with a value below which it is none of its own."""
_SPANS, _PER_SPAN = 10, 15
_MOST = 100_000
"""Spans of time learned from; of more a random part, as more tell nothing that is not known by then."""
_BASE_FEW = 30
_EDGE = 1e-6


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What is learned from, and how far ahead: `days` are both those of a chance and those of its trial."""

    ground: Ground
    known: Followed
    days: float
    step: float | None
    """Days between looks at deals with a history of stages; None: there is none."""
    traits: pl.DataFrame
    usable: tuple[str, ...]
    seed: int
    corrected: bool = True
    """Whether chances are calibrated on how those of an earlier day turned out."""

    def open_at(self, at: datetime, until: datetime) -> pl.DataFrame:
        """The deals open at a moment with their traits, and how they had ended by a later one."""
        rows = open_at(self.ground, at, until)
        return rows.join(self.traits, on="deal_id", how="left", maintain_order="left")


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """Rates, the values of traits that have a weight of their own, and what makes chances true."""

    rates: EndingRates
    values: tuple[tuple[str, str], ...]
    amounts: tuple[float, float] | None
    """Mean and spread of the logarithm of amounts, where these are told."""
    days: float
    calibration: Calibration | None = None

    def features(self, rows: pl.DataFrame) -> Floats:
        """One column per value, one for the amount."""
        import polars as pl

        columns = [(rows[name] == value).fill_null(value=False).cast(pl.Float64) for name, value in self.values]
        if self.amounts is not None:
            mean, spread = self.amounts
            logs = rows["amount"].cast(pl.Float64).clip(lower_bound=0.0).log1p()
            columns.append(((logs - mean) / spread).fill_null(0.0))
        return np.column_stack([column.to_numpy() for column in columns]) if columns else np.zeros((rows.height, 0))

    def won(self, rows: pl.DataFrame, ahead: Floats) -> Floats:
        """The chance of being won within some days, shape (deals, times)."""
        return next(self.drawn(rows, ahead, None, 1))

    def drawn(self, rows: pl.DataFrame, ahead: Floats, chance: np.random.Generator | None, n: int) -> Iterator[Floats]:
        """The same, n times, with rates as they might be as well; with those found where there is no `chance`."""
        age, features = rows["age"].to_numpy(), self.features(rows)
        times = np.union1d(ahead, [self.days])
        for _ in range(n):
            rates = self.rates if chance is None else self.rates.drawn(chance)
            yield self._true(rates.chances(age, features, times)[0], times, ahead)

    def _true(self, found: Floats, times: Floats, ahead: Floats) -> Floats:
        """Chances made true: calibration is of those within `days`; those of other times are stretched as much."""
        told = found[:, np.searchsorted(times, self.days)]
        chances: Floats = found[:, np.searchsorted(times, ahead)]
        if self.calibration is None or not told.size:
            return chances
        true = 1 / (1 + np.exp(-self.calibration(_log_odds(told))))
        most = np.maximum(found[:, -1], told)
        stretched: Floats = chances * np.minimum(true / np.maximum(told, _EDGE), 1 / np.maximum(most, _EDGE))[:, None]
        return stretched


def setting(ground: Ground, known: Followed, seed: int) -> Setting:
    """What there is to learn from; ends come within `days`, of which the time that is known has three."""
    import polars as pl

    first = known.since or ground.deals["created_at"].min()
    span = (ground.until - first).days if isinstance(first, datetime) else 0
    days = float(max(1, int(min(known.long_enough or 0.0, span / 3))))
    ended = ground.deals.filter(pl.col("status") != "open")
    usable = [name for name in TRAITS if name not in ground.late and ended[name].count()]
    step = None
    if ground.stages.height and known.incidence is not None:
        ended = known.incidence.share.sum(axis=0)
        step = max(1.0, float(known.incidence.time[np.argmax(ended >= ended[-1] / 2)]) / 2)
    return Setting(
        ground=ground,
        known=known,
        days=days,
        step=step,
        traits=ground.deals.select("deal_id", *TRAITS),
        usable=("stage", *usable) if ground.stages.height else tuple(usable),
        seed=seed,
    )


def learn(told: Setting, until: datetime) -> Model:
    """A model of what was known at a moment, calibrated on the deals that were open `days` before."""
    model = _learned(told, until)
    before = until - timedelta(days=told.days)
    if not told.corrected or not enough_by(told, before):
        return model
    rows = told.open_at(before, until)
    outcome = (rows["cause"] == 0).to_numpy()
    if rows.height < TRIED or min(int(outcome.sum()), int((~outcome).sum())) < SIDES:
        return model
    p = _learned(told, before).won(rows, np.array([told.days]))[:, 0]
    return replace(model, calibration=calibrate(_log_odds(p), outcome))


def enough_by(told: Setting, at: datetime) -> bool:
    """Whether so many deals had ended by a moment that something can be learned from them."""
    import polars as pl

    ended = seen_until(told.ground, told.known.since, at, None).filter(pl.col("cause") >= 0)
    return ended.height >= NEEDED and int((ended["cause"] == 0).sum()) >= WINS


def base_rate(told: Setting, at: datetime, rows: pl.DataFrame) -> Floats:
    """The share won within `days` of all deals open at earlier moments; by stage where there is a history.

    Of moments at least so many days ago, so that it is known of every deal; a stage with few deals has that of all.
    """
    import polars as pl

    ahead = timedelta(days=told.days)
    looks = looks_before(told.ground, told.known.since, at - ahead, told.step or max(told.days / 4, 1.0))
    before = [open_at(told.ground, look, look + ahead) for look in looks]
    past = pl.concat(before) if before else open_at(told.ground, at, at)
    won = (pl.col("cause") == 0).sum()
    of_all = float((past["cause"] == 0).sum()) / past.height if past.height else 0.0
    shares = past.group_by("stage").agg((won / pl.len()).alias("share"), pl.len()).filter(pl.col("len") >= _BASE_FEW)
    found = rows.select("stage").join(shares.drop_nulls("stage"), on="stage", how="left", maintain_order="left")
    filled: Floats = found["share"].fill_null(of_all).to_numpy().astype(float)
    return filled


def _learned(told: Setting, until: datetime) -> Model:
    """Rates from what was known at a moment."""
    import polars as pl

    seen = seen_until(told.ground, told.known.since, until, told.step).sort("deal_id", "age")
    if seen.height > _MOST:
        chosen = np.random.default_rng(told.seed).choice(seen.height, _MOST, replace=False)
        seen = seen[np.sort(chosen)]
    rows = seen.join(told.traits, on="deal_id", how="left", maintain_order="left")
    values = []
    for name in (one for one in told.usable if one != "amount"):
        counts = rows.drop_nulls(name).group_by(name).len().filter(pl.col("len") >= _FEW).sort(name)
        values += [(name, str(value)) for value in counts[name]]
    amounts = None
    if "amount" in told.usable:
        logs = rows["amount"].cast(pl.Float64).clip(lower_bound=0.0).log1p().drop_nulls()
        mean, spread = logs.mean(), logs.std()
        amounts = (
            (float(mean), float(spread)) if isinstance(mean, float) and isinstance(spread, float) and spread else None
        )
    ends = np.sort(rows.filter(pl.col("cause") >= 0)["left"].to_numpy())
    parts = max(2, min(_SPANS, ends.size // _PER_SPAN) + 1)
    starts = np.unique(np.append(0.0, np.quantile(ends, np.linspace(0, 1, parts))[1:] if ends.size else []))
    blank = EndingRates(starts=starts, weights=np.zeros((2, 0)), covariance=np.zeros((2, 0, 0)))
    model = Model(rates=blank, values=tuple(values), amounts=amounts, days=told.days)
    rates = fit_rates(
        rows["age"].to_numpy(),
        rows["left"].to_numpy(),
        rows["cause"].to_numpy(),
        1 + int((told.ground.deals["status"] == "lost").any()),
        model.features(rows),
        starts,
    )
    return replace(model, rates=rates)


def _log_odds(p: Floats) -> Floats:
    within = np.clip(p, _EDGE, 1 - _EDGE)
    found: Floats = np.log(within / (1 - within))
    return found
