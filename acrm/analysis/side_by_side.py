"""What every source says, side by side: how many records, customers and how much money; and why they differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from acrm.analysis.ledger import DEPARTMENTS
from acrm.analysis.matching import money
from acrm.lineage import SHEET

if TYPE_CHECKING:
    import polars as pl

    from acrm.analysis.reconcile import Told

_NUMBERS = r"\d+(?:[._-]\d+)*"
"""What tells files of one series apart: `orders_2026-01.csv`, `orders_2026-02.csv`."""
MOST = 12
"""So many sources are compared with each other, those with the most customers."""
NAMESAKES = 5
"""Customers of one name that may still be one customer told several times."""
_MENTIONS = ("email_key", "phone_e164", "tax_id", "full_name")


def retold(entries: pl.DataFrame, told: Told) -> pl.DataFrame:
    """Orders and deals of each file that stand in a file told later, which counts: `file`, `kind`, `again`."""
    import polars as pl

    book = pl.col("file").str.replace(SHEET, "")
    kept = entries.group_by(kind="kind", book=book).agg(pl.len().cast(pl.Int64), sheet=pl.col("file").min())
    read = told.files.unpivot(["order", "deal"], index="file", variable_name="kind", value_name="told")
    known = read.join(kept, left_on=["file", "kind"], right_on=["book", "kind"], how="left")
    again = pl.col("told") - pl.col("len").fill_null(0)
    return known.select(pl.coalesce("sheet", "file").alias("file"), "kind", again=again).filter(pl.col("again") > 0)


def sources(entries: pl.DataFrame, told: Told, again: pl.DataFrame, files: pl.DataFrame) -> pl.DataFrame:
    """One row per source and kind of record; files whose names differ in numbers alone are one source.

    Args:
        entries: What counts once.
        told: What is known of the sources.
        again: As `retold` gives it.
        files: As `series` gives it.

    Returns:
        `source`, `kind` (order, deal, payment; customer where a source only names customers), `system`, `files`,
        `rows` and `rejected` of the files, `records`, those told `again` by a later file, `counted` (due, or payments,
        and not told again), `customers`, `amount` of what counts, `first`, `last` day.
    """
    import polars as pl

    named = _mentions(told)
    kinds = pl.concat([entries.select("file", "kind"), again.select("file", "kind")]).unique()
    only = named.filter(~pl.col("file").is_in(kinds["file"].implode()))
    extra = only.select("file", pl.lit("customer").alias("kind"), "ref", "party").unique()
    counts = pl.col("kind").eq("payment") | pl.col("standing").eq("due").fill_null(False)
    records = (
        entries.join(files, on="file")
        .group_by("source", "kind")
        .agg(
            pl.len().cast(pl.Int64).alias("records"),
            counts.sum().cast(pl.Int64).alias("counted"),
            pl.col("amount").filter(counts).sum().alias("amount"),
            pl.col("on").min().alias("first"),
            pl.col("on").max().alias("last"),
        )
    )
    people = pl.concat(
        [
            entries.select("file", "kind", "party"),
            named.join(kinds, on="file").select("file", "kind", "party"),
            extra.select("file", "kind", "party"),
        ]
    )
    customers = people.join(files, on="file").drop_nulls("party").group_by("source", "kind")
    persons = customers.agg(pl.col("party").n_unique().cast(pl.Int64).alias("customers"))
    listed = extra.join(files, on="file").group_by("source", "kind")
    whole = pl.concat([records, listed.agg(records=pl.col("ref").n_unique().cast(pl.Int64))], how="diagonal")
    over = again.join(files, on="file").group_by("source", "kind").agg(pl.col("again").sum())
    read = (
        pl.concat([kinds, extra.select("file", "kind").unique()])
        .join(files, on="file")
        .join(_rows(files, told), on="file", how="left")
        .group_by("source", "kind")
        .agg(
            pl.col("system").drop_nulls().min(),
            pl.len().cast(pl.Int64).alias("files"),
            pl.when(pl.col("rows").null_count() == 0).then(pl.col("rows").sum()).alias("rows"),
            pl.col("rejected").sum(),
        )
    )
    order = pl.col("kind").replace_strict({"customer": 0, "deal": 1, "order": 2, "payment": 3}, return_dtype=pl.Int8)
    return (
        read.join(whole, on=["source", "kind"], how="left")
        .join(persons, on=["source", "kind"], how="left")
        .join(over, on=["source", "kind"], how="left")
        .with_columns(pl.col("customers", "counted", "records", "again").fill_null(0))
        .with_columns(records=pl.col("records") + pl.col("again"))
        .select(
            "source",
            "kind",
            "system",
            "files",
            "rows",
            "rejected",
            "records",
            "again",
            "counted",
            "customers",
            "amount",
            "first",
            "last",
        )
        .sort(order, "source")
    )


def series(entries: pl.DataFrame, told: Told, again: pl.DataFrame) -> pl.DataFrame:
    """`file`, `source`: files of one series share kinds of records, and the name with its numbers taken out."""
    import polars as pl

    stem = pl.col("file").str.replace_all(_NUMBERS, "*")
    names = _mentions(told).select("file", kind=pl.lit(None, pl.String))
    kinds = pl.concat([entries.select("file", "kind"), again.select("file", "kind"), names]).drop_nulls("file").unique()
    files = kinds.group_by("file").agg(pl.col("kind").drop_nulls().sort().str.join(" ")).with_columns(stem=stem)
    several = pl.len().over("stem", "kind") > 1
    # Two series of one name are told apart by their files.
    plain = pl.col("kind").n_unique().over("stem") == 1
    return files.select("file", source=pl.when(several & plain).then("stem").otherwise("file")).sort("file")


def _rows(files: pl.DataFrame, told: Told) -> pl.DataFrame:
    """`file`, `rows`, `rejected`, `system`: rows are those of a file, unknown for each of several sheets."""
    import polars as pl

    rejected = told.rejects.group_by("file").agg(pl.len().cast(pl.Int64).alias("rejected"))
    sheets = files.select(sheet="file", file=pl.col("file").str.replace(SHEET, ""))
    whole = told.files.select("file", "system", "rows")
    parts = sheets.filter(pl.col("sheet") != pl.col("file")).join(whole, on="file")
    parts = parts.select(file="sheet", system="system", rows=pl.lit(None, pl.Int64))
    return (
        pl.concat([whole, parts])
        .join(rejected, on="file", how="left")
        .with_columns(pl.col("rejected").fill_null(0), system=pl.when(pl.col("system") != "").then("system"))
    )


def _mentions(told: Told) -> pl.DataFrame:
    """Who is named in which file: `file`, `ref`, `party`, `at` (when last), and the folded traits there are."""
    import polars as pl

    if told.identities is None:
        return pl.DataFrame(schema=dict.fromkeys(("file", "ref", "customer_id", "party"), pl.String()))
    known = told.identities.rename({"_source_file": "file"})
    if told.parties is None:
        return known.with_columns(party="customer_id")
    companies = told.parties.drop_nulls().unique("customer_id", keep="first")
    joined = known.join(companies, on="customer_id", how="left")
    return joined.with_columns(party=pl.coalesce("company_id", "customer_id")).drop("company_id")


def totals(entries: pl.DataFrame, files: pl.DataFrame) -> pl.DataFrame:
    """Records, customers and money by source, kind, month and department; the department `all` is everything.

    Departments are the values of pipeline, owner, unit and channel, each a cut of its own: cuts are not to be added up.
    """
    import polars as pl

    counts = pl.col("kind").eq("payment") | pl.col("standing").eq("due").fill_null(False)
    dated = entries.join(files, on="file").with_columns(
        month=pl.col("on").dt.truncate("1mo"), counted=counts, money=pl.when(counts).then("amount")
    )
    cuts = [("all", pl.lit("all"))] + [(name, pl.col(name)) for name in DEPARTMENTS]
    frames = [
        dated.with_columns(department=pl.lit(name), value=value)
        .drop_nulls("value")
        .group_by("source", "kind", "department", "value", "month", "currency")
        .agg(
            pl.len().cast(pl.Int64).alias("records"),
            pl.col("counted").sum().cast(pl.Int64),
            pl.col("party").drop_nulls().n_unique().cast(pl.Int64).alias("customers"),
            pl.col("money").sum().alias("amount"),
        )
        for name, value in cuts
    ]
    key = ("month", "kind", "source", "department", "value", "currency")
    return pl.concat(frames).select(*key, "records", "counted", "customers", "amount").sort(key, nulls_last=True)


def rejected_cells(rejects: pl.DataFrame) -> pl.DataFrame:
    """Cells of rejected rows, folded, to find in them what is missed elsewhere: `file`, `rule`, `cell`."""
    import polars as pl

    cells = rejects.select("file", "rule", cell=pl.col("raw").str.to_lowercase().str.split_exact("\0", 0).struct[0])
    parts = [cells.with_columns(pl.col("cell").str.split(mark)).explode("cell") for mark in (",", ";", "\t", "|")]
    whole = pl.concat(parts).with_columns(pl.col("cell").str.strip_chars(" \"'"))
    return whole.filter(pl.col("cell").str.len_chars() > 1).unique().sort("file", "rule", "cell")


def differences(
    entries: pl.DataFrame,
    documents: pl.DataFrame,
    payments: pl.DataFrame,
    told: Told,
    ranked: pl.DataFrame,
    files: pl.DataFrame,
) -> pl.DataFrame:
    """What one source has and another has not, with the reason found.

    Returns:
        Sorted by the first four: `level` (customer, document, payment), `missing_from` (a source, or payments, orders,
        documents), `reason`, `entity` (customer, document or payment id), `found_in`, `detail`, `amount`, `currency`,
        `on`. Reasons: docs/methods/reconcile.md.
    """
    import polars as pl

    frames = [_customers(entries, told, ranked, files), _documents(documents), _unsold(documents), _loose(payments)]
    columns = ("level", "missing_from", "reason", "entity", "found_in", "detail", "amount", "currency", "on")
    return pl.concat(frame.select(columns) for frame in frames).sort(*columns, nulls_last=True)


def _customers(entries: pl.DataFrame, told: Told, ranked: pl.DataFrame, files: pl.DataFrame) -> pl.DataFrame:
    """Customers (companies, where known) that a source names and another does not."""
    import polars as pl

    named = _mentions(told)
    present = pl.concat([entries.select("file", "party"), named.select("file", "party")]).drop_nulls("party")
    present = present.join(files, on="file").select("source", "party").unique()
    sizes = present.group_by("source").len().sort("len", "source", descending=[True, False]).head(MOST)
    present = present.join(sizes, on="source", how="semi")
    where = present.group_by("party").agg(pl.col("source").sort().str.join("; ").alias("found_in"))
    missing = where.join(sizes.select(missing_from="source"), how="cross").join(
        present, left_on=["party", "missing_from"], right_on=["party", "source"], how="anti"
    )
    missing = missing.join(_records_of(entries), on="party", how="left")
    missing = missing.join(_rejected(named, told, files), on=["party", "missing_from"], how="left")
    missing = missing.join(_alike(named, present), on=["party", "missing_from"], how="left")
    span = ranked.group_by(missing_from="source").agg(
        pl.col("first").min().alias("from"), pl.col("last").max().alias("to"), pl.col("kind").min().alias("is")
    )
    sells = pl.col("is").is_in(["order", "payment"])
    other_time = (pl.col("since") > pl.col("to")) | (pl.col("until") < pl.col("from"))
    reasons = [
        ("rejected_row", pl.col("rule").is_not_null(), pl.col("rule")),
        ("duplicate", pl.col("twin").is_not_null(), pl.col("twin")),
        ("test_row", pl.col("standings") == "test", pl.lit(None, pl.String)),
        ("cancelled", sells & (pl.col("standings") == "cancelled"), pl.lit(None, pl.String)),
        ("other_status", sells & ~pl.col("standings").str.contains("due"), pl.col("standings")),
        ("other_period", other_time, pl.format("{} - {}", pl.col("since"), pl.col("until"))),
    ]
    return (
        missing.join(span, on="missing_from", how="left")
        .with_columns(
            reason=pl.coalesce(
                *(pl.when(test.fill_null(False)).then(pl.lit(name)) for name, test, _ in reasons), pl.lit("absent")
            ),
            detail=pl.coalesce(*(pl.when(test.fill_null(False)).then(said) for _, test, said in reasons)),
        )
        .with_columns(level=pl.lit("customer"), entity="party", on="since")
    )


def _records_of(entries: pl.DataFrame) -> pl.DataFrame:
    """What is known of each customer's records: statuses, days, the money of the documents that count."""
    import polars as pl

    money = pl.col("amount").filter(pl.col("standing") == "due").sum()
    return (
        entries.drop_nulls("party")
        .group_by("party")
        .agg(
            pl.col("standing").drop_nulls().unique().sort().str.join(", ").alias("standings"),
            pl.col("on").min().alias("since"),
            pl.col("on").max().alias("until"),
            money.alias("amount"),
            pl.col("currency").drop_nulls().min(),
        )
        .with_columns(standings=pl.when(pl.col("standings") != "").then("standings"))
    )


