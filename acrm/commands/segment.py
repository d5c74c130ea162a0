"""`acrm segment`: who the customers are, in groups, and what to do about each."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from acrm.errors import UsageError
from acrm.options import AsOf, Compare, Reading, Run, Seed, Selecting, Sources, Writing
from acrm.segment_options import LISTS, Explaining, Listing, Planning, consistent

if TYPE_CHECKING:
    from acrm.analysis.people.people import People
    from acrm.analysis.segment.segment import SegmentParams, SegmentResult
    from acrm.load import Sales
    from acrm.render.blocks import Block


_ONCE = ("compare", "compare_groups", "record", "export", "budget", "by", *LISTS)
"""Options that the next steps do not repeat."""


def _list(words: str | None) -> tuple[str, ...]:
    return tuple(word.strip() for word in (words or "").split(",") if word.strip())


def segment(
    run: Run,
    sources: Sources,
    *,
    reading: Reading,
    selecting: Selecting,
    as_of: AsOf = None,
    axis: Annotated[
        str, typer.Option("--axis", metavar="LIST", help="What groups are made of: demo, behaviour, value, needs.")
    ] = "demo,behaviour,value,needs",
    columns: Annotated[
        str | None, typer.Option("--columns", metavar="A,B,C", help="Make groups of these columns alone.")
    ] = None,
    k: Annotated[
        int | None, typer.Option("--k", metavar="K", min=1, help="How many groups. Default: as found.")
    ] = None,
    method: Annotated[
        Literal["kmeans", "gmm"], typer.Option("--method", help="k-means, or a mixture of Gaussians.")
    ] = "kmeans",
    min_size: Annotated[
        int | None, typer.Option("--min-size", metavar="N", min=1, help="Customers that a proposed group must have.")
    ] = None,
    segments_from: Annotated[
        str | None,
        typer.Option("--segments-from", metavar="FILE", help="segments.toml: groups by conditions of yours."),
    ] = None,
    apply: Annotated[
        str | None, typer.Option("--apply", metavar="FILE", help="segment_model.json of an earlier run: its groups.")
    ] = None,
    limits: Annotated[
        str | None,
        typer.Option("--limits", metavar="LIST", help="Limits of the lifecycle: active=60,lapsed=120,loyal=5."),
    ] = None,
    compare: Compare = None,
    compare_groups: Annotated[
        tuple[str, str] | None,
        typer.Option("--compare-groups", metavar="A B", help="What two groups differ in: segments or conditions."),
    ] = None,
    explaining: Explaining,
    bins: Annotated[
        str | None,
        typer.Option("--bins", metavar="amount", help="Orders by bands of amount (amount=1000,5000) and --by."),
    ] = None,
    by: Annotated[
        str | None, typer.Option("--by", metavar="COLUMN", help="The cut of --bins, --sample and --drivers.")
    ] = None,
    planning: Planning,
    listing: Listing,
    seed: Seed = 0,
    writing: Writing,
) -> None:
    """Group customers, say what each group is like and what to do.

    By who they are, what they do, are worth and need. How many groups there are is found, or that there are none. Every
    customer also gets a stage of the lifecycle and an action with its reason, cost and expected value.

    \b
    Examples:
      acrm segment acrm-store
      acrm segment acrm-store --budget 500000 --record acrm-store
      acrm segment acrm-store --compare acrm-out
      acrm segment sales.csv --drivers sold --factors price --hold brand
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from acrm.earlier import document_of, earlier_segments
    from acrm.load import crowd, settled, undisturbed
    from acrm.messages import Message
    from acrm.render.segment import segment_page
    from acrm.write import emit

    consistent(run)
    if planning.export and (writing.out == "-" or "parquet" not in writing.formats):
        raise UsageError("segment_export_where")
    with (
        undisturbed(sources),
        TemporaryDirectory(prefix="acrm-") as scratch,
        run.console.progress(Message("clean.reading")),
    ):
        found = crowd(sources, reading, selecting, Path(scratch), _list(columns))
        settled(run, reading, found.dataset)
        if as_of:
            from acrm.analysis.as_it_was import as_it_was

            found = replace(found, dataset=replace(found.dataset, tables=as_it_was(found.dataset.tables, as_of)))
        # What is no table of segments has a name of its own.
        if bins:
            run, (result, page) = replace(run, command="bins"), _bands(found, bins, by, as_of)
        elif explaining.drivers:
            run, (result, page) = replace(run, command="drivers"), _drivers(found, explaining, by, as_of, seed)
        else:
            from acrm.analysis.lifecycle.gaps import given_limits
            from acrm.analysis.segment.segment import SegmentParams

            axes: Any = _list(axis)
            params = SegmentParams(
                axes=axes,
                columns=_list(columns),
                k=k,
                method=method,
                min_size=min_size,
                limits=given_limits(limits) if limits else {},
                as_of=as_of,
                seed=seed,
            )
            model = document_of(apply, "segment_model.json") if apply else None
            earlier = earlier_segments(compare) if compare else None
            people, result = _grouped(found, sources, params, segments_from, model, earlier[2] if earlier else None)
            result = _planned(result, people, found, planning, writing.out)
            result, blocks = _listed(result, people, found, listing, by)
            if earlier:
                result = _compared(result, people, *earlier)
            if compare_groups:
                blocks += _contrasted(result, people, *compare_groups)
            page = partial(segment_page, typed=run.typed(*_ONCE), blocks=blocks, out=writing.out)
        result = replace(result, summary={**found.counted(), **result.summary}, notes=(*found.notes(), *result.notes))
        lineage = found.lineage(run, as_of=result.summary.get("as_of"))
    if planning.record and not bins and not explaining.drivers:
        if result.plan.params.as_of is None:
            raise UsageError("segment_no_day")
        from acrm.analysis.actions.decisions import decisions as rows
        from acrm.store import record

        new = record(Path(planning.record), rows(result.plan), lineage)
        run.console.status(Message("segment.recorded", {"decisions": new, "store": planning.record}))
    emit(run, result, writing, lineage, lambda: page(result))


