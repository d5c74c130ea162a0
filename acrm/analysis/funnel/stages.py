"""Stages in order, and how far each deal has come: from the history of stages, else from the last stage alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from acrm.analysis.funnel.ground import Ground
from acrm.analysis.holdout import wilson
from acrm.errors import InputError
from acrm.messages import listed

if TYPE_CHECKING:
    import polars as pl


_BEGINS = frozenset(
    {"new", "new lead", "new deal", "unsorted", "incoming", "incoming leads", "lead in", "first contact"}
    | {"неразобранное", "новый", "новая", "новый лид", "новая сделка", "новая заявка", "первичный контакт"}
)
"""Names of stages that CRMs begin with, whatever the age of their deals."""


@dataclass(frozen=True, kw_only=True)
class Stages:
    """The stages on the way, first to last, and those that end a deal.

    `reached`: of every deal `deal_id`, `least` and `most`, the numbers (from 0) of the stages that it surely, and
    perhaps, came as far as; a won deal came through all of them.
    """

    order: tuple[str, ...]
    ends: tuple[str, ...]
    """Stages that say how a deal ended, as Won and Lost do."""
    found: str
    """What the order is from: `given`, `history`, `probability`, `numbers`, `dates`, `age`."""
    tied: tuple[str, ...]
    """Stages that this does not tell apart: they stand by name."""
    reached: pl.DataFrame


def stages_of(ground: Ground, given: tuple[str, ...]) -> Stages:
    """Find the order of the stages and how far each deal has come.

    A stage ends deals if none of those in it is open and all of them ended in one way, where won deals stand in such
    stages alone; else deals keep the stage in which they ended. A deal that reached a stage went through all before it,
    skipped or not. Of a lost deal without history in such a closing stage nobody knows where it was lost: at the
    first stage whose deals have a date of creation, if it has one, at the latest before the end.

    Raises:
        InputError: `given` names a stage that there is not, or not all of them.
    """
    import polars as pl

    deals, history = ground.deals, ground.stages
    ends = _ends(deals)
    known = pl.concat([deals["stage"], history["stage"]]).drop_nulls().unique().sort().to_list()
    on_the_way = [stage for stage in known if stage not in ends]
    places: Mapping[str, tuple[float, ...]] = {}
    if given:
        folded = {stage.casefold(): stage for stage in known}
        chosen = [folded.get(stage.casefold(), stage) for stage in given]
        strange = [stage for stage in chosen if stage not in known]
        left_out = [stage for stage in on_the_way if stage not in chosen]
        if strange:
            raise InputError("funnel_no_stage", stage=strange[0], known=listed(known))
        if left_out:
            raise InputError("funnel_stage_left_out", stages=",".join([*given, *left_out]), missing=listed(left_out))
        order, found = [stage for stage in chosen if stage not in ends], "given"
    else:
        found, places = _places(deals, history, on_the_way)
        order = sorted(on_the_way, key=lambda stage: (places[stage], stage))
    shared = Counter(places.values())
    return Stages(
        order=tuple(order),
        ends=tuple(ends),
        found=found,
        tied=tuple(stage for stage in order if places and shared[places[stage]] > 1),
        reached=_reached(deals, history, order),
    )


def funnel_table(ground: Ground, stages: Stages) -> pl.DataFrame:
    """One row per stage and, last, one for the deals won.

    | column | type | unit, range |
    |---|---|---|
    | `step`, `stage` | Int64, String | from 1; the last stage is `won` |
    | `now`, `amount_now` | Int64, Decimal | open deals that stand in it; won ones in the last |
    | `reached`, `reached_at_most` | Int64 | deals surely, and perhaps, that far: they differ by lost ones |
    | `of_all`, `of_all_low`, `of_all_high` | Float64 | share of all deals |
    | `of_previous`, `of_previous_low`, `of_previous_high` | Float64 | share of those of the step before |

    Shares are known where `reached` is; their limits are Wilson's at 95%, from the least to the most that it may be.
    """
    import polars as pl

    deals, order = ground.deals, stages.order
    every = deals.height
    rows = []
    before = (every, every)
    for place, stage in enumerate([*order, "won"]):
        least, most = (int((stages.reached[side] >= place).sum()) for side in ("least", "most"))
        if stage == "won" and place == len(order):
            here = deals.filter(status="won")
            least = most = here.height
        else:
            here = deals.filter(status="open", stage=stage)
        amount = here["amount"].sum() if here["amount"].count() else None
        cells: list[object] = [place + 1, stage, here.height, amount, least, most]
        for whole in ((every, every), before):
            cells += _share((least, most), whole)
        rows.append(cells)
        before = (least, most)
    shares = [f"{name}{end}" for name in ("of_all", "of_previous") for end in ("", "_low", "_high")]
    counts = {"step": pl.Int64(), "stage": pl.String(), "now": pl.Int64(), "amount_now": pl.Decimal(38, 4)}
    counts |= {"reached": pl.Int64(), "reached_at_most": pl.Int64()}
    return pl.DataFrame(rows, schema=counts | dict.fromkeys(shares, pl.Float64()), orient="row")


def _share(part: tuple[int, int], whole: tuple[int, int]) -> tuple[float | None, float | None, float | None]:
    """A share with its limits, where the part and the whole may be anywhere between two counts."""
    if not whole[0]:
        return None, None, None
    sure = part[0] / whole[0] if part[0] == part[1] and whole[0] == whole[1] else None
    low, high = wilson(min(part[0], whole[1]), whole[1])[0], wilson(min(part[1], whole[0]), whole[0])[1]
    return sure, low, high


def _ends(deals: pl.DataFrame) -> list[str]:
    """Stages in which all deals ended in one way, if those of won deals (else of lost ones) are all such stages."""
    import polars as pl

    sides = deals.drop_nulls("stage").group_by("stage").agg(pl.col("status").unique().sort().alias("sides"))
    only = {stage: sides[0] for stage, sides in sides.rows() if len(sides) == 1 and sides[0] != "open"}
    for side in ("won", "lost"):
        where = deals.filter(status=side)["stage"].drop_nulls().unique().to_list()
        if where:
            return sorted(only) if all(only.get(stage) == side for stage in where) else []
    return sorted(only)


def _places(
    deals: pl.DataFrame, history: pl.DataFrame, stages: list[str]
) -> tuple[str, Mapping[str, tuple[float, ...]]]:
    """What tells the order, the first of these that tells all stages apart or the last, and the place of each stage."""
    import polars as pl

    if history["stage"].is_in(stages).any() and set(history["stage"].unique()) >= set(stages):
        return "history", _by_entry(history.filter(pl.col("stage").is_in(stages)), stages)
    here = deals.filter(pl.col("stage").is_in(stages) & (pl.col("status") == "open"))
    chances = here.group_by("stage").agg(pl.col("probability").median()).drop_nulls()
    numbers = deals.select(pl.col("stage").unique()).with_columns(n=pl.col("stage").str.extract(r"^\W*(\d+)"))
    numbers = numbers.filter(pl.col("stage").is_in(stages)).drop_nulls().with_columns(pl.col("n").cast(pl.Float64))
    for found, table in (("probability", chances), ("numbers", numbers)):
        places: dict[str, tuple[float, ...]] = {stage: (place,) for stage, place in table.rows()}
        if len(stages) > 1 and set(places) == set(stages) and len(set(places.values())) == len(stages):
            return found, places
    ages = deals.filter(pl.col("stage").is_in(stages)).group_by("stage")
    told = ages.agg(pl.col("created_at").is_not_null().mean().alias("dated"), pl.col("days").median().fill_null(0.0))
    dated = {stage: share for stage, share, _ in told.rows()}
    begins = {stage: float(stage.strip().casefold() not in _BEGINS) for stage in stages}
    places = {stage: (float(share > 0.5), begins[stage], days) for stage, share, days in told.rows()}
    by = "dates" if len(stages) == 2 and set(dated.values()) == {0.0, 1.0} else "age"
    return by, {stage: (1.0, begins[stage], 0.0) for stage in stages} | places


def _by_entry(history: pl.DataFrame, stages: list[str]) -> Mapping[str, tuple[float, ...]]:
    """Stages by how often they are entered before others, deals that entered both asked; ties by how many entered.

    The first entry counts. A stage's place is the mean, over the other stages, of the share of deals that entered it
    first: skipped stages, and those that few deals come to, do not move the others. Of stages that are entered in the
    same moment, the one that more deals came to is the earlier.
    """
    import polars as pl

    first = history.group_by("deal_id", "stage").agg(pl.col("entered_at").min())
    pairs = first.join(first, on="deal_id", suffix="_other").filter(pl.col("stage") != pl.col("stage_other"))
    earlier = pl.col("entered_at") < pl.col("entered_at_other")
    same = (pl.col("entered_at") == pl.col("entered_at_other")).cast(pl.Float64) / 2
    shares = pairs.group_by("stage", "stage_other").agg((earlier.cast(pl.Float64) + same).mean().alias("share"))
    places = dict(shares.group_by("stage").agg(pl.col("share").mean().round(9)).rows())
    deals = dict(first.group_by("stage").len().rows())
    return {stage: (-places.get(stage, 0.0), -deals[stage]) for stage in stages}


def _reached(deals: pl.DataFrame, history: pl.DataFrame, order: list[str]) -> pl.DataFrame:
    import polars as pl

    place = {stage: number for number, stage in enumerate(order)}
    numbers = pl.DataFrame(
        {"stage": list(place), "_n": list(place.values())}, schema={"stage": pl.String, "_n": pl.Int64}
    )
    entered = history.join(numbers, on="stage").group_by("deal_id").agg(pl.col("_n").max().alias("_entered"))
    rows = deals.select("deal_id", "stage", "status", "created_at").join(numbers, on="stage", how="left")
    rows = rows.join(entered, on="deal_id", how="left")
    # Deals of the first stages may have no date yet: one that has it is past them.
    dated = rows.filter(pl.col("_n").is_not_null()).group_by("_n").agg(pl.col("created_at").is_not_null().mean())
    undated = {n for n, share in dated.rows() if share == 0}
    floor = next((n for n in range(len(order)) if n not in undated), 0)
    least = pl.max_horizontal(
        pl.when(pl.col("status") == "won").then(len(order)),
        pl.when(pl.col("created_at").is_not_null()).then(floor).otherwise(0),
        "_n",
        "_entered",
    )
    # Where no stage is known, all that is sure is how the deal began.
    unsure = (pl.col("status") != "won") & pl.col("_n").is_null() & pl.col("_entered").is_null()
    last = max(len(order) - 1, 0)
    rows = rows.with_columns(least=least.cast(pl.Int64)).with_columns(
        most=pl.when(unsure).then(pl.max_horizontal("least", pl.lit(last))).otherwise("least").cast(pl.Int64)
    )
    return rows.select("deal_id", "least", "most").sort("deal_id")
