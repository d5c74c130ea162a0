"""Payments put to documents: by the number they name, by customer and amount, else to the oldest that is unpaid.

Amounts are whole ten-thousandths of the currency unit, so that every sum is exact. All functions are pure, and the
order of rows never matters: `at` of documents and payments is their place in a fixed order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from acrm.purposes import named

if TYPE_CHECKING:
    import polars as pl

ALLOCATED = "oldest"
"""The rule that only says that a payment lowers what its customer owes; all others say what it is for."""
UNIT = 10_000
DOCUMENT = ("at", "kind", "id", "number", "also", "party", "currency", "on", "due", "gross")
PAYMENT = ("at", "party", "currency", "on", "amount", "order_id", "deal_id", "purpose")
_MOST_PAIRS = 250_000
"""Equal amounts of one customer whose pairs are more than this are left to the allocation."""
_SHORT = r"^(?:[\p{L}\d]{0,4}-)?0*([1-9]\d*)$"
"""What `00УТ-000017` is called when it is printed: 17."""


def minor(name: str) -> pl.Expr:
    """An amount in whole ten-thousandths."""
    import polars as pl

    return (pl.col(name) * UNIT).cast(pl.Int64)


def money(name: str) -> pl.Expr:
    """Ten-thousandths as an amount.

    >>> import polars as pl
    >>> pl.DataFrame({"paid": [123450000000000001]}).select(money("paid")).item()
    Decimal('12345000000000.0001')
    """
    import polars as pl

    return (pl.col(name).cast(pl.Decimal(38, 4)) / UNIT).cast(pl.Decimal(38, 4)).alias(name)


def match(documents: pl.DataFrame, payments: pl.DataFrame, window: int) -> pl.DataFrame:
    """Put payments to documents; a payment may be allocated in parts, and is never spent twice.

    Rules, each on what the former left: the id a payment carries; the one document whose number its purpose names, if
    customer or amount agree; the document of the customer whose open amount (else its amount before refunds) is the
    payment's, nearest in time within the window, each used once; money given back, to the customer's document that is
    overpaid by as much, else to that of the customer's nearest earlier payment of that amount, which has no document
    where it was put to none; what a customer has left over, to that customer's oldest unpaid documents.

    Args:
        documents: `at`, `kind`, `id`, `number`, `also` (the id of the deal that an order was sold as), `party`,
            `currency`, `on`, `due`, `gross` Int64.
        payments: `at`, `party`, `currency`, `on`, `amount` Int64, `order_id`, `deal_id`, `purpose`.
        window: Days between document and payment up to which equal amounts belong together.

    Returns:
        `payment`, `document`, `amount`, `rule`, sorted by payment and document: parts of payments.
    """
    import polars as pl

    documents, payments = documents.select(DOCUMENT), payments.select(PAYMENT)
    parts = [pl.DataFrame(schema={"payment": pl.Int64, "document": pl.Int64, "amount": pl.Int64, "rule": pl.String})]

    def rest() -> pl.DataFrame:
        return payments.join(pl.concat(parts), left_on="at", right_on="payment", how="anti")

    def left(of: str) -> pl.DataFrame:
        paid = pl.concat(parts).group_by("document").agg(pl.col("amount").sum().alias("paid"))
        claims = documents.join(paid, left_on="at", right_on="document", how="left")
        return claims.with_columns(open=pl.col(of) - pl.col("paid").fill_null(0))

    parts.append(_by_id(documents, rest(), "order_id"))
    parts.append(_by_id(documents, rest(), "deal_id"))
    parts.append(_by_number(documents, rest()))
    parts.append(_by_amount(left("due"), rest(), window))
    refunded = left("gross").filter(pl.col("paid").is_null(), pl.col("gross") > pl.col("due"))
    parts.append(_by_amount(refunded, rest(), window))
    parts.append(_overpaid(left("due"), rest()))
    parts.append(_given_back(payments, rest(), pl.concat(parts)))
    parts.append(_returned(rest()))
    parts.append(_oldest(left("due"), rest()))
    return pl.concat(parts).sort("payment", "document")


def names(documents: pl.DataFrame) -> pl.DataFrame:
    """What documents may be called: `kind`, `called`, `document`; a name of several of one kind is none's."""
    import polars as pl

    kind, deal = pl.col("kind"), pl.lit("deal").alias("kind")
    called = pl.concat(
        documents.select(of, pl.col(name).str.to_lowercase().alias("called"), pl.col("at").alias("document"))
        for of, name in ((kind, "id"), (kind, "number"), (deal, "also"))
    )
    return called.drop_nulls("called").unique().filter(pl.len().over("kind", "called") == 1)


