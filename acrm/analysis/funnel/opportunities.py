"""The open deals by what they are expected to bring, each with the reason to call now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acrm.analysis.funnel.chances import Chances
from acrm.analysis.funnel.followed import Followed
from acrm.analysis.funnel.forecast import Forecast
from acrm.analysis.funnel.ground import Ground
from acrm.messages import text

if TYPE_CHECKING:
    import polars as pl


def open_table(ground: Ground, known: Followed, found: Chances, expected: Forecast) -> pl.DataFrame:
    """Every open deal, by expected amount, then by chance, then by id.

    | column | type | unit, range |
    |---|---|---|
    | `deal_id`, `name`, `stage`, `owner`, `product_id`, `customer_id` | String | |
    | `age_days` | Float64 | since creation; null: not known |
    | `days_in_stage` | Float64 | since it entered the stage, where there is a history |
    | `amount` | Decimal | its own |
    | `p_win`, `p_win_low`, `p_win_high` | Float64 | chance to be won within `p_win_days` of the summary, 95% |
    | `if_won` | Float64 | what it brings if won: its own amount, else the usual one |
    | `expected_amount` | Float64 | the product of both |
    | `next_step_at` | Datetime | |
    | `overdue_days` | Float64 | since a next step that is past |
    | `reason` | String | |
    """
    import polars as pl

    day = pl.duration(days=1)
    entered = ground.stages.group_by("deal_id").agg(pl.col("entered_at").max().alias("_entered"))
    numbers = pl.DataFrame(
        {
            "deal_id": found.rows["deal_id"],
            "p_win": found.p,
            "p_win_low": found.low,
            "p_win_high": found.high,
            "if_won": expected.worth,
            "_own": expected.own,
        },
        schema_overrides={"if_won": pl.Float64, "_own": pl.Boolean},
    )
    rows = ground.deals.filter(status="open").join(entered, on="deal_id", how="left")
    rows = rows.join(numbers, on="deal_id", how="left").with_columns(
        pl.col("p_win", "p_win_low", "p_win_high").fill_nan(None),
        overdue_days=((pl.lit(ground.until) - pl.col("next_step_at")) / day).cast(pl.Float64),
        days_in_stage=((pl.lit(ground.until) - pl.col("_entered")) / day).cast(pl.Float64),
    )
    rows = rows.with_columns(
        expected_amount=pl.when(pl.lit("amount" in ground.told)).then(pl.col("p_win") * pl.col("if_won")),
        if_won=pl.when(pl.lit("amount" in ground.told)).then("if_won"),
        overdue_days=pl.when(pl.col("overdue_days") > 0).then("overdue_days"),
    )
    rows = rows.sort("expected_amount", "p_win", "deal_id", descending=[True, True, False], nulls_last=True)
    reasons = [_reason(row, known, found) for row in rows.iter_rows(named=True)]
    texts = ("deal_id", "name", "stage", "owner", "product_id", "customer_id")
    return rows.with_columns(reason=pl.Series(reasons, dtype=pl.String)).select(
        *texts,
        pl.col("days").alias("age_days"),
        "days_in_stage",
        pl.col("amount").cast(pl.Decimal(38, 4)),
        "p_win",
        "p_win_low",
        "p_win_high",
        "if_won",
        "expected_amount",
        "next_step_at",
        "overdue_days",
        "reason",
    )


def _reason(row: dict[str, Any], known: Followed, found: Chances) -> str:
    """What is known of a deal, in words: what is late first."""
    parts = []
    if row["overdue_days"] is not None:
        parts.append(text("funnel.reason.overdue", days=int(row["overdue_days"])))
    if row["days"] is None:
        parts.append(text("funnel.reason.undated"))
    elif known.long_enough is not None and row["days"] > known.long_enough:
        parts.append(text("funnel.reason.old", days=int(row["days"]), usual=int(known.long_enough)))
    else:
        parts.append(text("funnel.reason.age", days=int(row["days"])))
    if row["days_in_stage"] is not None:
        parts.append(text("funnel.reason.in_stage", days=int(row["days_in_stage"]), stage=row["stage"] or "-"))
    if row["p_win"] is not None and found.kind:
        key = "base" if found.kind == "base" else "chance"
        parts.append(
            text(
                f"funnel.reason.{key}",
                p=row["p_win"],
                low=row["p_win_low"],
                high=row["p_win_high"],
                days=int(found.told.days),
            )
        )
    if row["if_won"] is not None and not row["_own"]:
        parts.append(text("funnel.reason.usual", amount=row["if_won"]))
    return "; ".join(parts)
