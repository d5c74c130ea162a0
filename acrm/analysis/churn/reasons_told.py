"""Reasons that customers gave for leaving, as kinds that can be counted: to a rival, for the price, moved away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from acrm.analysis.churn.stays import YEAR

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.churn.stays import Stays
    from acrm.models.histories import FloatArray

KINDS = {
    "rival": r"competit|rival|switch(ed|ing)? (to|provider)|other (provider|supplier|bank|operator)|better (offer|deal)"
    r"|конкур|друг(ой|ому|ого) (оператор|банк|поставщик|провайдер|магазин)|перешел к|перешёл к|перешла к",
    "price": r"price|pricing|cost|expensive|too dear|\bdear\b|charges?\b|fees?\b|tariff|afford"
    r"|цен[аыуеой]|дорог|тариф|стоимост",
    "moved": r"moved|moving|relocat|переезд|переехал|сменил[аи]? адрес",
    "service": r"service|support|quality|complain|attitude|delivery|dissatisf"
    r"|обслуж|качеств|поддержк|жалоб|доставк|недовол",
    "payment": r"non-?pay|unpaid|payment|arrears|debt|card (expired|declined)|неуплат|неоплат|долг|задолжен|просроч",
    "deceased": r"deceas|death|died|умер|смерть|скончал",
}
"""By kind, what its reasons have in them; the first that fits counts."""
OTHER, UNKNOWN = "other", "unknown"
_FEWEST = 10
"""Customers with one and the same reason that makes a kind of its own."""


def kind_of(reasons: pl.Series) -> pl.Series:
    """The kind of each reason: one of `KINDS`, else the reason itself where enough customers told it, else `other`.

    >>> import polars as pl
    >>> kind_of(pl.Series(["Competitor had better devices", "переехал", "too dear", "?", None])).to_list()
    ['rival', 'moved', 'price', 'other', 'unknown']
    """
    import polars as pl

    folded = reasons.cast(pl.String).str.strip_chars().str.to_lowercase().alias("reason")
    many = folded.value_counts().filter(pl.col("count") >= _FEWEST)["reason"].drop_nulls()
    told = pl.col("reason")
    kind: Any = pl.when(told.is_null() | (told == "")).then(pl.lit(UNKNOWN))
    for name, pattern in KINDS.items():
        kind = kind.when(told.str.contains(pattern)).then(pl.lit(name))
    found = kind.when(told.is_in(many.implode())).then(told).otherwise(pl.lit(OTHER))
    return folded.to_frame().select(found.alias("kind"))["kind"]


def reasons(stays: Stays, interval: float) -> pl.DataFrame:
    """For what reason customers leave, by group; no row where no reason is told."""
    import numpy as np
    import polars as pl

    from acrm.models.competing_risks import cumulative_incidence

    share = ("share", "within_year", "low", "high", "next_year")
    schema: dict[str, Any] = {"group": pl.String, "reason": pl.String, "customers": pl.Int64}
    schema |= dict.fromkeys(share, pl.Float64)
    rows: list[dict[str, Any]] = []
    told = stays.rows.filter("left")["reason"]
    if told.null_count() < told.len():
        kinds = kind_of(told)
        names = kinds.unique().sort().to_list()
        place_of = dict(zip(names, range(len(names)), strict=True))
        every = kind_of(stays.rows["reason"]).replace_strict(place_of, default=-1, return_dtype=pl.Int64)
        coded = stays.rows.with_columns(cause=pl.when("left").then(every).otherwise(-1))
        for group in stays.groups:
            members = coded.filter(pl.col("group") == group.name)
            time, of = members["time"].to_numpy(), members["cause"].to_numpy()
            found = cumulative_incidence(time, of, len(names), interval)
            ahead = YEAR // group.months
            place = int(np.searchsorted(found.time, ahead, side="right")) - 1
            age = members.filter("here")["time"].to_numpy()
            left = int((of >= 0).sum())
            for which, name in enumerate(names):
                count = int((of == which).sum())
                rows.append(
                    {
                        "group": group.name,
                        "reason": name,
                        "customers": count,
                        "share": count / left if left else None,
                        "within_year": float(found.share[which, place]) if place >= 0 else 0.0,
                        "low": float(found.low[which, place]) if place >= 0 else None,
                        "high": float(found.high[which, place]) if place >= 0 else None,
                        "next_year": _next(found.time, found.share[which], found.survival, age, ahead),
                    }
                )
    table = pl.DataFrame(rows, schema=schema).filter(pl.col("customers") > 0)
    return table.sort("group", "customers", "reason", descending=[False, True, False])


def _next(time: FloatArray, share: FloatArray, survival: FloatArray, age: FloatArray, ahead: int) -> float | None:
    """Of those there now, the share who leave for a cause within `ahead`; None where too few were seen so long."""
    import numpy as np

    known = age[age + ahead <= time[-1]]
    if known.size < 0.5 * age.size or not known.size:
        return None
    steps, there = np.append(0.0, share), np.append(1.0, survival)
    now, then = (np.searchsorted(time, at, side="right") for at in (known, known + ahead))
    alive = there[now] > 0
    return float(((steps[then] - steps[now])[alive] / there[now][alive]).mean()) if alive.any() else None
