"""`acrm churn`: who is leaving, how surely, why, and what it is worth to keep them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from acrm.churn_options import Campaign, Learning, Watching, check
from acrm.engine_options import Computing
from acrm.options import AsOf, Reading, Run, Seed, Selecting, Sources, Writing

if TYPE_CHECKING:
    from datetime import date

    import polars as pl

    from acrm.analysis.churn.churn import ChurnResult
    from acrm.analysis.churn.model_file import SavedChurn
    from acrm.analysis.churn.prepared import Prepared
    from acrm.load import Sales
    from acrm.messages import Message

_ONCE = ("compare", "ending", "save", "treatment", "outcome", "control")
"""Options that the next steps do not repeat."""


def churn(
    run: Run,
    sources: Sources,
    *,
    reading: Reading,
    selecting: Selecting,
    as_of: AsOf = None,
    learning: Learning,
    campaign: Campaign,
    watching: Watching,
    seed: Seed = 0,
    computing: Computing,
    writing: Writing,
) -> None:
    """Foretell who leaves, and say why and what to do.

    From a column that says who left, from contracts and their ends, or from purchases alone: then whoever buys nothing
    in a window of days, which is proposed from the customers' own gaps. Columns written after customers left stop the
    run and are named.

    \b
    Examples:
      acrm churn acrm-store
      acrm churn acrm-store acrm-out/clv.parquet --contact 30 --incentive 200
      acrm churn telco.csv --target Churn --by Contract --save model.json
      acrm churn telco-new.csv --apply model.json
      acrm churn contracts/ --ending 30
      acrm churn emails.csv --target visit --positive 0 --treatment segment
      acrm churn acrm-store --compare last-month --fail-on "at_risk_share>0.15"
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from acrm.analysis.churn.churn import MODEL_FILE
    from acrm.earlier import earlier_churn, earlier_terms, saved_churn
    from acrm.load import crowd, settled, undisturbed
    from acrm.messages import Message
    from acrm.render.churn import churn_page
    from acrm.write import emit, write_text

    check(run, campaign)
    saved = saved_churn(watching.apply) if watching.apply else None
    earlier = earlier_churn(watching.compare) if watching.compare else None
    with (
        computing.running(run) as cluster,
        undisturbed(sources),
        TemporaryDirectory(prefix="acrm-") as scratch,
        run.console.progress(Message("clean.reading")),
    ):
        found = crowd(sources, reading, selecting, Path(scratch), cluster=cluster)
        settled(run, reading, found.dataset)
        found, notes = _with_customers(found, learning, saved)
        prepared = _prepared(found, selecting, learning, campaign, saved, as_of, seed)
        # Whether there is such a column is known before the work.
        groups = _groups(found, prepared, sources, watching.by) if watching.by else None
        result = _analysed(found, prepared, sources, selecting, learning, campaign, saved, seed)
        result = _beside(result, prepared, found, groups, selecting, campaign, watching, seed)
        if earlier:
            result = _compared(result, *earlier, earlier_terms(str(watching.compare)))
        result = replace(
            result, summary={**found.counted(), **result.summary}, notes=(*found.notes(), *notes, *result.notes)
        )
        lineage = found.lineage(run, as_of=result.summary.get("as_of"), seed=seed)
    if watching.save:
        write_text(Path(watching.save), result.files[MODEL_FILE], [Path(source) for source in sources])
    emit(
        run, result, writing, lineage, lambda: churn_page(result, run.typed(*_ONCE), found.dataset.tables, writing.out)
    )


def _with_customers(found: Sales, learning: Learning, saved: SavedChurn | None) -> tuple[Sales, tuple[Message, ...]]:
    """The table with the label, or with the columns of a saved model, stands for the customers."""
    from acrm.analysis.churn.rows import with_customers

    wanted: list[str] = []
    # Rows that tell of customers, before those of one customer are put together.
    told = [one for one in found.dataset.inputs if one.staged is not None and one.plan.entity == "customers"]
    rows = sum(one.rows_in - one.rejected for one in told)
    if saved is not None and saved.setting == "labelled":
        wanted = [feature.name.removeprefix("x_") for feature in saved.features]
    tables, notes = with_customers(found.dataset.tables, learning.target, wanted, rows)
    return replace(found, dataset=replace(found.dataset, tables=dict(tables))), notes