def _grouped(
    found: Sales,
    sources: list[str],
    params: SegmentParams,
    rules: str | None,
    model: dict[str, Any] | None,
    before: dict[str, Any] | None,
) -> tuple[People, SegmentResult]:
    """The customers and their groups; `before` is the model to compare with."""
    from acrm.analysis.people.people import people as known
    from acrm.analysis.segment.clustering import kinds_of
    from acrm.analysis.segment.segment import segment as analyse
    from acrm.earlier import earlier_worth
    from acrm.load import toml_file

    tables = found.dataset.tables
    worth = earlier_worth(sources)
    people = known(
        tables,
        lines=found.lines if "transactions" in tables else None,
        axes=params.axes,
        as_of=params.as_of,
        worth=worth,
        kinds=kinds_of(model or before),
    )
    result = analyse(
        people,
        tables,
        params,
        rules=toml_file(rules) if rules else None,
        model=model,
    )
    return people, result


def _planned(result: SegmentResult, people: People, found: Sales, planning: Planning, out: str) -> SegmentResult:
    """The groups with what to do about whom."""
    from acrm.analysis.actions import decisions
    from acrm.analysis.actions.actions import ActionParams, plan
    from acrm.analysis.actions.scenarios import load_scenarios
    from acrm.analysis.segment.joined import per_order, with_export, with_plan
    from acrm.earlier import table_of
    from acrm.load import toml_file

    tables = found.dataset.tables
    scenarios = load_scenarios(toml_file(planning.scenarios) if planning.scenarios else None)
    currency: Any = result.summary.get("currency")
    params = ActionParams(as_of=people.as_of, budget=planning.budget, seed=result.params.seed, currency=currency)
    made = plan(per_order(result, people), scenarios, decisions.people(tables, people.as_of), params)
    result = with_plan(result, made)
    sent = table_of(out, "segment_sent")
    if planning.export is None:
        return result if sent is None else replace(result, tables={**result.tables, "sent": sent})
    from acrm.analysis.actions.crm_export import TARGETS, export
    from acrm.write import csv_parts

    customers, decided = tables.get("customers"), tables.get("decisions")
    exported = export(
        planning.export,
        made,
        result.tables["customers"],
        found.dataset.asides().get("identities"),
        None if customers is None else customers.collect(),
        sent,
        None if decided is None else decided.collect(),
    )
    parts = csv_parts(exported.rows, russian=TARGETS[planning.export].russian)
    return with_export(result, planning.export, exported, "\ufeff" + b"".join(parts).decode())


