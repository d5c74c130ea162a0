"""Whom to ask: a stratified sample, with the margin of error that it allows."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acrm.analysis.result import Scalar
from acrm.errors import InputError, UsageError
from acrm.messages import Message, listed

if TYPE_CHECKING:
    import polars as pl

MARGIN, LEVEL = 0.05, 0.95
MOST = 50
"""Strata at most: more are no strata, but many small surveys."""


@dataclass(frozen=True, kw_only=True)
class Sample:
    """A sample of customers, and what it can say.

    Attributes:
        table: Sorted by `stratum`, `place`: `customer_id`, `stratum` (null: unknown), `place` (the order in which to
            ask, from 1), `weight` (customers for whom the one stands; whoever sums up answers multiplies by it).
        strata: Sorted by `stratum`: `stratum`, `customers`, `willing` (who do not refuse contact), `needed`, `sampled`,
            `weight`, `margin` (reached, as a share; 0: everybody is asked).
        figures: `sampled`, `margin` of the share in all customers, `design_effect`, and what was asked for.
        notes: What keeps the margins from being what was asked for.
    """

    table: pl.DataFrame
    strata: pl.DataFrame
    figures: dict[str, Scalar]
    notes: tuple[Message, ...]


def sample(
    customers: pl.DataFrame,
    *,
    by: Sequence[str] = (),
    refusing: pl.Series | None = None,
    margin: float = MARGIN,
    level: float = LEVEL,
    seed: int = 0,
) -> Sample:
    """Draw as many customers of each stratum as a share there needs to be known to within a margin.

    For a share of one half, the worst case: n0 = z^2 / 4 margin^2, and of N customers n = n0 / (1 + (n0 - 1) / N),
    rounded up (Cochran). Drawn are those whose hash of seed and id is lowest: a customer's place depends on no other
    customer, so a later sample with the same seed keeps whom it can. Answers that do not come are not reckoned with.

    Args:
        customers: `customer_id`, one row each, and the columns of `by`.
        by: Columns whose combinations are the strata; none: all customers are one.
        refusing: Ids of those who must not be asked.
        margin: Half the width of the interval, as a share, within 0 and 1.
        level: Probability that the interval shall hold the true share.
        seed: Chooses another sample.

    Raises:
        InputError: A column that there is not.
        UsageError: A margin or level outside of 0 to 1; more strata than `MOST`.
    """
    import polars as pl
    from scipy.special import ndtri

    if not (0 < margin < 1 and 0 < level < 1):
        raise UsageError("segment_sample_margin", margin=margin, level=level)
    if missing := [column for column in by if column not in customers.columns]:
        raise InputError("cut_no_column", columns=", ".join(missing), known=listed(customers.columns[1:]))
    stratum = pl.lit(None, pl.String)
    if by:
        known = pl.any_horizontal([pl.col(column).is_not_null() for column in by])
        named = pl.concat_str([pl.col(column).cast(pl.String) for column in by], separator=" / ", ignore_nulls=True)
        stratum = pl.when(known).then(named)
    frame = customers.select("customer_id", stratum.alias("stratum"))
    if frame["stratum"].n_unique() > MOST:
        raise UsageError("segment_sample_strata", strata=frame["stratum"].n_unique(), most=MOST, by=", ".join(by))
    barred = (refusing if refusing is not None else customers["customer_id"].head(0)).to_frame("customer_id")
    willing = frame.join(barred, on="customer_id", how="anti")
    z = float(ndtri((1 + level) / 2))
    base = z * z / 4 / margin**2
    sizes = (
        frame.group_by("stratum")
        .agg(pl.len().cast(pl.Int64).alias("customers"))
        .join(
            willing.group_by("stratum").agg(pl.len().cast(pl.Int64).alias("willing")),
            on="stratum",
            how="left",
            nulls_equal=True,
        )
        .with_columns(
            pl.col("willing").fill_null(0),
            # Less a hair, so that a whole number stays what it is.
            needed=(base / (1 + (base - 1) / pl.col("customers")) - 1e-9).ceil().cast(pl.Int64),
        )
        .with_columns(sampled=pl.min_horizontal("needed", "willing"))
        .sort("stratum", nulls_last=True)
    )
    reached = [_margin(z, sampled, count) for sampled, count in sizes.select("sampled", "customers").rows()]
    sizes = sizes.with_columns(
        weight=pl.when(pl.col("sampled") > 0).then(pl.col("customers") / pl.col("sampled")),
        margin=pl.Series(reached, dtype=pl.Float64),
    )
    digests = [_place(seed, one) for one in willing["customer_id"]]
    place = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("stratum")
    drawn = (
        willing.with_columns(_digest=pl.Series(digests, dtype=pl.Binary))
        .sort("stratum", "_digest", "customer_id", nulls_last=True)
        .with_columns(place=place)
        .join(sizes.select("stratum", "sampled", "weight"), on="stratum", nulls_equal=True, maintain_order="left")
        .filter(pl.col("place") <= pl.col("sampled"))
    )
    return Sample(
        table=drawn.select("customer_id", "stratum", "place", "weight"),
        strata=sizes,
        figures={
            "sampled": drawn.height,
            "sample_margin_wanted": margin,
            "sample_level": level,
            "sample_margin": _overall(sizes),
            "sample_design_effect": _design_effect(sizes),
        },
        notes=tuple(_notes(sizes, margin, frame.height - willing.height)),
    )


def _margin(z: float, sampled: int, customers: int) -> float | None:
    """Half the width of the interval of a share of one half; None where nobody was drawn."""
    if not sampled:
        return None
    if sampled >= customers:
        return 0.0
    return z * math.sqrt(0.25 / sampled * (customers - sampled) / (customers - 1))


def _overall(sizes: pl.DataFrame) -> float | None:
    """The margin of a share among all customers, put together from the strata; strata nobody was drawn of are out."""
    rows = sizes.filter(sizes["sampled"] > 0).select("customers", "margin").rows()
    total = sum(customers for customers, _ in rows)
    return math.sqrt(sum((customers / total * margin) ** 2 for customers, margin in rows)) if total else None


def _design_effect(sizes: pl.DataFrame) -> float | None:
    """Kish's: by how much unequal weights widen the variance of a mean over all; 1: not at all."""
    rows = sizes.filter(sizes["sampled"] > 0).select("sampled", "weight").rows()
    n, total = sum(sampled for sampled, _ in rows), sum(sampled * weight for sampled, weight in rows)
    return n * sum(sampled * weight**2 for sampled, weight in rows) / total**2 if n else None


def _place(seed: int, customer: str) -> bytes:
    return hashlib.blake2b(f"{seed}\0{customer}".encode(), digest_size=8).digest()


def _notes(sizes: pl.DataFrame, margin: float, refused: int) -> list[Message]:
    notes = []
    if refused:
        notes.append(Message("segment_sample.refusing", {"customers": refused}))
    short = sizes.filter(sizes["sampled"] < sizes["needed"])
    if short.height:
        notes.append(Message("segment_sample.short", {"strata": short.height, "margin": margin}))
    return notes