def _rejected(named: pl.DataFrame, told: Told, files: pl.DataFrame) -> pl.DataFrame:
    """Customers that a rejected row of a source names, by one of their ids, e-mails, phones or names."""
    import polars as pl

    ids = pl.col("ref").str.replace(r"^(id:[^:]*|\w+):", "")
    keys = [named.select("party", key=ids)]
    keys += [named.select("party", key=pl.col(name)) for name in _MENTIONS if name in named.columns]
    known = pl.concat(keys).drop_nulls().with_columns(pl.col("key").str.to_lowercase()).unique()
    cells = rejected_cells(told.rejects).join(files, on="file", how="left")
    cells = cells.with_columns(missing_from=pl.coalesce("source", "file"))
    return known.join(cells, left_on="key", right_on="cell").group_by("party", "missing_from").agg(pl.col("rule").min())


def _alike(named: pl.DataFrame, present: pl.DataFrame) -> pl.DataFrame:
    """Customers of whose name a source knows another customer: perhaps the same one, told twice."""
    import polars as pl

    if "full_name" not in named.columns:
        return pl.DataFrame(schema=dict.fromkeys(("party", "missing_from", "twin"), pl.String()))
    words = pl.col("full_name").str.to_lowercase().str.extract_all(r"[\p{L}\p{N}]+").list.sort().list.join(" ")
    spelled = named.select("party", words=words).drop_nulls().unique()
    # A single word is too little to take two customers for one, and so is a name that many have.
    spelled = spelled.filter(pl.col("words").str.contains(" ") & (pl.len().over("words") <= NAMESAKES))
    pairs = spelled.join(spelled.rename({"party": "twin"}), on="words").filter(pl.col("party") != pl.col("twin"))
    found = pairs.join(present.rename({"party": "twin", "source": "missing_from"}), on="twin")
    return found.group_by("party", "missing_from").agg(pl.col("twin").min())


