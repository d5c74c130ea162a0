"""The chance of each open deal to be won, tried on the deals that were open earlier, beside the base rate."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from acrm.analysis.funnel.followed import Followed
from acrm.analysis.funnel.foretelling import (
    SIDES,
    TRIED,
    Model,
    Setting,
    base_rate,
    enough_by,
    learn,
    setting,
)
from acrm.analysis.funnel.ground import Ground
from acrm.analysis.holdout import wilson

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DRAWS = 60
_Z = 1.96


@dataclass(frozen=True, kw_only=True)
class Trial:
    """How chances learned by a day did on the deals open then, within some days; errors are Brier scores."""

    at: datetime
    days: float
    deals: int
    won: int
    expected: float
    expected_low: float
    expected_high: float
    """How many would be won, were the chances true; 95% limits."""
    error: float
    base_error: float
    gain: float
    gain_low: float
    gain_high: float
    """By how much the error is below that of the base rate, 95%."""
    auc: float | None
    bins: pl.DataFrame

    @property
    def verdict(self) -> str:
        """`better` or `worse` than the base rate, or `none`: no difference shown."""
        return "better" if self.gain_low > 0 else "worse" if self.gain_high < 0 else "none"


@dataclass(frozen=True, kw_only=True)
class Chances:
    """Chances of the deals open now.

    `kind` is `traits`, `age`, `base`, or empty where nothing could be learned; `rows` are the open deals with an age,
    `p`, `low`, `high` their chances to be won within `told.days`.
    """

    kind: str
    told: Setting
    rows: pl.DataFrame
    p: Floats
    low: Floats
    high: Floats
    model: Model | None
    trial: Trial | None
    ended: int


def chances(ground: Ground, known: Followed, seed: int) -> Chances:
    """Learn, try, and apply: of three models the one that did best on later deals.

    These are by all traits, calibrated and not, and by age alone. Where the best of them did worse than the base rate
    of the stage, the base rate it is. Where nothing could be tried, it is age alone.
    """
    import polars as pl

    now, told = ground.until, setting(ground, known, seed)
    rows = told.open_at(now, now)
    ended = ground.deals.filter((pl.col("status") != "open") & (pl.col("days") >= 0)).height
    nothing = np.full(rows.height, np.nan)
    found = Chances(
        kind="", told=told, rows=rows, p=nothing, low=nothing, high=nothing, model=None, trial=None, ended=ended
    )
    if not enough_by(told, now):
        return found
    plain = replace(told, usable=(), corrected=False)
    tried = [(trial, one) for one in (told, replace(told, corrected=False), plain) if (trial := _tried(one))]
    trial, used = min(tried, key=lambda one: one[0].error, default=(None, plain))
    kind = "base" if trial and trial.verdict == "worse" else "traits" if used.usable else "age"
    model = learn(used, now)
    found = replace(found, kind=kind, told=used, model=model, trial=trial)
    if kind == "base":
        return replace(found, p=base_rate(told, now, rows))
    if not rows.height:
        return found
    ahead = np.array([told.days])
    p = model.won(rows, ahead)[:, 0]
    chance = np.random.default_rng(seed)
    drawn = np.array([found[:, 0] for found in model.drawn(rows, ahead, chance, DRAWS)])
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0)
    return replace(found, p=p, low=np.minimum(low, p), high=np.maximum(high, p))


def _tried(told: Setting) -> Trial | None:
    """The trial, as many days ago as it looks ahead; None without enough deals to learn from or to try on."""
    at = told.ground.until - timedelta(days=told.days)
    rows = told.open_at(at, told.ground.until)
    outcome = (rows["cause"] == 0).to_numpy()
    sides = min(int(outcome.sum()), int((~outcome).sum()))
    if not enough_by(told, at) or rows.height < TRIED or sides < SIDES:
        return None
    p = learn(told, at).won(rows, np.array([told.days]))[:, 0]
    base = base_rate(told, at, rows)
    better = (base - outcome) ** 2 - (p - outcome) ** 2
    gain, error = float(better.mean()), _Z * float(better.std(ddof=1)) / float(np.sqrt(rows.height))
    spread = _Z * float(np.sqrt((p * (1 - p)).sum()))
    return Trial(
        at=at,
        days=told.days,
        deals=rows.height,
        won=int(outcome.sum()),
        expected=float(p.sum()),
        expected_low=max(0.0, float(p.sum()) - spread),
        expected_high=float(p.sum()) + spread,
        error=float(((p - outcome) ** 2).mean()),
        base_error=float(((base - outcome) ** 2).mean()),
        gain=gain,
        gain_low=gain - error,
        gain_high=gain + error,
        auc=_auc(p, outcome),
        bins=_bins(p, outcome),
    )


def _bins(p: Floats, outcome: NDArray[np.bool_]) -> pl.DataFrame:
    """Fifths of the deals by chance: how many were told to be won, and how many were.

    | column | type | unit, range |
    |---|---|---|
    | `fifth`, `deals` | Int64 | 1: the least chances |
    | `expected`, `won`, `won_low`, `won_high` | Float64 | shares (Wilson, 95%) |
    """
    import polars as pl

    made = []
    for number, part in enumerate(np.array_split(np.argsort(p, kind="stable"), 5), 1):
        if part.size:
            won = int(outcome[part].sum())
            made.append((number, part.size, float(p[part].mean()), won / part.size, *wilson(won, part.size)))
    shares = dict.fromkeys(("expected", "won", "won_low", "won_high"), pl.Float64)
    return pl.DataFrame(made, schema={"fifth": pl.Int64, "deals": pl.Int64, **shares}, orient="row")


def _auc(p: Floats, outcome: NDArray[np.bool_]) -> float:
    """The chance that a deal that was won had been told a higher one than a deal that was not."""
    wins = int(outcome.sum())
    _, place, count = np.unique(p, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(count) - (count - 1) / 2)[place]
    return float((ranks[outcome].sum() - wins * (wins + 1) / 2) / (wins * (outcome.size - wins)))
