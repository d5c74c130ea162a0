"""Reasons that customers gave for leaving, as kinds that can be counted: to a rival, for the price, moved away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import polars as pl

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