def _documents(documents: pl.DataFrame) -> pl.DataFrame:
    """Documents that payments do not bear out."""
    import polars as pl

    reason = (
        pl.when(pl.col("state") == "unpaid")
        .then(pl.lit("absent"))
        .when(pl.col("state").is_in(["partly", "overpaid"]))
        .then(pl.lit("other_amount"))
        .when(pl.col("state").is_in(["open", "cancelled", "test"]) & (pl.col("paid") != 0))
        .then(pl.col("state").replace({"open": "other_status", "test": "test_row"}))
    )
    balance = money("balance")
    return (
        documents.with_columns(reason=reason)
        .drop_nulls("reason")
        .select(
            "reason",
            "currency",
            "on",
            level=pl.lit("document"),
            missing_from=pl.lit("payments"),
            entity="id_of",
            found_in="file",
            detail="state",
            amount=balance,
        )
    )


def _unsold(documents: pl.DataFrame) -> pl.DataFrame:
    """Won deals that no order tells of, where there are orders."""
    import polars as pl

    orders = documents.filter(kind="order")
    deals = documents.filter(kind="deal", standing="due") if orders.height else documents.clear()
    by_id = orders.select(same=pl.col("id"), how="standing")
    others = (
        orders.drop_nulls("party")
        .group_by("party")
        .agg(pl.col("amount").is_not_null().any().alias("buys"), pl.col("standing").eq("cancelled").all().alias("gone"))
    )
    joined = deals.join(others, on="party", how="left").join(by_id, left_on="id", right_on="same", how="left")
    reason = (
        pl.when((pl.col("how") == "cancelled") | pl.col("gone"))
        .then(pl.lit("cancelled"))
        .when(pl.col("how") == "test")
        .then(pl.lit("test_row"))
        .when(pl.col("buys"))
        .then(pl.lit("other_amount"))
        .otherwise(pl.lit("absent"))
    )
    return joined.select(
        "amount",
        "currency",
        "on",
        level=pl.lit("document"),
        missing_from=pl.lit("orders"),
        reason=reason,
        entity="id_of",
        found_in="file",
        detail=pl.lit(None, pl.String),
    )


def _loose(payments: pl.DataFrame) -> pl.DataFrame:
    """Payments, or parts of them, that no document accounts for."""
    import polars as pl

    amount = money("unmatched")
    return payments.drop_nulls("reason").select(
        "reason",
        "currency",
        "on",
        level=pl.lit("payment"),
        missing_from=pl.lit("documents"),
        entity="id",
        found_in="file",
        detail=pl.coalesce("rejected", "order_id", "deal_id", "purpose"),
        amount=amount,
    )
