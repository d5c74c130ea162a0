"""The section of the lifecycle: how many customers stand where, how that has moved, what becomes of them in a month."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acrm.messages import text
from acrm.render.blocks import Block, Chart, Headline, Section
from acrm.render.pictures import Axis, Bars, Row, Stack
from acrm.render.report.told import notes, to_do
from acrm.render.segment_lists import stages_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from acrm.analysis.lifecycle.lifecycle import Lifecycle

FEW = 6
HERE = ("new", "active", "loyal", "partner", "returned")
"""Stages of customers who have bought lately."""
_WAYS = (
    ("new", ("active", "loyal")),
    ("active", ("at_risk",)),
    ("loyal", ("at_risk",)),
    ("at_risk", ("active", "loyal", "new")),
    ("at_risk", ("lapsed",)),
    ("lapsed", ("returned",)),
)
"""From which stage to which, told by what the customer did."""


def lifecycle_section(life: Lifecycle, *, personal: bool = True) -> Section | None:  # noqa: ARG001 - as all sections
    """The stages, by month and now; nothing where the data give no limits or nobody has bought."""
    import polars as pl

    limits = life.proposal.limits
    if limits is None:
        return None
    sizes = dict(life.stages.select("stage", "customers").iter_rows())
    buyers = sum(sizes.values()) - sizes.get("prospect", 0)
    if not buyers:
        return None
    risk = sizes.get("at_risk", 0)
    values = {"at_risk": risk, "share": risk / buyers, "active": limits.active, "lapsed": limits.lapsed}
    sub = _word("sub", buyers=buyers, prospects=sizes.get("prospect", 0), lapsed=sizes.get("lapsed", 0))
    blocks: list[Block] = [Headline(_word("headline", **values), sub)]
    months = life.transitions.filter(pl.col("flag").is_null())
    if months["month"].n_unique() > 1:
        blocks.append(_months(months))
    if life.matrix.height:
        blocks.append(_ways(life.matrix))
    blocks.append(stages_grid(life))
    back, returned = (_share(life.matrix, *_WAYS[place]) for place in (3, 5))
    if risk and back:
        late = "" if returned is None else _word("do_late", returned=returned, **values)
        blocks.append(to_do(_word("do", **values, back=back) + late))
    blocks.append(notes(life.notes, "segment_lifecycle.proposed"))
    return Section("lifecycle", _word("title"), blocks)


def _word(key: str, **values: object) -> str:
    return text(f"report_lifecycle.{key}", **values)


def _stage(stage: str) -> str:
    return text(f"segment_lifecycle.stage.{stage}")


def _months(months: pl.DataFrame) -> Chart:
    """Customers by stage at the end of each month."""
    counts: dict[tuple[Any, str], int] = {}
    for month, now, n in months.select("month", "now", "customers").iter_rows():
        counts[month, now] = counts.get((month, now), 0) + n
    stages = [stage for stage in (*HERE, "at_risk", "lapsed") if any(now == stage for _, now in counts)]
    days = sorted({month for month, _ in counts})
    # A few months have names; more are an axis of time.
    few = len(days) < FEW
    rows = [(f"{day:%Y-%m}" if few else day, [counts.get((day, stage), 0) for stage in stages]) for day in days]
    shares = [_of(dict(zip(stages, amounts, strict=True))) for _, amounts in (rows[0], rows[-1])]
    said: dict[str, Any] = {"before": shares[0], "now": shares[1], "first": days[0], "last": days[-1]}
    return Chart(
        _word("months", **said),
        _word("months_told", **said),
        Stack([_stage(stage) for stage in stages], rows, Axis(_word("customers"), "int")),
        sum(rows[-1][1]),
        _word("months_note"),
    )


def _of(sizes: dict[str, int]) -> float:
    """The share of those who have bought lately."""
    whole = sum(sizes.values())
    return sum(sizes.get(stage, 0) for stage in HERE) / whole if whole else 0.0


def _ways(matrix: pl.DataFrame) -> Chart:
    """What became of the customers of a stage by the end of the next month."""
    import polars as pl

    rows = []
    for before, after in _WAYS:
        share = _share(matrix, before, after)
        if share is not None:
            n = int(matrix.filter(pl.col("before") == before)["customers"].sum())
            rows.append(Row(_word("way", before=_stage(before), now=_word(f"to.{before}_{after[0]}")), share, n=n))
    known = {row.name: row.value for row in rows}
    back = known.get(_word("way", before=_stage("at_risk"), now=_word("to.at_risk_active")))
    title = _word("ways_back", back=back) if back is not None else _word("ways")
    return Chart(title, _word("ways_told"), Bars(Axis(_word("of_stage"), "share"), rows), note=_word("ways_note"))


def _share(matrix: pl.DataFrame, before: str, after: Sequence[str]) -> float | None:
    import polars as pl

    some = matrix.filter(pl.col("before") == before)
    return float(some.filter(pl.col("now").is_in(after))["share"].sum()) if some.height else None