def _listed(
    result: SegmentResult, people: People, found: Sales, listing: Listing, by: str | None
) -> tuple[SegmentResult, list[Block]]:
    """The groups with the lists that were asked for, and their parts of the page."""
    from acrm.analysis.lists.asked import ListParams, lists
    from acrm.analysis.lists.reminder_rules import reminder_rules
    from acrm.analysis.segment.joined import with_lists
    from acrm.load import toml_file
    from acrm.render.segment_lists import list_blocks

    rules = listing.reminders
    params = ListParams(
        reminders=None if rules is None else reminder_rules(None if rules == "default" else toml_file(rules)),
        ahead=listing.ahead,
        call_list=listing.call_list,
        lookalike=listing.lookalike,
        top=listing.top,
        sample=None if listing.sample is None else listing.sample / 100,
        by=_list(by),
    )
    made = lists(result, people, found.dataset.tables, params)
    return with_lists(result, made), list_blocks(made)


def _compared(
    result: SegmentResult, people: People, before: Any, was: Any, model: dict[str, Any] | None
) -> SegmentResult:
    """The groups with who is in another one than in an earlier result, by its model or by rules."""
    from acrm.analysis.segment.joined import with_moves
    from acrm.analysis.segment.moves import by_model, moves

    if model is None and result.rules is None:
        raise UsageError("segment_rules_before")
    placed = result.tables["customers"] if model is None else by_model(model, people.table)
    told = [feature.name for feature in people.features]
    both = before.join(people.table.select("customer_id"), on="customer_id", how="semi").height
    return with_moves(result, moves(before, was, people.table, placed, told), both)


def _contrasted(result: SegmentResult, people: People, first: str, second: str) -> list[Block]:
    from acrm.analysis.segment.joined import compared
    from acrm.render.segment_profiles import comparison

    return [comparison(compared(people, result, first, second), first, second)]


def _bands(found: Sales, bins: str, by: str | None, as_of: Any) -> tuple[Any, Any]:
    """Orders by bands of amount."""
    from acrm.analysis.lists.bands import BandsParams, bands
    from acrm.render.segment import bands_page

    if "transactions" not in found.dataset.tables:
        raise UsageError("segment_no_orders")
    result = bands(found.lines, found.dataset.tables.get("customers"), BandsParams(bins=bins, by=by, as_of=as_of))
    return result, bands_page


def _drivers(found: Sales, asked: Explaining, by: str | None, as_of: Any, seed: int) -> tuple[Any, Any]:
    """What a column goes with: a regression, and the conditions under which it differs."""
    from acrm.analysis.drivers.both import explained
    from acrm.analysis.drivers.drivers import DriverParams
    from acrm.render.segment import drivers_page

    lists: Any = {"hold": _list(asked.hold), "each": _list(by), "randomised": _list(asked.randomised)}
    params = DriverParams(factors=_list(asked.factors) or None, log=asked.log, seed=seed, **lists)
    tables = found.dataset.tables
    lines = found.lines if "transactions" in tables else None
    result, beside = explained(tables, lines, asked.drivers or "", params, as_of)
    return result, partial(drivers_page, beside=beside)