def _prepared(
    found: Sales,
    selecting: Selecting,
    learning: Learning,
    campaign: Campaign,
    saved: SavedChurn | None,
    as_of: date | None,
    seed: int,
) -> Prepared:
    """The customers of their setting."""
    from acrm.analysis.churn.settings import prepared
    from acrm.load import contracts

    tables: Any = found.dataset.tables
    if saved is not None and saved.setting == "transactional":
        found.dataset.require("transactions", "churn")
    return prepared(
        {**tables, "transactions": found.lines} if "transactions" in tables else tables,
        (lambda: contracts(found, selecting, None)) if "contracts" in tables else None,
        target=learning.target,
        positive=learning.positive,
        window=learning.window,
        beside=[name for name in (campaign.treatment, campaign.outcome) if name],
        campaign=bool(campaign.treatment),
        saved=saved,
        as_of=as_of,
        seed=seed,
    )


def _analysed(
    found: Sales,
    prepared: Prepared,
    sources: list[str],
    selecting: Selecting,
    learning: Learning,
    campaign: Campaign,
    saved: SavedChurn | None,
    seed: int,
) -> ChurnResult:
    from acrm.analysis.churn.churn import ChurnParams, churn, churn_again
    from acrm.analysis.churn.economics import EconomicsParams
    from acrm.analysis.people.consent import refusing

    worth, notes = _worth(found, prepared, sources, selecting, campaign)
    costs = EconomicsParams(
        contact=campaign.contact, incentive=campaign.incentive, success=campaign.success, value=campaign.amount()
    )
    params = ChurnParams(allow=learning.allowed, drop=learning.dropped, costs=costs, seed=seed)
    prepared = replace(prepared, notes=(*prepared.notes, *notes))
    silent = refusing(found.dataset.tables)
    if saved is not None:
        return churn_again(prepared, params, saved, worth, silent)
    return churn(prepared, params, worth, silent)


def _worth(
    found: Sales, prepared: Prepared, sources: list[str], selecting: Selecting, campaign: Campaign
) -> tuple[pl.DataFrame | None, tuple[Message, ...]]:
    """What each customer is worth: as the user says, as an earlier result says, else computed with defaults."""
    import polars as pl

    from acrm.analysis.churn.values import value_column, values_of_contracts, values_of_purchases
    from acrm.earlier import earlier_worth
    from acrm.load import contracts
    from acrm.messages import Message

    column = campaign.column_of_value()
    if column:
        return value_column(prepared.everyone, column), ()
    if campaign.amount() is not None:
        return prepared.everyone.select("customer_id", value=pl.lit(campaign.amount())), ()
    earlier = earlier_worth(sources)
    if earlier is not None:
        return earlier.rename({"clv": "value"}), (Message("churn.values_earlier"),)
    tables: Any = found.dataset.tables
    as_of: Any = prepared.figures.get("as_of")
    if "contracts" in tables and prepared.setting == "contractual":
        worth, note = values_of_contracts(contracts(found, selecting, None)[0], as_of)
    elif "transactions" in tables:
        worth, note = values_of_purchases(found.lines, as_of)
    else:
        return None, ()
    return worth, (note,)


def _beside(
    result: ChurnResult,
    prepared: Prepared,
    found: Sales,
    groups: pl.DataFrame | None,
    selecting: Selecting,
    campaign: Campaign,
    watching: Watching,
    seed: int,
) -> ChurnResult:
    """What else was asked of the same customers."""
    import polars as pl

    from acrm.analysis.churn.cuts import cut

    customers = result.tables["customers"]
    here = customers.filter(~pl.col("customer_id").is_in(list(prepared.gone)))
    if groups is not None:
        result = result.joined("by", cut(here, groups))
    result = _stays(result, prepared, found, selecting, watching, groups, seed)
    if campaign.treatment:
        result = result.joined("uplift", _uplift(result, prepared, campaign, seed))
    if watching.ending:
        result = result.joined("ending", _ending(result, here, found, prepared, selecting, watching.ending))
    return result


