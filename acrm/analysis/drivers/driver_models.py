"""The regressions behind drivers: fitted, held against the mean on rows not seen, and laid out as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from acrm.analysis.drivers.design import Term
from acrm.messages import text

if TYPE_CHECKING:
    import polars as pl

    from acrm.models.linear import LinearFit

FOLDS = 5
"""Parts of the rows, each foretold from the others."""
CHECKED = 100_000
"""Rows that are foretold, drawn from more."""
_FIT = {
    "model": str,
    **dict.fromkeys(("rows", "coefficients", "parameters"), int),
    **dict.fromkeys(("r2", "adjusted_r2", "within_r2", "held_out_r2", "held_out_alone", "held_out_worst"), float),
    "errors": str,
    "clusters": int,
}


@dataclass(frozen=True, kw_only=True, eq=False)
class Model:
    """A regression made, with its q values and how well it foretells rows not seen.

    The mean has 0, and the means of the groups held have `alone`.
    """

    fit: LinearFit
    q: Any
    rows: int
    clusters: int | None
    held_out: float
    alone: float
    worst: float

    @property
    def own(self) -> float:
        """What the drivers explain, on rows not seen, of what the means leave."""
        return 1 - (1 - self.held_out) / (1 - self.alone)


@dataclass(frozen=True, kw_only=True, eq=False)
class Setting:
    """What the models of one run share: the rows in a canonical order, the outcome and the terms as arrays."""

    table: pl.DataFrame
    outcome: Any
    terms: Sequence[Term]
    cluster: str | None
    seed: int


def levels_of(table: pl.DataFrame, names: Sequence[str]) -> Any:
    """For every row the number of its combination of levels; unknown is a level."""
    import numpy as np
    import polars as pl

    cells = pl.struct(pl.col(name).cast(pl.String).fill_null("\x00") for name in names)
    return table.select(cells.rank("dense")).to_series().to_numpy().astype(np.intp) - 1


def make(setting: Setting, columns: Any, hold: Sequence[Sequence[str]]) -> Model:
    """Fit the outcome on `columns`, shape (rows, k), with the effects of each of `hold` absorbed."""
    import numpy as np

    from acrm.models.linear import fit_linear, held_out_r2
    from acrm.models.rule_tests import benjamini_hochberg

    held = [levels_of(setting.table, names) for names in hold]
    clusters = None if setting.cluster is None else levels_of(setting.table, [setting.cluster])
    fit = fit_linear(setting.outcome, columns, held=held, clusters=clusters)
    q = np.full(len(fit.p), np.nan)
    tested = np.isfinite(fit.p)
    q[tested] = benjamini_hochberg(fit.p[tested])
    # Rows that belong together are foretold together, unless what they have in common is what is held.
    units = np.arange(len(columns))
    if clusters is not None and clusters.max() >= FOLDS and [setting.cluster] not in [list(names) for names in hold]:
        units = clusters
    folds = (np.random.default_rng(setting.seed).permutation(int(units.max()) + 1) % FOLDS)[units]
    some = np.arange(len(columns))
    if len(some) > CHECKED:
        some = np.sort(np.random.default_rng(setting.seed).choice(len(some), CHECKED, replace=False))
    parts = np.unique(folds[some], return_inverse=True)[1]
    groups = [np.unique(levels[some], return_inverse=True)[1] for levels in held]
    held_out, by_fold = held_out_r2(setting.outcome[some], columns[some], parts, held=groups)
    alone = held_out_r2(setting.outcome[some], columns[some, :0], parts, held=groups)[0] if held else 0.0
    count = None if clusters is None else int(clusters.max()) + 1
    return Model(
        fit=fit, q=q, rows=len(columns), clusters=count, held_out=held_out, alone=alone, worst=float(by_fold.min())
    )


def matrix(terms: Sequence[Term]) -> Any:
    """The terms side by side, shape (rows, k)."""
    import numpy as np

    return np.column_stack([term.values for term in terms])


def fit_table(models: Mapping[str, Model]) -> pl.DataFrame:
    """The table `fit` of `drivers`."""
    import polars as pl

    rows = []
    for name, model in models.items():
        fit = model.fit
        slopes = len(fit.coefficients) - len(fit.collinear)
        explained = [fit.r2, fit.adjusted_r2, fit.within_r2, model.held_out, model.alone, model.worst]
        rows.append([name, model.rows, slopes, fit.parameters, *explained, fit.errors, model.clusters])
    return pl.DataFrame(rows, schema=_FIT, orient="row")


def coefficient_table(setting: Setting, models: Mapping[str, Model]) -> pl.DataFrame:
    """The table `coefficients` of `drivers`."""
    import numpy as np
    import polars as pl

    terms = setting.terms if models else ()
    columns: dict[str, Any] = {
        name: pl.Series([getattr(term, name) for term in terms], dtype=pl.String)
        for name in ("name", "factor", "kind", "level", "base")
    }
    columns["rows"] = pl.Series([_rows(setting.table, term) for term in terms], dtype=pl.Int64)
    strength = np.full(len(terms), np.nan)
    for name in ("pooled", "held"):
        model = models.get(name)
        for end in ("", "_low", "_high", "_p", "_q"):
            columns[name + end] = pl.Series([None] * len(terms), dtype=pl.Float64)
        if model is not None:
            fit = model.fit
            found = {"": fit.coefficients, "_low": fit.low, "_high": fit.high, "_p": fit.p, "_q": model.q}
            columns |= {name + end: pl.Series(values) for end, values in found.items()}
            spread = np.array([term.values.std() for term in terms])
            strength = fit.coefficients * spread / setting.outcome.std()
    columns["strength"] = pl.Series(strength, dtype=pl.Float64)
    table = pl.DataFrame(columns).rename({"name": "term"}).fill_nan(None)
    return table.sort(-pl.col("strength").abs().round(9), "term", nulls_last=True)


def each(setting: Setting, names: Sequence[str]) -> tuple[Model, pl.DataFrame] | None:
    """A model in which every combination of levels has a mean and numbers with coefficients of its own.

    Terms that are no numbers have one coefficient over all combinations; without a number among the terms they have
    their own, too. None without any term.
    """
    import numpy as np
    import polars as pl

    terms = [term for term in setting.terms if term.factor not in names]
    own = [term for term in terms if term.kind in ("number", "log")] or terms
    if not own:
        return None
    cells = levels_of(setting.table, names)
    several = [term.values * (cells == cell) for term in own for cell in range(int(cells.max()) + 1)]
    common = [term.values for term in terms if term not in own]
    model = make(setting, np.column_stack(several + common), [names])
    labels = (
        setting.table.select(
            pl.col(name).cast(pl.String).str.strip_suffix(".0").fill_null(text("segment_drivers.unknown"))
            for name in names
        )
        .with_columns(cell=cells)
        .group_by("cell")
        .agg(pl.col(names).first(), pl.len().cast(pl.Int64).alias("rows"))
        .sort("cell")
        .drop("cell")
    )
    count, fit = labels.height, model.fit
    parts = []
    for place, term in enumerate(own):
        here = slice(place * count, (place + 1) * count)
        figures = {"value": fit.coefficients, "low": fit.low, "high": fit.high, "p": fit.p, "q": model.q}
        found = pl.DataFrame({name: values[here] for name, values in figures.items()}).fill_nan(None)
        parts.append(pl.concat([labels.with_columns(term=pl.lit(term.name)), found], how="horizontal"))
    columns = [*names, "term", "rows", "value", "low", "high", "p", "q"]
    # Numbers in their order, before words in theirs.
    order = [key for name in names for key in (pl.col(name).cast(pl.Float64, strict=False), pl.col(name))]
    return model, pl.concat(parts).select(columns).sort("term", *order, nulls_last=True)


def _rows(table: pl.DataFrame, term: Term) -> int:
    if term.kind in ("number", "log"):
        return int(table.height - table[term.factor].null_count())
    return int(term.values.sum())
