"""How long deals take, in each stage and in all: those still there count as long as they were seen."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from acrm.analysis.funnel.followed import Followed
from acrm.analysis.funnel.ground import Ground
from acrm.analysis.funnel.stages import Stages
from acrm.models.durations import Durations
from acrm.models.kaplan_meier import kaplan_meier

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

HORIZONS = (7, 14, 30, 60, 90, 120, 180, 270, 365, 730)
"""Days after creation at which it is told how many deals were won."""


def times_table(ground: Ground, stages: Stages, known: Followed) -> pl.DataFrame:
    """One row per stage with a history, in order, and one for the whole way (`all`).

    | column | type | unit, range |
    |---|---|---|
    | `step`, `stage` | Int64, String | step 0 is the whole way |
    | `entries`, `left`, `there` | Int64 | times that deals entered it, left it, are still there |
    | `q25`, `median`, `median_low`, `median_high`, `q75` | Float64 | days (Kaplan-Meier, 95%); null: not reached yet |
    """
    import polars as pl

    rows = [_row(0, "all", known.deals["days"].to_numpy(), (known.deals["cause"] >= 0).to_numpy())]
    spells = _spells(ground)
    for step, stage in enumerate(stages.order, 1):
        here = spells.filter(stage=stage)
        if here.height:
            rows.append(_row(step, stage, here["days"].to_numpy(), here["left"].to_numpy()))
    days = dict.fromkeys(("q25", "median", "median_low", "median_high", "q75"), pl.Float64)
    counts = dict.fromkeys(("entries", "left", "there"), pl.Int64)
    return pl.DataFrame(
        [row for row in rows if row], schema={"step": pl.Int64, "stage": pl.String, **counts, **days}, orient="row"
    )


def incidence_table(known: Followed) -> pl.DataFrame:
    """Share of the deals that were won and lost by some days after creation, the open ones accounted for.

    A share of none, or of all, has no limits: the method tells none.

    | column | type | unit, range |
    |---|---|---|
    | `days` | Int64 | |
    | `won`, `won_low`, `won_high`, `lost`, `lost_low`, `lost_high` | Float64 | shares (Aalen-Johansen, 95%) |
    | `open` | Float64 | the rest |
    | `at_risk` | Int64 | deals followed for so long |
    """
    import polars as pl

    names = [f"{side}{end}" for side in ("won", "lost") for end in ("", "_low", "_high")]
    schema = {"days": pl.Int64, **dict.fromkeys((*names, "open"), pl.Float64), "at_risk": pl.Int64}
    found = known.incidence
    if found is None:
        return pl.DataFrame(schema=schema)
    last = math.ceil(float(found.time[np.argmax(found.share.sum(axis=0) >= found.share[:, -1].sum())]))
    seen = known.deals["days"].to_numpy()
    rows = []
    for days in [*(day for day in HORIZONS if day < last), last]:
        place = int(np.searchsorted(found.time, days, side="right")) - 1
        cells: list[float | None] = [days]
        for cause in range(2):
            share = min(1.0, float(found.share[cause, place])) if place >= 0 else 0.0
            sides = (found.low, found.high)
            cells += [share, *(float(side[cause, place]) if 0 < share < 1 else None for side in sides)]
        still = float(found.survival[place]) if place >= 0 else 1.0
        rows.append([*cells, still, int((seen >= days).sum())])
    return pl.DataFrame(rows, schema=schema, orient="row")


def _spells(ground: Ground) -> pl.DataFrame:
    """Days of each stay in a stage, and whether it is over: by the next stage, by leaving, by the deal's end."""
    import polars as pl

    ends = ground.deals.select("deal_id", "closed_at", "status")
    rows = ground.stages.join(ends, on="deal_id", how="left", maintain_order="left")
    following = pl.col("entered_at").shift(-1).over("deal_id")
    rows = rows.with_columns(_over=pl.min_horizontal(following, "left_at", "closed_at"))
    rows = rows.filter(~((pl.col("status") != "open") & pl.col("_over").is_null()))
    span = (pl.coalesce("_over", pl.lit(ground.until)) - pl.col("entered_at")) / pl.duration(days=1)
    rows = rows.with_columns(days=span.cast(pl.Float64), left=pl.col("_over").is_not_null())
    return rows.filter(pl.col("days") >= 0).select("stage", "days", "left")


def _row(step: int, stage: str, days: NDArray[np.float64], left: NDArray[np.bool_]) -> list[object]:
    if not days.size:
        return []
    curve = kaplan_meier(Durations.of_customers(days, left))
    median, low, high = (_until(curve.time, side, 0.5) for side in (curve.survival, curve.low, curve.high))
    quarters = [_until(curve.time, curve.survival, share) for share in (0.75, 0.25)]
    counts = [days.size, int(left.sum()), int((~left).sum())]
    return [step, stage, *counts, quarters[0], median, low, high, quarters[1]]


def _until(time: NDArray[np.float64], curve: NDArray[np.float64], share: float) -> float | None:
    """The first time after which at most a share is still there; None if that is never seen."""
    below = np.flatnonzero(curve <= share + 1e-12)
    return round(float(time[below[0]]), 4) if below.size else None