def _groups(found: Sales, prepared: Prepared, sources: list[str], by: str) -> pl.DataFrame:
    """`customer_id` and `group`, the value of a column of customers, or the segment."""
    import polars as pl

    from acrm.analysis.churn.label import column_of, no_column
    from acrm.earlier import segments_of
    from acrm.errors import InputError

    tables: Any = found.dataset.tables
    frames = [tables[name] for name in ("customers", "contracts") if name in tables]
    if by == "segment":
        try:
            segments, _ = segments_of(sources, found.lines, prepared.figures.get("as_of"))  # type: ignore[arg-type]
            return segments.select("customer_id", pl.col("segment").alias("group"))
        except InputError:
            # Without orders, what the customers themselves tell is all there is.
            if not any(column_of(frame.collect_schema().names(), by) for frame in frames):
                raise
    for frame in (*frames, prepared.everyone.lazy()):
        names = frame.collect_schema().names()
        column = column_of(names, by)
        if column is not None and "customer_id" in names:
            told: pl.DataFrame = frame.select("customer_id", pl.col(column).cast(pl.String).alias("group")).collect()
            return told.drop_nulls("customer_id").unique("customer_id", keep="last", maintain_order=True)
    raise no_column("churn_no_by", "by", by, prepared.everyone.columns[1:])


def _stays(
    result: ChurnResult,
    prepared: Prepared,
    found: Sales,
    selecting: Selecting,
    watching: Watching,
    groups: pl.DataFrame | None,
    seed: int,
) -> ChurnResult:
    """How long customers stay, where contracts or a column tell it."""
    from acrm.analysis.churn.retention import retained
    from acrm.analysis.churn.stays import stays_of_contracts, stays_of_tenures, tenure_column
    from acrm.analysis.clv.contract_groups import ContractParams
    from acrm.errors import InputError
    from acrm.load import contracts

    as_of: Any = prepared.figures.get("as_of")
    try:
        if prepared.setting == "contractual":
            chosen, notes = contracts(found, selecting, watching.by)
            params = ContractParams(as_of=as_of, by=watching.by, seed=seed)
            part = retained(stays_of_contracts(chosen, params), params)
            return replace(result.joined("retention", part), notes=(*result.notes, *notes, *part.notes))
        case = prepared.case
        if case is None or prepared.setting != "labelled":
            return result
        tenure = tenure_column(case, watching.tenure)
        if tenure is None:
            return result
        people = case.table.select("customer_id", tenure)
        if groups is not None:
            people = people.join(groups, on="customer_id", how="left", maintain_order="left")
        params = ContractParams(by="group" if groups is not None else None, seed=seed)
        return result.joined("retention", retained(stays_of_tenures(people, tenure, case.outcome, params), params))
    except InputError as error:
        # Who is leaving stands without it.
        return replace(result, notes=(*result.notes, error.message))


def _uplift(result: ChurnResult, prepared: Prepared, campaign: Campaign, seed: int) -> Any:
    """What a past campaign did: for staying, or for another outcome."""
    from acrm.analysis.churn.uplift import UpliftParams, campaign_effect

    wanted = campaign.outcome is not None
    # A cost is in money; who stays is not.
    cost = campaign.contact if wanted else None
    params = UpliftParams(control=campaign.control, wanted=wanted, cost=cost, seed=seed)
    columns = [feature.name for feature in result.shown["features"]]
    return campaign_effect(prepared, columns, str(campaign.treatment), campaign.outcome, params)


def _compared(
    result: ChurnResult, before: pl.DataFrame, people: pl.DataFrame | None, terms: dict[str, Any]
) -> ChurnResult:
    """What has changed since an earlier run, of customers who were here then and are here now."""
    import polars as pl

    from acrm.analysis.churn.churn import AT_RISK, BANDS
    from acrm.analysis.churn.watch import compare, drift, other_terms

    now = result.tables["customers"].filter(~pl.col("customer_id").is_in(list(result.shown["gone"])))
    if people is not None and "left" in people.columns:
        # A later file may not say any more who had left by then; they have not come to be at risk.
        left = people.filter("left")
        before, now = (frame.join(left, on="customer_id", how="anti", maintain_order="left") for frame in (before, now))
    result = result.joined("compare", compare(before, now, BANDS, AT_RISK))
    result = replace(result, notes=(*result.notes, *other_terms(terms, result.summary)))
    if people is None:
        return result
    return result.joined("drift", drift(people, result.tables["people"], result.shown["features"]))


def _ending(
    result: ChurnResult, here: pl.DataFrame, found: Sales, prepared: Prepared, selecting: Selecting, days: int
) -> Any:
    from acrm.analysis.churn.watch import ending
    from acrm.load import contracts

    found.dataset.require("contracts", "churn")
    day: Any = prepared.figures["as_of"]
    return ending(contracts(found, selecting, None)[0], here, day, days, result.tables["reasons"])
