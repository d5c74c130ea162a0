"""Pairs that a person decides: likely joins sorted out, doubtful ones listed, decisions read back and kept."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from acrm.errors import InputError
from acrm.ingest import golden, read, sources
from acrm.ingest.identity import APART, EXTRA, Identity
from acrm.ingest.joins import EDGE
from acrm.ingest.linkage_groups import clusters
from acrm.ingest.raw import ROW, ReadOptions
from acrm.ingest.vocabulary import fold

DECISION = "decision"
_SAME = {"same", "yes", "y", "1", "true", "merge", "да", "д", "один", "одно", "одно лицо", "тот же", "объединить"}
_DIFFERENT = {"different", "no", "n", "0", "false", "keep", "нет", "н", "разные", "разное", "не объединять"}
_SHOWN = ("full_name", "company", "email", "phone", "birth_date", "city", "tax_id", "_source_file")


def kept(links: pl.LazyFrame | None) -> pl.DataFrame:
    """The pairs of a store that later runs keep: what was decided, and what was joined for its likeness."""
    if links is None:
        return pl.DataFrame(schema=EXTRA)
    lasting = links.filter(pl.col("rule").is_in([DECISION, APART, "probable"]))
    return lasting.select(ref="one", anchor="other", rule="rule", value="evidence", probability="probability").collect()


def decided(path: Path | None) -> pl.DataFrame:
    """The decisions of an edited review file: its rows whose `decision` is filled, as pairs.

    The file is read like any export, as spreadsheets save it in many ways: cp1251, `;`, tabs, xlsx.

    Raises:
        InputError: The file cannot be read, lacks a column, or holds a decision that is neither same nor different.
    """
    rows = []
    for told, line, one, other in [] if path is None else _cells(path):
        word = fold(told or "")
        if word and word not in _SAME | _DIFFERENT:
            raise InputError("review_word", path=path, line=line, word=told)
        if path and word and one and other:
            pair = sorted((one.strip(), other.strip()))
            rows.append((*pair, DECISION if word in _SAME else APART, path.name, None))
    return pl.DataFrame(rows, schema=EXTRA, orient="row")


def _cells(path: Path) -> list[tuple[str | None, int, str | None, str | None]]:
    """The decisions of a review file as they are written, with their lines and references."""
    with TemporaryDirectory(prefix="acrm-") as scratch:
        for file in sources.find([str(path)], Path(scratch)):
            for raw in read.read(file, ReadOptions(header_row=1), Path(scratch)):
                named = {header.strip().lower(): header for header in raw.header}
                if {DECISION, "one", "other"} <= set(named):
                    cells = [pl.col(named[name]).cast(pl.String) for name in (DECISION, "one", "other")]
                    return raw.frame.select(cells[0], ROW, *cells[1:]).collect().rows()
    raise InputError("review_columns", path=path)


def records(who: Identity) -> pl.DataFrame:
    """One record per reference, as linkage takes them: likeness is told better before exact joins fold records away."""
    named = who.references.drop_nulls().select("ref", customer_id="ref")
    apart = pl.DataFrame(schema=EDGE)
    return golden.records(who.mentions, named, apart).collect().drop("ref", strict=False).rename({"customer_id": "ref"})


def sorted_out(found: pl.DataFrame, who: Identity, extra: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Scored pairs of references -> those that join, and those that a person should look at.

    Args:
        found: As `linkage.probable` gives them.
        who: The customers by exact rules and decisions.
        extra: What is decided already.
    """
    known = who.references.drop_nulls()
    exact = _within(known)
    settled = clusters(pl.concat([found.join(exact, on=["one", "other"], how="anti"), exact], how="diagonal"))
    group, cut = dict(settled.groups.iter_rows()), set(settled.cuts.select("one", "other").iter_rows())
    customer = dict(known.iter_rows())
    decided_apart = set(extra.filter(rule=APART).select("ref", "anchor").iter_rows())
    rows = []
    for one, other, probability, evidence in found.iter_rows():
        if customer[one] == customer[other] or (one, other) in decided_apart:
            continue
        together = group.get(one, one) == group.get(other, other)
        rows.append((one, other, "probable", evidence, probability, together and (one, other) not in cut))
    pairs = pl.DataFrame(rows, schema=EXTRA | {"inside": pl.Boolean}, orient="row")
    doubtful = pairs.filter(~pl.col("inside")).with_columns(
        one=pl.col("ref").replace_strict(customer, return_dtype=pl.String),
        other=pl.col("anchor").replace_strict(customer, return_dtype=pl.String),
    )
    likeliest = doubtful.sort("probability", "ref", "anchor", descending=[True, False, False])
    return pairs.filter("inside").drop("inside"), _beside(
        likeliest.unique(["one", "other"], keep="first", maintain_order=True), who.customers.collect()
    )


def _within(known: pl.DataFrame) -> pl.DataFrame:
    """All pairs of references of one customer, as certain as can be."""
    several = known.filter(pl.len().over("customer_id") > 1)
    pairs = several.join(several, on="customer_id", suffix="_other").filter(pl.col("ref") < pl.col("ref_other"))
    return pairs.select(one="ref", other="ref_other", probability=pl.lit(1.0))


def _beside(pairs: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """The pairs, the likeliest first, with what is known of both sides next to each other."""
    shown = [name for name in _SHOWN if name in customers.columns]
    told = customers.select("customer_id", *(pl.col(name).cast(pl.String) for name in shown))
    for side in ("one", "other"):
        named = {name: f"{side}_{name.strip('_')}" for name in shown}
        pairs = pairs.join(told.rename({"customer_id": side} | named), on=side, how="left")
    columns = [f"{side}_{name.strip('_')}" for name in shown for side in ("one", "other")]
    return pairs.sort("probability", "ref", "anchor", descending=[True, False, False]).select(
        pl.lit("").alias(DECISION),
        "probability",
        pl.col("value").alias("evidence"),
        *columns,
        one="ref",
        other="anchor",
    )
