"""The tables of a net present value: by convention, by horizon, by input, and year by year."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, get_args

from acrm.analysis.clv.terms import Terms

if TYPE_CHECKING:
    import polars as pl

YEARS = 10
"""Rows of what is printed year by year where there is no horizon."""


def forms(whole: Terms) -> pl.DataFrame:
    """The value by every convention: that of the two classic forms, and two other ways to book the payments."""
    import polars as pl

    from acrm.models.npv import Convention

    rows = []
    for convention in sorted(get_args(Convention), key=["existing", "prospect", "period-end", "mid-period"].index):
        annuity = whole.annuity(convention)
        low, high = whole.limits(convention) or (None, None)
        cost = 0.0 if convention == "existing" else whole.cost
        endless = replace(annuity, periods=None).value
        rows.append((convention, finite(annuity.value), low, high, finite(endless), cost, finite(annuity.npv)))
    names = ("value", "low", "high", "whole_value", "cost", "npv")
    schema = {"convention": pl.String, **dict.fromkeys(names, pl.Float64)}
    return pl.DataFrame(rows, schema=schema, orient="row")


def horizon(whole: Terms) -> pl.DataFrame:
    """What the first 1, 2, ... payments are worth, and how much of the value without horizon that is."""
    import polars as pl

    years = max(whole.years or YEARS, YEARS)
    new, existing = whole.new, whole.existing
    shares = new.shares(years) if math.isfinite(replace(new, periods=None).multiple) else [None] * years
    return pl.DataFrame(
        {
            "year": range(1, years + 1),
            "share": list(shares),
            "existing": existing.schedule(years).cumulative.tolist(),
            "new": new.schedule(years).cumulative.tolist(),
        },
        schema={"year": pl.Int64, **dict.fromkeys(("share", "existing", "new"), pl.Float64)},
    )


def sensitivity(whole: Terms) -> pl.DataFrame:
    """What a little more of each input is worth; of a cost that is not known, nothing is."""
    import polars as pl

    forms = {"existing": whole.existing, "new": whole.new}
    moved = {name: form.sensitivity() if math.isfinite(form.npv) else None for name, form in forms.items()}
    rows = []
    for change in ("retention", "margin", "acquisition_cost", "discount"):
        row: dict[str, Any] = {"change": change}
        for name, form in forms.items():
            told = change != "acquisition_cost" or (name == "new" and whole.cost is not None)
            added = getattr(moved[name], change, None) if told else None
            row[name] = None if added is None else finite(added)
            row[f"{name}_share"] = row[name] / form.npv if row[name] is not None and form.npv > 0 else None
        rows.append(row)
    names = ("existing", "existing_share", "new", "new_share")
    return pl.DataFrame(rows, schema={"change": pl.String, **dict.fromkeys(names, pl.Float64)})


def explained(terms: Terms, forms: Sequence[Literal["existing", "new"]]) -> pl.DataFrame:
    """The equation of the net present value year by year.

    Returns:
        By `of` (the label), `form` and `year` (of the payment): `time` in years from now, `survival`, `margin`,
        `factor`, `present` (survival x margin x factor), `cumulative`. Year 0 is the acquisition cost; without horizon
        the last row, with no year, is all later payments. `present` adds up to the value.
    """
    import polars as pl

    rows: list[dict[str, Any]] = []
    for form in forms:
        annuity = terms.existing if form == "existing" else terms.new
        if annuity.acquisition_cost:
            paid = -annuity.acquisition_cost
            rows.append({"form": form, "year": 0, "time": 0.0, "present": paid, "cumulative": paid})
        schedule = annuity.schedule(terms.years or YEARS)
        columns = ("time", "survival", "margin", "factor", "present", "cumulative")
        for number, year in enumerate(schedule.period):
            figures = {name: float(getattr(schedule, name)[number]) for name in columns}
            rows.append({"form": form, "year": int(year), **figures})
        if terms.years is None and math.isfinite(annuity.npv):
            later = annuity.npv - float(schedule.cumulative[-1])
            rows.append({"form": form, "year": None, "present": later, "cumulative": annuity.npv})
    numbers = ("time", "survival", "margin", "factor", "present", "cumulative")
    schema = {"form": pl.String, "year": pl.Int64, **dict.fromkeys(numbers, pl.Float64)}
    return pl.DataFrame(rows, schema=schema).with_columns(pl.lit(terms.label).alias("of")).select("of", *schema)


def finite(value: float) -> float | None:
    """The number, or None for one that has no end."""
    return value if math.isfinite(value) else None
