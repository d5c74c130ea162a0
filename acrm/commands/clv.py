"""`acrm clv`: what every customer is worth, and what may be spent on them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from acrm.engine_options import Computing
from acrm.errors import CheckFailed, UsageError
from acrm.options import AsOf, Reading, Run, Seed, Selecting, Sources, Writing

if TYPE_CHECKING:
    from acrm.analysis.clv.params import ClvParams
    from acrm.analysis.clv.value import ClvResult
    from acrm.load import Sales

_OF_NPV = ("retention", "years", "cac", "explain", "scenario")
"""Options that ask for a net present value, as `--npv` does."""
_OF_SOURCES = ("driver", "apply", "object", "model", "setting", "horizon")
_NOT_OF_CONTRACTS = ("npv", *_OF_NPV, "driver", "apply", "object", "model")


def _share(value: str | float) -> float:
    """A number such as 0.3, 0,3 or 30%."""
    word = str(value).strip().replace(",", ".")
    try:
        return float(word.removesuffix("%")) / (100 if word.endswith("%") else 1)
    except ValueError:
        raise UsageError("clv_number", value=value) from None


def clv(
    run: Run,
    sources: Sources = [],  # noqa: B006  # some runs need none
    *,
    reading: Reading,
    selecting: Selecting,
    as_of: AsOf = None,
    horizon: Annotated[
        str, typer.Option("--horizon", metavar="TIME", help="How far ahead: 12m, 52w, 90d, 2y.")
    ] = "12m",
    margin: Annotated[
        float,
        typer.Option(
            "--margin",
            metavar="X",
            parser=_share,
            help="Share of revenue that is yours: 0.3 or 30%. For --npv, above 1: money per customer and year.",
        ),
    ] = 1.0,
    discount: Annotated[
        float, typer.Option("--discount", metavar="D", parser=_share, help="Discount rate per year.")
    ] = 0.10,
    interval: Annotated[
        float, typer.Option("--interval", metavar="P", parser=_share, help="Probability that limits hold.")
    ] = 0.8,
    model: Annotated[
        str,
        typer.Option(
            "--model", metavar="NAME", help="bg-nbd, mbg-nbd, pareto-nbd, bg-bb, mbg-cnbd-2 …; auto: the best tested."
        ),
    ] = "auto",
    opportunity: Annotated[
        str, typer.Option("--opportunity", metavar="TIME", help="For bg-bb: from one chance to order to the next.")
    ] = "1m",
    setting: Annotated[
        Literal["auto", "contract", "noncontract"],
        typer.Option("--setting", help="Whether customers are bound by contracts; auto: by what the sources are."),
    ] = "auto",
    by: Annotated[str, typer.Option("--by", metavar="COLUMN,…", help="Cut the results by these columns.")] = "",
    object: Annotated[
        Literal["customer", "household", "company"],
        typer.Option("--object", help="Whose value: each customer's, household's or company's."),
    ] = "customer",
    npv: Annotated[
        bool, typer.Option("--npv", help="Also net present value: existing and new customers, four conventions.")
    ] = False,
    retention: Annotated[
        float | None,
        typer.Option(
            "--retention",
            metavar="R",
            parser=_share,
            help="Share who stay each year. Default: from two years of orders.",
        ),
    ] = None,
    years: Annotated[
        str, typer.Option("--years", metavar="N", help="Yearly payments that count; all: no horizon.")
    ] = "10",
    cac: Annotated[
        list[str],
        typer.Option(
            "--cac",
            metavar="X",
            show_default=False,
            help="What a new customer costs: X, or CHANNEL=X. Repeatable. Default: from campaigns.",
        ),
    ],
    explain: Annotated[
        str | None,
        typer.Option("--explain", metavar="NAME", help="The value year by year: all, a segment, or a customer id."),
    ] = None,
    scenario: Annotated[
        str | None,
        typer.Option("--scenario", metavar="FILE", help="TOML of changes to price, cost, cac, margin, retention."),
    ] = None,
    driver: Annotated[
        list[str],
        typer.Option(
            "--driver",
            metavar="ACTIVITY=WHAT",
            show_default=False,
            help="Share a service cost by calls, tickets, orders, revenue … Repeatable.",
        ),
    ],
    apply: Annotated[
        str | None, typer.Option("--apply", metavar="FILE", help="Score with the model of an earlier clv_model.json.")
    ] = None,
    selftest: Annotated[
        bool, typer.Option("--selftest", help="Reckon published tables anew, print expected beside got, and stop.")
    ] = False,
    seed: Seed = 0,
    computing: Computing,
    writing: Writing,
) -> None:
    """Value customers by what they will bring.

    Models of buying and of spend are fitted, tested on held-out time beside naive rules, and used only with limits
    that take in what is not known. Under contract, retention is what is modelled. What orders, goods and service have
    cost so far stands beside it where the sources tell.

    \b
    Examples:
      acrm clv acrm-store
      acrm clv orders.csv --margin 30% --horizon 24m --by channel
      acrm clv acrm-store --npv --margin 0.3 --scenario prices.toml
      acrm clv --npv --margin 100 --retention 0.8 --cac 150
      acrm clv contracts.csv --setting contract
      acrm clv acrm-store --apply acrm-out/clv_model.json
      acrm clv --selftest
    """
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from acrm.analysis.clv.params import ClvParams, horizon_days
    from acrm.load import settled, undisturbed, worth
    from acrm.messages import Message
    from acrm.render.clv import clv_page
    from acrm.write import emit

    if apply and model != "auto":
        raise UsageError("clv_apply_model", model=model)
    if model != "bg-bb":
        _refuse(run, ("opportunity",), "clv_opportunity")
    if selftest:
        _selftest(run, writing)
        return
    asked = None
    if npv or _typed(run, _OF_NPV):
        asked = _npv_params(margin, retention, discount, years, cac, by, explain, scenario, interval, as_of)
    if not sources:
        if asked is None:
            raise UsageError("clv_no_sources")
        _refuse(run, _OF_SOURCES, "clv_of_sources")
        _calculated(run, writing, asked)
        return
    params = ClvParams(
        model=model,
        opportunity=horizon_days(opportunity),
        horizon=horizon_days(horizon),
        discount=discount,
        margin=1.0 if asked and margin > 1 else margin,
        interval=interval,
        as_of=as_of,
        seed=seed,
        by=tuple(name.strip() for name in by.split(",") if name.strip()),
        object=object,
    )
    with (
        computing.running(run) as cluster,
        undisturbed(sources),
        TemporaryDirectory(prefix="acrm-") as scratch,
        run.console.progress(Message("clean.reading")),
    ):
        found = worth(sources, reading, selecting, Path(scratch), params.by, cluster)
        settled(run, reading, found.dataset)
        if _bound(setting, found):
            _refuse(run, _NOT_OF_CONTRACTS, "clv_not_of_contracts")
            result, page = _contract(found, selecting, params, run.command)
        else:
            whole, blocks = _valued(found, sources, params, driver, asked, apply)
            cut = _first_cut(found)
            result, page = whole, lambda told: clv_page(told, run.typed("npv", "margin", "by"), blocks, cut)
        told = {**found.counted(), **result.summary}
        result = replace(result, summary=told, notes=(*found.notes(), *result.notes))
        lineage = found.lineage(run, as_of=result.summary.get("as_of"), seed=seed)
    emit(run, result, writing, lineage, lambda: page(result))


def _typed(run: Run, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if run.options[name][1] == "flag"]


def _refuse(run: Run, names: tuple[str, ...], error: str) -> None:
    """Say that options have no meaning here, rather than leave them out unsaid."""
    if found := _typed(run, names):
        raise UsageError(error, options=", ".join(f"--{name}" for name in found))


def _bound(setting: str, found: Sales) -> bool:
    """Whether it is contracts that are to be valued."""
    if setting == "noncontract":
        found.dataset.require("transactions", "clv")
    return setting == "contract" or (setting == "auto" and "transactions" not in found.dataset.tables)


def _first_cut(found: Sales) -> str | None:
    """A column worth cutting by, where the sources have one."""
    tables = (found.dataset.tables[name] for name in ("transactions", "customers") if name in found.dataset.tables)
    names = {name for table in tables for name in table.collect_schema().names()}
    return next((name for name in ("channel", "source", "campaign", "coupon") if name in names), None)


def _npv_params(
    margin: float,
    retention: float | None,
    discount: float,
    years: str,
    cac: list[str],
    by: str,
    explain: str | None,
    scenario: str | None,
    interval: float,
    as_of: Any,
) -> Any:
    from acrm.analysis.clv.npv import NpvParams
    from acrm.load import toml_file

    if years != "all" and not years.isdecimal():
        raise UsageError("clv_number", value=years)
    return NpvParams(
        margin=margin,
        retention=retention,
        discount=discount,
        years=None if years == "all" else int(years),
        acquisition_cost=_costs(cac),
        by=tuple(name.strip() for name in by.split(",") if name.strip()),
        explain=explain,
        scenario=toml_file(scenario) if scenario else None,
        interval=interval,
        as_of=as_of,
    )


def _costs(words: list[str]) -> float | dict[str, float] | None:
    """What a new customer costs: one number, or one per channel; a channel's name may have an `=` in it."""
    parts = [word.rpartition("=") for word in words]
    if any(not equals for _, equals, _ in parts) and len(words) > 1:
        raise UsageError("clv_costs", value=" ".join(f"--cac {word}" for word in words))
    costs = {}
    for name, equals, cost in parts:
        if "%" in cost or (equals and not name.strip()):
            raise UsageError("clv_cost", value=f"{name}{equals}{cost}")
        costs[name.strip()] = _share(cost)
    return costs.get("", costs or None)


