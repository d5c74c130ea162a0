"""The chance of each open deal to be won: rates of winning and losing by age, stage, owner and what else is told.

Learned from what was known at a day, it is tried on the deals that were open then, beside the base rate of their stage.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from acrm.analysis.funnel.followed import Followed
from acrm.analysis.funnel.ground import Ground
from acrm.analysis.funnel.open_deals import looks_before, open_at, seen_until
from acrm.models.ending_rates import EndingRates, fit_rates

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

NEEDED, WINS = 50, 20
"""Deals that must have ended, and been won, before anything is learned from them."""
TRIED, SIDES = 50, 10
"""Open deals that a test needs, and how many of them won, and not won."""
TRAITS = ("stage", "owner", "source", "product_id", "region", "pipeline")
_FEW = 20
"""Spans with a value below which it is none of its own."""
_LATE = 0.1
"""A trait that open deals have less often than ended ones by so much is recorded at the end: it foretells nothing."""
_SPANS, _PER_SPAN = 10, 15
_BASE_FEW = 30
DRAWS = 60


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """Rates, and the values of traits that have a weight of their own."""

    rates: EndingRates
    values: tuple[tuple[str, str], ...]
    amounts: tuple[float, float] | None
    """Mean and spread of the logarithm of amounts, where these are told."""

    def features(self, rows: pl.DataFrame) -> Floats:
        """One column per value, one for the amount."""
        import polars as pl

        columns = [(rows[name] == value).fill_null(value=False).cast(pl.Float64).to_numpy() for name, value in self.values]
        if self.amounts is not None:
            mean, spread = self.amounts
            logs = rows["amount"].cast(pl.Float64).clip(lower_bound=0.0).log1p()
            columns.append(((logs - mean) / spread).fill_null(0.0).to_numpy())
        return np.column_stack(columns) if columns else np.zeros((rows.height, 0))

    def won(self, rows: pl.DataFrame, ahead: Floats, rates: EndingRates | None = None) -> Floats:
        """The chance of being won within some days, shape (deals, times)."""
        found: Floats = (rates or self.rates).chances(rows["age"].to_numpy(), self.features(rows), ahead)[0]
        return found


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
    `p`, `low`, `high` their chances to be won within `days`.
    """

    kind: str
    days: float
    rows: pl.DataFrame
    p: Floats
    low: Floats
    high: Floats
    model: Model | None
    trial: Trial | None
    left_out: tuple[str, ...]
    """Traits recorded at the end of deals."""
    ended: int
    step: float | None


def chances(ground: Ground, known: Followed, seed: int) -> Chances:
    """Learn, try, and apply: the richer of two models is used if it did better than the base rate, tried later.

    Where neither was better the simpler one is used, by age alone; where that was worse, the base rate of the stage.
    """
    import polars as pl

    now, days = ground.now, known.long_enough or 0.0
    traits = ground.deals.select("deal_id", *(name for name in TRAITS[1:]), "amount")
    rows = open_at(ground, now, now).filter(pl.col("cause") < 0).join(traits, on="deal_id", how="left")
    ended = ground.deals.filter((pl.col("status") != "open") & (pl.col("days") >= 0))
    nothing = np.full(rows.height, np.nan)
    wins = int((ended["status"] == "won").sum())
    step = _step(ground, known)
    usable, late = _usable(ground, rows)
    empty = {"days": days, "rows": rows, "ended": ended.height, "left_out": late, "step": step}
    if ended.height < NEEDED or wins < WINS or known.long_enough is None:
        return Chances(kind="", p=nothing, low=nothing, high=nothing, model=None, trial=None, **empty)
    kind, trial = "age", None
    for richer in ("traits", "age"):
        tried = _tried(ground, known, traits, usable if richer == "traits" else (), step)
        trial = tried or trial
        if tried is None:
            break
        kind = richer
        if tried.verdict == "better" or (richer == "age" and tried.verdict == "none"):
            break
        kind = "base"
    if trial is None:
        kind = "age"
    model = learn(ground, known, traits, usable if kind == "traits" else (), step, now)
    if kind == "base":
        p = base_rate(ground, known, now, days, rows, step)
        return Chances(kind=kind, p=p, low=nothing, high=nothing, model=model, trial=trial, **empty)
    ahead = np.array([days])
    p = model.won(rows, ahead)[:, 0] if rows.height else nothing
    chance = np.random.default_rng(seed)
    drawn = np.array([model.won(rows, ahead, model.rates.drawn(chance))[:, 0] for _ in range(DRAWS)])
    low, high = np.quantile(drawn, [0.025, 0.975], axis=0) if rows.height else (nothing, nothing)
    return Chances(
        kind=kind, p=p, low=np.minimum(low, p), high=np.maximum(high, p), model=model, trial=trial, **empty
    )


