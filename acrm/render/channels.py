"""The page of channels."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from acrm.messages import number, text
from acrm.render.blocks import Block, Cell, Col, Grid, Headline, Lines, Page, Steps
from acrm.render.report.told import capital

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.channels.params import ChannelsResult

SHOWN = 15
"""Channels that are shown of a table, the greatest."""
SURE = 0.05
RULES = ("first", "last", "linear", "u", "decay", "markov")


def channels_page(result: ChannelsResult, typed: str = "acrm-store") -> Page:
    """Who came and converted by channel, costs, worth, credit, the other columns, and what to type next."""
    tables = result.tables
    blocks: list[Block] = [headline(result)]
    if "sources" in tables:
        blocks.append(_main(result))
    if "cost" in tables:
        blocks.append(_cost(result))
        blocks += marginal_grids(tables["marginal"])
    if "worth" in tables:
        blocks.append(_worth(tables["worth"]))
    if "attribution" in tables:
        blocks.append(_credit(tables["attribution"]))
    if "tests" in tables:
        blocks.append(_others(result))
    blocks.append(Lines([str(note) for note in result.notes], mark="!"))
    blocks.append(Steps(list(_steps(result, f"acrm channels {typed}")), text("render.next")))
    return Page(blocks)


def _word(key: str, **values: object) -> str:
    return text(f"render.channels.{key}", **values)


def name(channel: str | None) -> str:
    """A channel as it is shown: one that is not known is called so."""
    return _word("not_recorded") if channel is None else channel


def chance(p: float) -> str:
    """A p value in as many digits as mean something.

    >>> chance(0.0421), chance(3.04e-25)
    ('0.042', '3.0e-25')
    """
    return number(p, ".3f") if p >= 0.001 else number(p, ".1e")


def between(low: float | None, high: float | None, spec: str = ".1%") -> str | None:
    """An interval in one cell.

    >>> between(0.142, 0.186)
    '14.2% - 18.6%'
    """
    return None if low is None or high is None else f"{number(low, spec)} - {number(high, spec)}"


def amounts(lows: Iterable[float | None]) -> str:
    """How the amounts of intervals are written: small ones with decimals, as the money beside them.

    >>> amounts([24.6, None]), amounts([24.6, 1700.0])
    (',.2f', ',.0f')
    """
    return ",.0f" if any(low is not None and abs(low) >= 100 for low in lows) else ",.2f"


def headline(result: ChannelsResult) -> Headline:
    """How many converted and whether channels differ; of paths alone, who earns most of the credit."""
    figures: dict[str, Any] = dict(result.summary)
    if "of" not in figures:
        top = {"top": name(figures["credit_first"]), "low": figures["credit_first_low"]}
        return Headline(_word("headline_paths", **figures, **top, high=figures["credit_first_high"]))
    column = figures["column"]
    kind = figures.pop("of")
    figures["of"] = text(f"channels.of.{kind}")
    if column is None or not figures["channels"]:
        return Headline(capital(_word("headline_nowhere", **figures)), _word("sub_nowhere"))
    dated = "sub" if figures["last"] else "sub_undated"
    subs = [_word(dated, **figures)]
    if figures["converted"] is None or not figures["judged"]:
        main = result.tables["channels"].row(0, named=True)
        told = {"units": figures["units"], "of": figures["of"], "channels": figures["channels"]}
        return Headline(
            capital(_word("headline_counted", **told, top=name(main["channel"]), share=main["share"])), subs[0]
        )
    if figures["chi_square"] is None:
        differ = _word("one") if figures["channels"] < 2 else _word("same")
    else:
        subs.append(_word("tested", chi_square=figures["chi_square"], df=figures["df"], p=chance(figures["p"])))
        if figures["p"] > SURE:
            differ = _word("same")
        else:
            best, worst = (figures[f"{end}_rate"] is not None for end in ("best", "worst"))
            kind_of = (
                "differ" if best and worst else "differ_more" if best else "differ_less" if worst else "differ_somehow"
            )
            ends = {end: figures[end] for end in ("best_rate", "worst_rate")}
            differ = _word(kind_of, best=name(figures["best"]), worst=name(figures["worst"]), **ends)
    became = text(f"channels.became.{kind}")
    told = {key: figures[key] for key in ("converted", "judged", "of")}
    answer = _word("headline", **told, became=became, rate=figures["conversion"], differ=differ)
    return Headline(capital(answer), "; ".join(subs))


def _main(result: ChannelsResult) -> Grid:
    table, kind = result.tables["channels"], str(result.summary["of"])
    of = text(f"channels.of.{kind}")
    columns = [Col(_word("channel"), max=32), Col(of, "int"), Col(_word("share"), "bar", priority=1)]
    keys = ["units", "share"]
    judged = bool(result.summary["judged"])
    if judged:
        columns += [Col(text(f"channels.became.{kind}"), "int", priority=2), Col(_word("rate"), "share")]
        columns += [Col(_word("interval"), align="right"), Col(_word("verdict"))]
        keys += ["converted", "rate"]
    if table["amount"].count():
        columns.append(Col(_word("amount"), "money", priority=3))
    rows: list[list[Cell]] = []
    for row in table.head(SHOWN).iter_rows(named=True):
        cells: list[Cell] = [name(row["channel"]), *(row[key] for key in keys)]
        if judged:
            verdict = row["verdict"]
            cells.append(between(row["rate_low"], row["rate_high"]))
            cells.append(text(f"channels.verdict.{verdict}") if verdict else None)
        rows.append([*cells, *([row["amount"]] if table["amount"].count() else [])])
    column = result.summary["column"]
    title = capital(_word("by", of=of, column=column)) if column else capital(of)
    return Grid(title, columns, rows, max(0, table.height - SHOWN))


def _cost(result: ChannelsResult) -> Grid:
    """Costs that are known, the dearest channel first; the limits are those of the cost before them."""
    table, currency = result.tables["cost"], result.summary["spend_currency"]
    kind = str(table["of"][0])
    told = [name for name in ("units", "per_unit", "per_converted") if table[name].count()]
    last = told[-1] if told[-1] != "units" else "per_unit"
    beside = [name for name in ("return", "cac", "payback_months") if table[name].count()]
    ending = "" if kind == "leads" else f"_{kind}"
    kinds = {
        "units": Col(text(f"channels.of.{kind}"), "int", priority=3),
        "per_unit": Col(_word(f"per_unit{ending}"), "money"),
        "per_converted": Col(_word("per_converted" if kind == "leads" else "per_converted_visitors"), "money"),
        "return": Col(_word("return"), "number", priority=4),
        "cac": Col(_word("cac"), "money", priority=2),
        "payback_months": Col(_word("payback"), align="right", priority=2),
    }
    columns = [Col(_word("channel"), max=32), Col(_word("spend"), "money", priority=2), *(kinds[name] for name in told)]
    columns += [Col(_word("interval"), align="right", priority=1), *(kinds[name] for name in beside)]
    spec = amounts(table[f"{last}_low"])
    rows: list[list[Cell]] = []
    for row in table.head(SHOWN).iter_rows(named=True):
        months = row["payback_months"]
        row["payback_months"] = None if row["cac"] is None else _word("never") if months is None else number(months)
        limits = between(row[f"{last}_low"], row[f"{last}_high"], spec)
        rows.append([row["channel"], row["spend"], *(row[name] for name in told), limits, *(row[x] for x in beside)])
    title = _word("cost_of", currency=currency) if currency else _word("cost")
    return Grid(title, columns, rows, max(0, table.height - SHOWN))


def marginal_grids(table: pl.DataFrame) -> Iterator[Grid]:
    """What one more lead or deal costs, which is easier to weigh than leads per unit of money; and what comes back."""
    told = table.drop_nulls("marginal")
    counts = told.filter(told["outcome"] != "revenue").head(2 * SHOWN)
    spec = amounts(_cost_of(brought) for brought in counts["marginal_high"])
    interval, verdict = Col(_word("interval"), align="right"), Col(_word("marginal_verdict"))
    columns = [Col(_word("channel"), max=32), Col(_word("outcome")), Col(_word("average_cost"), "money")]
    rows: list[list[Cell]] = []
    for row in counts.iter_rows(named=True):
        least, most = _cost_of(row["marginal_high"]), _cost_of(row["marginal_low"])
        limits = "∞" if least is None else f"{number(least, spec)} - {'∞' if most is None else number(most, spec)}"
        cells = (_cost_of(row["average"]), _cost_of(row["marginal"]), limits, _verdict(row))
        rows.append([row["channel"], text(f"channels.one.{row['outcome']}"), *cells])
    yield Grid(_word("marginal"), [*columns, Col(_word("next_cost"), "money"), interval, verdict], rows)
    back: list[list[Cell]] = [
        [
            row["channel"],
            row["average"],
            row["marginal"],
            between(row["marginal_low"], row["marginal_high"], ",.2f"),
            _verdict(row),
        ]
        for row in told.filter(outcome="revenue").head(SHOWN).iter_rows(named=True)
    ]
    columns = [columns[0], Col(_word("average_cost"), "number"), Col(_word("next_unit"), "number"), interval, verdict]
    yield Grid(_word("returned"), columns, back)


def _verdict(row: Mapping[str, Any]) -> str:
    return text(f"channels.return.{row['verdict']}")


def _cost_of(brought: float | None) -> float | None:
    return 1 / brought if brought is not None and brought > 0 else None


def _worth(table: pl.DataFrame) -> Grid:
    columns = [Col(_word("channel"), max=32), Col(_word("customers"), "int"), Col(_word("mean"), "money")]
    columns.append(Col(_word("median"), "money", priority=1))
    sure = bool(table["clv_low"].count())
    if sure:
        columns.insert(3, Col(_word("interval"), align="right"))
    rows: list[list[Cell]] = []
    for row in table.head(SHOWN).iter_rows(named=True):
        limits = [between(row["clv_low"], row["clv_high"], amounts(table["clv_low"]))] if sure else []
        rows.append([name(row["channel"]), row["customers"], row["clv_mean"], *limits, row["clv_median"]])
    return Grid(_word("worth"), columns, rows, max(0, table.height - SHOWN))


def _credit(table: pl.DataFrame) -> Grid:
    total = float(table["first"].sum())
    columns = [Col(_word("channel"), max=32)]
    columns += [Col(_word(f"rule.{rule}"), "share", priority=1 if rule in ("linear", "u") else 0) for rule in RULES]
    columns.append(Col(_word("range"), align="right"))
    rows = [
        [
            name(row["channel"]),
            *(row[rule] / total if total else None for rule in RULES),
            between(row["share_low"], row["share_high"]),
        ]
        for row in table.head(SHOWN).iter_rows(named=True)
    ]
    return Grid(_word("credit", conversions=total), columns, rows, max(0, table.height - SHOWN))


def _others(result: ChannelsResult) -> Grid:
    """What other units and columns say; the leading ones have a table of their own."""
    lead = (result.summary["of"], result.summary["column"])
    columns = [Col(_word("of")), Col(_word("column"), max=24), Col(_word("channels"), "int", priority=2)]
    columns += [Col(_word("recorded"), "share"), Col(_word("top"), max=24), Col(_word("rate"), "share", priority=1)]
    columns.append(Col(_word("p"), align="right", priority=1))
    rows: list[list[Cell]] = []
    for row in result.tables["tests"].iter_rows(named=True):
        if (row["of"], row["column"]) == lead or row["column"] is None:
            continue
        sources = result.tables["sources"].filter(of=row["of"], column=row["column"]).drop_nulls("channel")
        told = 1 - row["not_recorded"] / row["units"]
        rate = row["converted"] / row["judged"] if row["judged"] else None
        top = sources["channel"][0] if sources.height else None
        label = text(f"channels.of.{row['of']}")
        tested = None if row["p"] is None else chance(row["p"])
        rows.append([label, row["column"], row["channels"], told, top, rate, tested])
    return Grid(_word("others"), columns, rows)


def _steps(result: ChannelsResult, command: str) -> Iterator[tuple[str, str]]:
    tables, figures = result.tables, result.summary
    if "tests" in tables and result.params.by is None:
        columns = tables["tests"]["column"].drop_nulls().to_list()
        if other := next((column for column in columns if column != figures["column"]), None):
            yield f"{command} --by {other}", _word("next.by")
    if "cost" in tables and result.params.margin == 1:
        yield f"{command} --margin 0.3", _word("next.margin")
    refused = any(note.id.startswith(("channels.spend_", "channels.currencies")) for note in result.notes)
    if figures.get("of") == "leads" and "cost" not in tables and not refused:
        yield f"{command} spend.csv", _word("next.spend")
    yield f"{command} -o - | head", _word("next.table")
