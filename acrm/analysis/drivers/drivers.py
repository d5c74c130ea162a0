"""Drivers: what goes with more or less of an outcome, the other columns being equal, pooled and with groups held."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

from acrm.analysis.drivers.design import LEVEL_ROWS, Log, Term, logged, terms
from acrm.analysis.drivers.driver_models import (
    Model,
    Setting,
    coefficient_table,
    each,
    fit_table,
    levels_of,
    make,
    matrix,
)
from acrm.analysis.people.screening import CUSTOMER, Useless, canonical, screen
from acrm.analysis.result import Result, Scalar
from acrm.errors import InputError, UsageError
from acrm.messages import Message, listed, text

if TYPE_CHECKING:
    import polars as pl

CLEAR = 0.05
"""Share of chance findings allowed among the coefficients called clear."""
ROWS_EACH, CLUSTERS = 10, 40
"""Rows needed for each coefficient; groups needed for errors that are clustered by them."""


@dataclass(frozen=True, kw_only=True)
class DriverParams:
    """Which regression is made.

    Attributes:
        factors: Columns that may explain the outcome. None: all that are of use, see `screening`.
        hold: Columns whose levels are compared within themselves only, such as the product or the segment.
        each: Columns for every combination of whose levels the numbers (else all) get their own coefficients, besides.
        log: `auto` takes logarithms of what is positive and skewed, `both` of all that is positive (then the
            coefficients of numbers are elasticities), `none` of nothing.
        cluster: Column whose rows belong together. None: `customer_id` where it repeats, else the first column held
            that has 40 levels or more.
        randomised: Columns whose values were drawn by lot, so that what goes with them is their effect.
        seed: Of the parts of rows that are foretold in turn.
    """

    factors: tuple[str, ...] | None = None
    hold: tuple[str, ...] = ()
    each: tuple[str, ...] = ()
    log: Log = "auto"
    cluster: str | None = None
    randomised: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        if self.log not in get_args(Log):
            raise UsageError("drivers_log", value=self.log, known=", ".join(get_args(Log)))


@dataclass(frozen=True, kw_only=True)
class DriversResult(Result):
    """Tables `coefficients`, `fit`, `left_out`, and `each` where it was asked for."""

    params: DriverParams


def drivers(table: pl.DataFrame, measure: str, params: DriverParams) -> DriversResult:
    """Regress an outcome on the other columns, once over all rows and once with groups held.

    Least squares; HC3 or clustered errors, t intervals at 95%, q values (Benjamini and Hochberg) over all coefficients
    of a model. Rows without the outcome are left out and counted. Fewer than `ROWS_EACH` rows for a coefficient is a
    refusal: there are no coefficients, and a note says why. Formulas, sources, limits: docs/methods/segment-drivers.md.

    Args:
        table: One row per customer, order or product; the order of rows does not matter.
        measure: A column of numbers, or of yes and no (then a coefficient is a difference of shares).
        params: See `DriverParams`.

    Returns:
        Table `coefficients`, by strength (what the strongest model says), then by term:

        | column | type | unit, range |
        |---|---|---|
        | `term` | String | `price`, `log(price)`, `sex = f` |
        | `factor`, `kind`, `level`, `base` | String | see `acrm.analysis.drivers.design.Term` |
        | `rows` | Int64 | with the level, or with a known number |
        | `pooled`, `held` | Float64 | units of the outcome (or its logarithm) per unit of the term; null: no own part |
        | `…_low`, `…_high` | Float64 | ends of the 95% interval |
        | `…_p`, `…_q` | Float64 | that it is 0; the same allowing for all coefficients |
        | `strength` | Float64 | standard deviations of the outcome per standard deviation of the term, held if it is |

        Table `fit`, a row per model (`pooled`, `held`, `each`): `rows`, `coefficients`, `parameters`, `r2`,
        `adjusted_r2`, `within_r2`, `held_out_r2` (the mean has 0), `held_out_alone` (of the
        means of the groups held), `held_out_worst` (of five parts), `errors`,
        `clusters`. Table `each`: the columns of `each`, `term`, `rows`, `value`, `low`, `high`, `p`, `q`. Table
        `left_out`: `column`, `reason` (as of `screening`, or `scattered`, `collinear`), `detail`.

    Raises:
        InputError: A column is missing, the outcome is no number, or has no logarithm though one was asked for.

    Examples:
        >>> import polars as pl
        >>> shop = pl.DataFrame({"price": [1.0, 2.0, 4.0, 8.0] * 5, "sold": [80.0, 40.0, 20.0, 10.0] * 5})
        >>> found = drivers(shop, "sold", DriverParams(factors=("price",), log="both")).tables["coefficients"]
        >>> found.select("term", found["pooled"].round(6)).rows()
        [('log(price)', -1.0)]
    """
    known = _known(table, measure, params)
    outcome = known[measure]
    logs = logged(outcome, params.log)
    if params.log == "both" and not logs:
        raise InputError("drivers_no_log", column=measure)
    names, left_out = _factors(known, measure, params)
    made = list(terms(known, names, params.log))
    cluster = _cluster(known, params)
    values = (outcome.log() if logs else outcome).to_numpy()
    setting = Setting(table=known, outcome=values, terms=made, cluster=cluster, seed=params.seed)
    models, extra, refused = _models(setting, params)
    dull = [*left_out, *_scattered(names, made), *_collinear(made, models)]
    tables = {
        "coefficients": coefficient_table(setting, models),
        "fit": fit_table(models),
        **extra,
        "left_out": _left_out(dull),
    }
    summary: dict[str, Scalar] = {
        "measure": measure,
        "rows": known.height,
        "rows_without_measure": table.height - known.height,
        "outcome": "log" if logs else "share" if _yes_no(known[measure]) else "number",
        "factors": len(names),
        "columns_left_out": len(left_out),
        "cluster": cluster,
        **_figures(tables["coefficients"], models),
    }
    notes = (*refused, *_notes(tables["coefficients"], models, params, summary), *_about(tables["left_out"], summary))
    return DriversResult(params=params, tables=tables, summary=summary, notes=notes)


def _known(table: pl.DataFrame, measure: str, params: DriverParams) -> pl.DataFrame:
    """The rows with an outcome, in an order that the columns decide."""
    import polars as pl

    asked = (measure, *(params.factors or ()), *params.hold, *params.each, *params.randomised)
    asked = (*asked, *([params.cluster] if params.cluster else []))
    if missing := [name for name in dict.fromkeys(asked) if name not in table.columns]:
        raise InputError("drivers_no_column", columns=listed(missing), known=listed(table.columns, 20))
    kind = table[measure].dtype
    if not (kind.is_numeric() or kind == pl.Boolean):
        raise InputError("drivers_no_number", column=measure)
    groups = (*params.hold, *params.each, *([params.cluster] if params.cluster else []))
    if lists := [name for name in groups if table[name].dtype.is_nested()]:
        raise InputError("drivers_lists", columns=listed(lists))
    return canonical(table.with_columns(pl.col(measure).cast(pl.Float64)).filter(pl.col(measure).is_finite()))


def _factors(table: pl.DataFrame, measure: str, params: DriverParams) -> tuple[list[str], list[Useless]]:
    """The columns that may explain the outcome, and those that cannot."""
    taken = {measure, *params.hold, CUSTOMER, params.cluster}
    if params.factors is not None:
        return [name for name in dict.fromkeys(params.factors) if name not in taken], []
    candidates = [name for name in table.columns if name not in taken]
    first = (measure, *(name for name in params.hold if name in table.columns))
    useless = [Useless(*row) for row in screen(table.select(*first, *candidates), first).iter_rows()]
    gone = {column.column for column in useless}
    return [name for name in candidates if name not in gone], useless


def _cluster(table: pl.DataFrame, params: DriverParams) -> str | None:
    if params.cluster:
        return params.cluster if table[params.cluster].n_unique() > 1 else None
    if CUSTOMER in table.columns and CLUSTERS <= table[CUSTOMER].n_unique() < table.height:
        return CUSTOMER
    return next((name for name in params.hold if CLUSTERS <= table[name].n_unique() < table.height), None)


def _models(setting: Setting, params: DriverParams) -> tuple[dict[str, Model], dict[str, pl.DataFrame], list[Message]]:
    """The models that the rows carry, the table of the model of each, and what could not be made."""
    from acrm.models.effects import absorbed_parameters

    rows, slopes = len(setting.outcome), len(setting.terms)
    if not slopes:
        return {}, {}, [Message("segment_drivers.no_factor")]
    if rows == 0 or setting.outcome.min() == setting.outcome.max():
        return {}, {}, [Message("segment_drivers.no_variance", {"rows": rows})]
    models: dict[str, Model] = {}
    extra: dict[str, pl.DataFrame] = {}
    refused = []
    wanted = {
        "pooled": (),
        **({"held": params.hold} if params.hold else {}),
        **({"each": params.each} if params.each else {}),
    }
    for name, hold in wanted.items():
        held = [list(hold)] if name == "each" else [[column] for column in hold]
        groups = [levels_of(setting.table, columns) for columns in held]
        count = slopes * (int(groups[0].max()) + 1) if name == "each" else slopes
        free = rows - absorbed_parameters(groups)
        if free < ROWS_EACH * count:
            figures = {"rows": rows, "coefficients": count, "effects": rows - free, "needed": ROWS_EACH}
            refused.append(Message(f"segment_drivers.few_{name}", figures))
        elif name != "each":
            models[name] = make(setting, matrix(setting.terms), held)
        elif (several := each(setting, hold)) is not None:
            models[name], extra[name] = several
        else:
            refused.append(Message("segment_drivers.no_each", {"each": listed(hold)}))
    return models, extra, refused


def _scattered(names: Sequence[str], made: Sequence[Term]) -> Iterator[Useless]:
    for name in sorted(set(names) - {term.factor for term in made}):
        yield Useless(name, "scattered", text("segment_drivers.screen.scattered", rows=LEVEL_ROWS))


def _collinear(made: Sequence[Term], models: Mapping[str, Model]) -> Iterator[Useless]:
    """Terms without a coefficient in the pooled model, and those that only the held one cannot tell."""
    done: set[int] = set()
    for name in ("pooled", "held"):
        found = models[name].fit.collinear if name in models else {}
        for place, others in found.items():
            if place not in done:
                done.add(place)
                told = listed([made[other].name for other in others])
                yield Useless(
                    made[place].name,
                    "collinear",
                    text(f"segment_drivers.screen.collinear_{'with' if others else name}", others=told),
                )


def _left_out(dull: Sequence[Useless]) -> pl.DataFrame:
    import polars as pl

    return pl.DataFrame(dull, schema=dict.fromkeys(Useless._fields, pl.String), orient="row").sort("column", "reason")


def _yes_no(values: pl.Series) -> bool:
    return bool(values.is_in([0.0, 1.0]).all())


def _figures(coefficients: pl.DataFrame, models: Mapping[str, Model]) -> dict[str, Scalar]:
    import polars as pl

    last = "held" if "held" in models else "pooled"
    figures: dict[str, Scalar] = {
        "coefficients": coefficients[last].count(),
        "clear": coefficients.filter(pl.col(f"{last}_q") <= CLEAR).height,
    }
    for name, model in models.items():
        fit = model.fit
        figures |= {f"{name}_r2": fit.r2, f"{name}_adjusted_r2": fit.adjusted_r2, f"{name}_held_out_r2": model.held_out}
    if "held" in models:
        figures["held_within_r2"] = models["held"].fit.within_r2
        figures["held_held_out_within_r2"] = models["held"].own
    return figures


def _notes(
    coefficients: pl.DataFrame, models: Mapping[str, Model], params: DriverParams, summary: Mapping[str, Any]
) -> Iterator[Message]:
    import polars as pl

    if not models:
        return
    shown = set(coefficients["factor"])
    drawn = sorted(shown & set(params.randomised))
    if drawn != sorted(shown):
        yield Message("segment_drivers.associated")
    if drawn:
        yield Message("segment_drivers.randomised", {"columns": listed(drawn)})
    name = "held" if "held" in models else "pooled"
    model = models[name]
    figures = {"own": model.own, "within": model.fit.within_r2, "hold": listed(params.hold)}
    verdict = "foretells" if model.held_out > model.alone else "no_better"
    yield Message(f"segment_drivers.{verdict}_{name}", figures)
    if model.clusters is not None:
        known = {"column": summary["cluster"], "clusters": model.clusters}
        yield Message("segment_drivers.clustered", known)
        if model.clusters < CLUSTERS:
            yield Message("segment_drivers.few_clusters", known | {"needed": CLUSTERS})
    elsewhere = (pl.col("held_low") > pl.col("pooled_high")) | (pl.col("held_high") < pl.col("pooled_low"))
    moved = coefficients.filter(elsewhere)["term"].to_list()
    if moved:
        yield Message("segment_drivers.moved", {"terms": listed(moved), "hold": listed(params.hold)})


def _about(left_out: pl.DataFrame, summary: Mapping[str, Any]) -> Iterator[Message]:
    if summary["rows_without_measure"]:
        yield Message(
            "segment_drivers.without", {"rows": summary["rows_without_measure"], "measure": summary["measure"]}
        )
    for reason in left_out["reason"].unique().sort():
        columns = left_out.filter(reason=reason)["column"].to_list()
        why = text(f"segment_drivers.reason.{reason}")
        yield Message("segment_drivers.left_out", {"columns": listed(columns), "n": len(columns), "why": why})