def _selftest(run: Run, writing: Writing) -> None:
    from acrm.analysis.clv.selftest import selftest
    from acrm.render.clv_selftest import selftest_page
    from acrm.write import to_json

    result = selftest()
    if writing.json:
        run.console.data(to_json(result, run.command, tuple(result.tables)).encode())
    else:
        run.console.show(selftest_page(result))
    if result.summary["off"]:
        raise CheckFailed("clv_selftest", off=result.summary["off"])


def _calculated(run: Run, writing: Writing, asked: Any) -> None:
    """Net present value of what was typed alone, under a name of its own: `npv` beside the `clv` of customers."""
    from acrm.analysis.clv.npv import npv
    from acrm.lineage import Lineage
    from acrm.render.clv_npv import npv_page
    from acrm.write import emit

    result = npv(None, None, asked)
    lineage = Lineage(command=run.command, options=run.options, inputs=(), rows_in=0, rows_out=0, rows_rejected=0)
    tables = {name.removeprefix("npv_"): table for name, table in result.tables.items()}
    emit(
        replace(run, command="npv"),
        replace(result, tables=tables),
        writing,
        lineage,
        lambda: npv_page(result, run.typed()),
    )


def _contract(found: Sales, selecting: Selecting, params: ClvParams, command: str) -> Any:
    """The value of contracts, or what a table of customers left tells of it."""
    from acrm.analysis.clv.contract import contract, retention
    from acrm.analysis.clv.contract_groups import ContractParams
    from acrm.analysis.clv.params import YEAR
    from acrm.analysis.clv.retention import find_retention
    from acrm.load import contracts
    from acrm.render.clv_contract import contract_page

    asked = ContractParams(
        as_of=params.as_of,
        horizon_months=max(1, round(params.horizon * 12 / YEAR)),
        discount=params.discount,
        margin=params.margin,
        interval=params.interval,
        seed=params.seed,
        by=_one_column(params.by),
    )
    tables = found.dataset.tables
    if "contracts" in tables:
        lines, notes = contracts(found, selecting, asked.by)
        result = contract(lines, asked)
        return replace(result, notes=(*notes, *result.notes)), contract_page
    others = [tables[name].collect() for name in sorted(tables) if name.startswith("other_")]
    told = next((table for table in others if find_retention(table, asked.cohort)), None)
    if told is None:
        found.dataset.require("transactions" if "transactions" not in tables else "contracts", command)
        raise UsageError("clv_no_sources")
    return retention(told, asked), contract_page


