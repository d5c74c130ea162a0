"""Payments that several files tell: a bank statement and an accounting system, statements of days that overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

_KNOWN = ("party", "order_id", "deal_id", "purpose")


def told_again(payments: pl.DataFrame, parties: pl.Series) -> pl.DataFrame:
    """Payments with `told_by`: the `at` of the same payment in another file, null for those that count.

    A payment is the same in another file if day, amount and currency are, and the text of its purpose with a number in
    it; or the payer, and the purpose or nothing as the purpose. As often as one file tells it, it was paid: rows of one
    file are never the same payment. The one that counts takes what the others know beside: payer, ids, purpose.

    Args:
        payments: `at`, `file`, `on`, `amount`, `currency`, `party`, `order_id`, `deal_id`, `purpose`, in a fixed order.
        parties: Those who have documents; a payment told by one of them is the one that counts.
    """
    import polars as pl

    said = pl.col("purpose").str.to_lowercase().str.replace_all("ё", "е").str.replace_all(r"[^\pL\d]+", "")
    by_party = pl.concat_str(pl.lit("by "), "party", pl.lit(" "), said.fill_null(""))
    sign = pl.when(said.str.contains(r"\d")).then(said).otherwise(by_party)
    rank = (
        (~pl.col("party").is_in(parties.implode())).fill_null(True),
        pl.coalesce("order_id", "deal_id").is_null(),
        pl.col("purpose").is_null(),
        "at",
    )
    key = ["on", "amount", "currency"]
    signed = payments.with_columns(sign=sign).sort(rank)
    one = _one_of(signed, [*key, "sign"])
    # Without a purpose, the payer and the day say which payment it is.
    silent = signed.with_columns(one=one, bare=pl.col("purpose").is_null()).filter(pl.col("at") == pl.col("one"))
    silent = silent.drop_nulls("party").with_columns(nth=pl.int_range(pl.len()).over(*key, "party", "bare", "file"))
    pairs = silent.filter("bare").join(
        silent.filter(~pl.col("bare")), on=[*key, "party", "nth"], suffix="_of", nulls_equal=True
    )
    pairs = pairs.filter((pl.col("file") != pl.col("file_of")) & _agree("order_id") & _agree("deal_id"))
    told = pairs.group_by("at").agg(pl.col("at_of").min())
    made = signed.with_columns(one=one).join(told, left_on="one", right_on="at", how="left")
    made = made.with_columns(one=pl.coalesce("at_of", "one")).sort(rank)
    known = [pl.col(name).drop_nulls().first().over("one").alias(name) for name in _KNOWN]
    return (
        made.with_columns(pl.coalesce(name, whole) for name, whole in zip(_KNOWN, known, strict=True))
        .with_columns(told_by=pl.when(pl.col("one") != pl.col("at")).then("one"))
        .select(*payments.columns, "told_by")
        .sort("at")
    )


def _one_of(signed: pl.DataFrame, key: list[str]) -> pl.Series:
    """For every payment, the first of those that are the same: the n-th of each file are, unless their ids differ."""
    import polars as pl

    nth = signed.with_columns(nth=pl.int_range(pl.len()).over(*key, "file"))
    same = [*key, "nth"]
    ids = [pl.col(name).drop_nulls().n_unique().over(same) for name in ("order_id", "deal_id")]
    alone = pl.col("sign").is_null() | pl.any_horizontal(count > 1 for count in ids)
    return nth.select(pl.when(alone).then("at").otherwise(pl.col("at").first().over(same))).to_series()


def _agree(name: str) -> pl.Expr:
    import polars as pl

    return pl.col(name).is_null() | pl.col(f"{name}_of").is_null() | (pl.col(name) == pl.col(f"{name}_of"))