def learn(
    ground: Ground, known: Followed, traits: pl.DataFrame, usable: tuple[str, ...], step: float | None, until: datetime
) -> Model:
    """Rates from what was known at a moment."""
    import polars as pl

    rows = seen_until(ground, known.since, until, step).join(traits, on="deal_id", how="left", maintain_order="left")
    values = []
    for name in (one for one in TRAITS if one in usable):
        counts = rows.drop_nulls(name).group_by(name).len().filter(pl.col("len") >= _FEW).sort(name)
        values += [(name, str(value)) for value in counts[name]]
    amounts = None
    if "amount" in usable:
        logs = rows["amount"].cast(pl.Float64).clip(lower_bound=0.0).log1p().drop_nulls()
        mean, spread = logs.mean(), logs.std()
        amounts = (float(mean), float(spread)) if isinstance(mean, float) and isinstance(spread, float) and spread else None
    ends = np.sort(rows.filter(pl.col("cause") >= 0)["left"].to_numpy())
    inner = np.quantile(ends, np.linspace(0, 1, max(2, min(_SPANS, ends.size // _PER_SPAN) + 1))) if ends.size else []
    starts = np.unique(np.append(0.0, inner[1:] if len(inner) else []))
    empty = EndingRates(starts=starts, weights=np.zeros((2, 0)), covariance=np.zeros((2, 0, 0)))
    model = Model(rates=empty, values=tuple(values), amounts=amounts)
    rates = fit_rates(
        rows["age"].to_numpy(),
        rows["left"].to_numpy(),
        rows["cause"].to_numpy(),
        1 + int((ground.deals["status"] == "lost").any()),
        model.features(rows),
        starts,
    )
    return Model(rates=rates, values=model.values, amounts=amounts)


def base_rate(
    ground: Ground, known: Followed, at: datetime, days: float, rows: pl.DataFrame, step: float | None
) -> Floats:
    """The share won within some days of all deals open at earlier moments; by stage where there is a history.

    Of moments at least so many days ago, so that it is known of every deal; a stage with few deals has that of all.
    """
    import polars as pl

    looks = looks_before(ground, known.since, at - timedelta(days=days), step or max(days / 4, 1.0))
    before = [open_at(ground, look, look + timedelta(days=days)) for look in looks]
    past = pl.concat(before) if before else open_at(ground, at, at)
    won = (pl.col("cause") == 0).sum()
    of_all = float((past["cause"] == 0).sum() or 0) / past.height if past.height else 0.0
    shares = past.group_by("stage").agg((won / pl.len()).alias("share"), pl.len()).filter(pl.col("len") >= _BASE_FEW)
    found = rows.select("stage").join(shares.drop_nulls("stage"), on="stage", how="left", maintain_order="left")
    filled: Floats = found["share"].fill_null(of_all).to_numpy().astype(float)
    return filled


def _tried(
    ground: Ground, known: Followed, traits: pl.DataFrame, usable: tuple[str, ...], step: float | None
) -> Trial | None:
    """The trial, at two thirds of the time that is known or later; None without enough deals to learn from or try on."""
    import polars as pl

    first = known.since or ground.deals["created_at"].min()
    if not isinstance(first, datetime) or known.long_enough is None:
        return None
    days = float(np.floor(min(known.long_enough, (ground.now - first).days / 3)))
    if days < 1:
        return None
    at = ground.now - timedelta(days=days)
    rows = open_at(ground, at, ground.now).join(traits, on="deal_id", how="left", maintain_order="left")
    learned = seen_until(ground, known.since, at, None)
    outcome = (rows["cause"] == 0).to_numpy()
    ended = learned.filter(pl.col("cause") >= 0).height
    wins = learned.filter(pl.col("cause") == 0).height
    sides = min(int(outcome.sum()), int((~outcome).sum()))
    if ended < NEEDED or wins < WINS or rows.height < TRIED or sides < SIDES:
        return None
    model = learn(ground, known, traits, usable, step, at)
    p = model.won(rows, np.array([days]))[:, 0]
    base = base_rate(ground, known, at, days, rows, step)
    better = (base - outcome) ** 2 - (p - outcome) ** 2
    gain, error = float(better.mean()), 1.96 * float(better.std(ddof=1)) / np.sqrt(rows.height)
    spread = 1.96 * float(np.sqrt((p * (1 - p)).sum()))
    return Trial(
        at=at,
        days=days,
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
    """Fifths of the deals by chance: how many were told to be won, and how many were (Wilson, 95%)."""
    import polars as pl

    from acrm.analysis.holdout import wilson

    made = []
    for number, part in enumerate(np.array_split(np.argsort(p, kind="stable"), 5), 1):
        if part.size:
            won = int(outcome[part].sum())
            made.append((number, part.size, float(p[part].mean()), won / part.size, *wilson(won, part.size)))
    shares = dict.fromkeys(("expected", "won", "won_low", "won_high"), pl.Float64)
    return pl.DataFrame(made, schema={"fifth": pl.Int64, "deals": pl.Int64, **shares}, orient="row")


def _auc(p: Floats, outcome: NDArray[np.bool_]) -> float | None:
    """The chance that a deal that was won had been told a higher one than a deal that was not."""
    from scipy.stats import rankdata

    wins = int(outcome.sum())
    if not wins or wins == outcome.size:
        return None
    ranks = rankdata(p)
    return float((ranks[outcome].sum() - wins * (wins + 1) / 2) / (wins * (outcome.size - wins)))


def _step(ground: Ground, known: Followed) -> float | None:
    """Days between looks at deals with a history of stages: half of the median time to the end; None: no history."""
    if ground.stages.is_empty() or known.incidence is None:
        return None
    ended = known.incidence.share.sum(axis=0)
    return max(1.0, float(known.incidence.time[np.argmax(ended >= ended[-1] / 2)]) / 2)


def _usable(ground: Ground, rows: pl.DataFrame) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Traits that open deals have as often as ended ones, and those that they do not."""
    import polars as pl

    ended = ground.deals.filter(pl.col("status") != "open")
    good, late = [], []
    for name in (*TRAITS[1:], "amount"):
        before, after = (some[name].count() / max(some.height, 1) for some in (rows, ended))
        if not after:
            continue
        zeros: Any = ended.filter(status="lost").select((pl.col("amount") > 0).mean()).item()
        leaks = name == "amount" and zeros is not None and zeros < 0.5
        (late if after - before > _LATE or leaks else good).append(name)
    stage = ("stage",) if ground.stages.height else ()
    return (*stage, *good), tuple(late)
