"""The section of RFM: which segments bring the money, where customers stand, whom to win back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acrm.messages import text
from acrm.render.blocks import Block, Chart, Headline, Section
from acrm.render.pictures import Axis, Heat, Stack
from acrm.render.report.told import MOST, amount, labelled, notes, period, to_do
from acrm.render.rfm import segments_grid, to_win_back

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.rfm import RfmResult

_NOTES = ("rfm.validate_", "score.refuse", "history.left_out_no_customer", "history.refunds_")


def rfm_section(result: RfmResult, *, personal: bool = True) -> Section | None:  # noqa: ARG001 - as all sections
    """Segments by customers and spend, recency by frequency, and the segment to win back first."""
    segments = result.tables["segments"].filter(result.tables["segments"]["customers"] > 0)
    if segments.is_empty():
        return None
    figures: dict[str, Any] = dict(result.summary)
    quiet = to_win_back(result)
    blocks: list[Block] = [_headline(segments, figures), _shares(segments, figures)]
    if figures["customers"] > 1:
        blocks.append(_stand(result, figures))
    blocks.append(segments_grid(result, MOST))
    if quiet is not None:
        told = {"segment": quiet["label"], "customers": quiet["customers"], "days": quiet["median_days"]}
        money = amount(quiet["spend"], figures["currency"])
        blocks.append(to_do(_word("win_back", **told, spend=money, next_step=quiet["next_step"])))
    blocks.append(notes(result.notes, *_NOTES))
    return Section("rfm", _word("title"), blocks)


def _word(key: str, **values: object) -> str:
    return text(f"report_rfm.{key}", **values)


def _headline(segments: pl.DataFrame, figures: dict[str, Any]) -> Headline:
    top = _best(segments)
    sub = _word("sub", customers=figures["customers"], orders=figures["orders"], as_of=figures["as_of"])
    spend = amount(figures["spend"], figures["currency"])
    if not top["spend_share"]:
        return Headline(_word("headline_short", customers=figures["customers"], spend=spend), sub)
    shares = {"share": top["share"], "spend_share": top["spend_share"], "segment": top["label"]}
    return Headline(_word("headline", **shares, spend=spend), sub)


def _best(segments: pl.DataFrame) -> dict[str, Any]:
    return max(segments.iter_rows(named=True), key=lambda row: row["spend_share"] or 0)


def _shares(segments: pl.DataFrame, figures: dict[str, Any]) -> Chart:
    """Who the customers are, and who brings the money, the greatest spender first."""
    import polars as pl

    table = segments.sort("spend", "segment", descending=[True, False])
    labels = table["label"].to_list()
    rows = [
        (_word("customers"), table["customers"].to_list()),
        (_word("spend"), [max(spend, 0.0) for spend in table["spend"].cast(pl.Float64).to_list()]),
    ]
    # As many segments, the greatest first, as bring half of the money.
    most = table["spend_share"].fill_null(0.0).cum_sum().to_list()
    half = next((place for place, share in enumerate(most, 1) if share >= 0.5), len(most))
    share = float(table["share"][:half].sum())
    said = {"n": half, "segments": len(labels), "share": share, "spend_share": most[half - 1]}
    return Chart(
        _word("shares", **said),
        _word("shares_told", **said),
        Stack(labels, rows, Axis(labelled(_word("amount"), figures["currency"]))),
        figures["customers"],
        period(figures["first_order_at"], figures["last_order_at"]),
    )


def _stand(result: RfmResult, figures: dict[str, Any]) -> Chart:
    """Customers by how long ago and how often they ordered, in the limits of the scores."""
    import polars as pl

    grid = result.tables["grid"]
    scores = [*range(1, result.params.classes + 1)]
    names = {axis: _limits(result.tables["edges"].filter(axis=axis)) for axis in ("r", "f")}
    counts = {(r, f): n for r, f, n in grid.select("r", "f", "customers").iter_rows()}
    cells = [[counts.get((r, f)) for f in scores] for r in reversed(scores)]
    good = [score for score in scores if score > 0.6 * scores[-1]]
    both = int(grid.filter(pl.col("r").is_in(good), pl.col("f").is_in(good))["customers"].sum())
    away = int(grid.filter(~pl.col("r").is_in(good), pl.col("f").is_in(good))["customers"].sum())
    said = {"both": both / figures["customers"], "away": away / figures["customers"]}
    return Chart(
        _word("stand", **said),
        _word("stand_told", **said, customers=figures["customers"]),
        Heat(
            [_word("days", days=names["r"].get(r, f"R{r}")) for r in reversed(scores)],
            [names["f"].get(f, f"F{f}") for f in scores],
            cells,
            Axis(_word("customers"), "int"),
            column_label=_word("orders"),
        ),
        figures["customers"],
        _word("stand_note"),
    )


def _limits(edges: pl.DataFrame) -> dict[int, str]:
    """The least and the greatest value of each score."""
    return {
        score: f"{low:.0f}" if low == high else f"{low:.0f}–{high:.0f}"
        for score, low, high in edges.select("score", "lowest", "highest").drop_nulls().iter_rows()
    }