def _one_column(by: tuple[str, ...]) -> str | None:
    if len(by) > 1:
        raise UsageError("clv_by_of_contracts", by=",".join(by), first=by[0])
    return by[0] if by else None


def _valued(
    found: Sales, sources: list[str], params: ClvParams, drivers: list[str], asked: Any, saved: str | None
) -> tuple[ClvResult, list[Any]]:
    """Value to come; past profit, cuts, households and net present value beside it as far as asked for."""
    from acrm.analysis.clv.cuts import attributes
    from acrm.analysis.clv.joined import rolled_up, with_cuts, with_npv, with_profit
    from acrm.analysis.clv.npv import npv
    from acrm.analysis.clv.people import told_by_segment, with_deal_sources, with_segments
    from acrm.analysis.clv.profit import ProfitParams, cost_told, profit
    from acrm.analysis.clv.rollup import members
    from acrm.analysis.clv.value import clv as analyse
    from acrm.earlier import saved_model, segments_of
    from acrm.errors import InputError
    from acrm.messages import Message
    from acrm.options import pairs
    from acrm.render.clv_npv import npv_blocks
    from acrm.render.clv_profit import profit_blocks
    from acrm.summaries.ledger import in_currency

    tables, lines = found.dataset.tables, found.lines
    customers, notes = with_deal_sources(tables.get("customers"), tables.get("deals"))
    if "contracts" in tables:
        notes = (Message("clv.contracts_too"), *notes)
    # What is asked for and not there is told before anything is fitted.
    segments, of = None, None
    if "segment" in params.by or told_by_segment(tables.get("service_costs")):
        segments, told = segments_of(sources, lines, params.as_of)
        customers, notes = with_segments(customers, segments), (*notes, told)
    if params.by:
        of = attributes(params.by, customers=customers, transactions=lines, as_of=params.as_of)
    belong = members(customers, params.object) if params.object != "customer" else None
    result = analyse(found.orders, params, saved_model(saved) if saved else None)
    # Lines without a currency are in the only one there is.
    currency: Any = result.summary["currency"]
    plain = in_currency(lines, currency)
    result = replace(result, notes=(*notes, *result.notes))
    spread = ProfitParams(as_of=params.as_of, drivers=dict(pairs("--driver", drivers)))
    if cost_told(plain, tables):
        beside = {name: tables.get(name) for name in ("products", "service_costs", "interactions", "campaigns")}
        costs = profit(plain, spread, customers=customers, segments=segments, **beside)
        result = with_profit(result, costs)
    if of is not None:
        result = with_cuts(result, of, params)
    blocks: list[Any] = [*profit_blocks(result)]
    if belong is not None:
        result = rolled_up(result, belong, params)
    if asked:
        try:
            people = {} if customers is None else {"customers": customers}
            present = npv(plain, {**tables, **people}, asked)
        except InputError as error:
            # The value of the customers stands without it.
            return replace(result, notes=(*result.notes, error.message)), blocks
        result = with_npv(result, present)
        blocks += npv_blocks(present)
    return result, blocks