def _part(rule: str) -> list[pl.Expr]:
    import polars as pl

    return [pl.col("at").alias("payment"), pl.col("document"), pl.col("amount"), pl.lit(rule).alias("rule")]


def _by_id(documents: pl.DataFrame, payments: pl.DataFrame, rule: str) -> pl.DataFrame:
    import polars as pl

    called = names(documents).filter(kind=rule.removesuffix("_id")).select("called", "document")
    asked = payments.with_columns(called=pl.col(rule).str.to_lowercase()).drop_nulls("called")
    return _same_currency(asked.join(called, on="called"), documents).select(_part(rule))


def _same_currency(pairs: pl.DataFrame, documents: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    of = documents.select("due", "gross", document="at", theirs="party", money="currency")
    return pairs.join(of, on="document").filter(pl.col("money").eq_missing(pl.col("currency")))


def _by_number(documents: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    """Numbers in a text are a document's if they are nobody else's, and nothing contradicts: neither payer nor amount.

    Of several documents each is paid, if together they are what is paid.
    """
    import polars as pl

    said = _said(documents, named(payments).with_columns(pl.col("called").str.to_lowercase()))
    kinds = said.group_by("at", "document").agg(surely=(pl.col("kind") != "").any())
    pairs = _same_currency(kinds.join(payments, on="at"), documents).sort("at", "document")
    whole = (pl.len().over("at") > 1) & (pl.col("due").sum().over("at") == pl.col("amount"))
    several = pairs.filter(whole & (pl.col("due") > 0)).with_columns(amount="due")
    single = pairs.join(kinds.filter(pl.len().over("at") == 1), on="at", how="semi")
    # Where everybody pays the same price, an amount says nothing to who has a document of that amount.
    key = ["party", "currency", "amount"]
    own = documents.select(*key[:2], pl.col("due").alias("amount"), own=pl.lit(value=True)).unique()
    single = single.join(own, on=key, how="left", nulls_equal=True, maintain_order="left")
    exact = (pl.col("amount") == pl.col("due")) | (pl.col("amount") == pl.col("gross"))
    exact = exact & (pl.col("own").is_null() | pl.col("party").is_null())
    same = pl.col("party") == pl.col("theirs")
    # Who has no documents may be a customer under another name, or pay for one.
    stranger = pl.col("surely") & (pl.col("amount") > 0) & ~pl.col("party").is_in(documents["party"].implode())
    unknown = pl.col("party").is_null() | pl.col("theirs").is_null() | stranger
    fitting = pl.any_horizontal(exact, same, unknown & (pl.col("amount") <= pl.col("gross")))
    return pl.concat([several.select(_part("number")), single.filter(fitting.fill_null(False)).select(_part("number"))])


def _said(documents: pl.DataFrame, said: pl.DataFrame) -> pl.DataFrame:
    """What numbers stand for: `at`, `kind`, `document`; a number that is nobody's may be a document's short one."""
    import polars as pl

    found = []
    for short in (False, True):
        of = documents
        if short:
            of = of.with_columns(pl.col(name).str.extract(_SHORT) for name in ("id", "number", "also"))
            said = said.with_columns(pl.col("called").str.extract(_SHORT))
        called = names(of)
        both = pl.concat([called, called.with_columns(kind=pl.lit(""))])
        found.append(said.join(both, on=["kind", "called"]).select("at", "kind", "document"))
        said = said.join(both, on=["kind", "called"], how="anti")
    return pl.concat(found)


def _by_amount(documents: pl.DataFrame, payments: pl.DataFrame, window: int) -> pl.DataFrame:
    import polars as pl

    claims = documents.select("party", "currency", pl.col("open").alias("amount"), document="at", since="on")
    pairs, _ = _equal(payments.filter(pl.col("amount") > 0), claims)
    near = pairs.with_columns(days=pl.col("days").abs()).filter(pl.col("days") <= window)
    return nearest(near, "at", "document").select(_part("amount"))


def _equal(payments: pl.DataFrame, others: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Pairs of equal amounts of one customer with the `days` from `since` to `on`; where they are too many, one each.

    The second frame has, of customers with too many pairs, the first payment with the first of the others, and so on.
    """
    import polars as pl

    key = ["party", "currency", "amount"]
    paid, claims = payments.select(*key, "at", "on").drop_nulls("party"), others.drop_nulls("party")
    sizes = claims.group_by(key).len("n").join(paid.group_by(key).len("m"), on=key, nulls_equal=True)
    crowd = sizes.filter(pl.col("n").cast(pl.Int64) * pl.col("m").cast(pl.Int64) > _MOST_PAIRS).select(key)
    few = paid.join(crowd, on=key, how="anti", nulls_equal=True).join(claims, on=key, nulls_equal=True)
    lines = [
        frame.join(crowd, on=key, how="semi", nulls_equal=True)
        .sort(*order, nulls_last=True)
        .with_columns(nth=pl.int_range(pl.len()).over(key))
        for frame, order in ((paid, ("on", "at")), (claims, ("since", pl.exclude(*key, "since"))))
    ]
    one_each = lines[0].join(lines[1], on=[*key, "nth"], nulls_equal=True).drop("nth")
    days = (pl.col("on") - pl.col("since")).dt.total_days().alias("days")
    return few.with_columns(days), one_each.with_columns(days)


def nearest(pairs: pl.DataFrame, one: str, other: str) -> pl.DataFrame:
    """Pairs so chosen that each side is in one at most: the fewest `days` apart first, of equals the first of each.

    >>> import polars as pl
    >>> pairs = pl.DataFrame({"a": [0, 0, 1], "b": [5, 6, 5], "days": [2, 3, 1]})
    >>> nearest(pairs, "a", "b").select("a", "b").rows()
    [(0, 6), (1, 5)]
    """
    import polars as pl

    chosen = [pairs.clear()]
    rest = pairs.sort("days", one, other).with_row_index("rank")
    while rest.height:
        best = rest.filter(
            (pl.col("rank") == pl.col("rank").min().over(one)) & (pl.col("rank") == pl.col("rank").min().over(other))
        )
        chosen.append(best.drop("rank"))
        rest = rest.join(best, on=one, how="anti").join(best, on=other, how="anti")
    return pl.concat(chosen).sort(one, other)


def _overpaid(documents: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    """Money given back, to the customer's document that is overpaid by just as much."""
    import polars as pl

    over = documents.select("party", "currency", pl.col("open").alias("amount"), document="at", since="on")
    pairs = pl.concat(_equal(payments.filter(pl.col("amount") < 0), over))
    return nearest(pairs.with_columns(pl.col("days").abs()), "at", "document").select(_part("refund"))


def _given_back(payments: pl.DataFrame, rest: pl.DataFrame, parts: pl.DataFrame) -> pl.DataFrame:
    """Money given back, to the document that the customer's nearest earlier payment of that amount was for."""
    import polars as pl

    key = ["party", "currency", "amount"]
    came = payments.join(parts.select("document", at="payment"), on="at").select(
        *key, "document", came="at", since="on"
    )
    back = rest.filter(pl.col("amount") < 0).with_columns(amount=-pl.col("amount"))
    pairs = pl.concat(_equal(back, came)).filter(pl.col("days") >= 0)
    return nearest(pairs, "at", "came").with_columns(amount=-pl.col("amount")).select(_part("refund"))


def _returned(rest: pl.DataFrame) -> pl.DataFrame:
    """Money that came for no known document and was given back later: neither pays anything."""
    import polars as pl

    came = rest.filter(pl.col("amount") > 0).select("party", "currency", "amount", came="at", since="on")
    back = rest.filter(pl.col("amount") < 0).with_columns(amount=-pl.col("amount"))
    pairs = nearest(pl.concat(_equal(back, came)).filter(pl.col("days") >= 0), "at", "came")
    pairs = pairs.with_columns(document=pl.lit(None, pl.Int64))
    both = (pairs.with_columns(amount=-pl.col("amount")), pairs.with_columns(at="came"))
    return pl.concat(side.select(_part("returned")) for side in both)


def _oldest(documents: pl.DataFrame, payments: pl.DataFrame) -> pl.DataFrame:
    """Payments laid end to end over a customer's unpaid documents, oldest first: where they overlap, they are paid."""
    import polars as pl

    key = ["party", "currency"]
    debts = documents.filter(pl.col("open") > 0).select(*key, "at", "on", pl.col("open").alias("amount"))
    money = payments.filter(pl.col("amount") > 0).select(*key, "at", "on", "amount")
    ends = []
    for frame, other, name in ((debts, money, "document"), (money, debts, "payment")):
        known = frame.drop_nulls("party").join(other.select(key), on=key, how="semi", nulls_equal=True)
        laid = known.sort(*key, "on", "at", nulls_last=True).with_columns(end=pl.col("amount").cum_sum().over(key))
        ends.append(laid.select(*key, "end", pl.col("at").alias(name)))
    # Between two ends there is one document and one payment: those whose ends come next.
    whole = pl.concat(ends, how="diagonal").group_by(*key, "end").agg(pl.col("document", "payment").max())
    return (
        whole.sort(*key, "end", nulls_last=True)
        .with_columns(
            pl.col("document", "payment").backward_fill().over(key),
            amount=pl.col("end") - pl.col("end").shift(1, fill_value=0).over(key),
        )
        .drop_nulls(["document", "payment"])
        .select("payment", "document", "amount", pl.lit(ALLOCATED).alias("rule"))
    )
