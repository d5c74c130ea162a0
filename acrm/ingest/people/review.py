"""Pairs that a person decides: likely joins sorted out, doubtful ones listed, decisions read back and kept."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import polars as pl

from acrm.errors import InputError
from acrm.ingest import read, sources
from acrm.ingest.linkage.groups import clusters
from acrm.ingest.people import golden
from acrm.ingest.people.identity import APART, EXTRA, Identity
from acrm.ingest.people.joins import EDGE
from acrm.ingest.raw import ROW, ReadOptions
from acrm.ingest.vocabulary import fold

DECISION = "decision"
_SAME = {"same", "yes", "y", "1", "true", "merge", "да", "д", "один", "одно", "одно лицо", "тот же", "объединить"}
_DIFFERENT = {"different", "no", "n", "0", "false", "keep", "нет", "н", "разные", "разное", "не объединять"}
_LIKELIEST = ("probability", "ref", "anchor")
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


def carried(pairs: pl.DataFrame, path: Path) -> pl.DataFrame:
    """Doubtful pairs with the decisions that stand in the file they are to replace, as nobody has given it back yet."""
    if not path.exists():
        return pairs
    written = [(told, one, other) for told, _, one, other in _cells(path) if told]
    known = pl.DataFrame(written, schema=dict.fromkeys(("_told", "one", "other"), pl.String), orient="row")
    filled = pairs.join(known.unique(["one", "other"]), on=["one", "other"], how="left", maintain_order="left")
    return filled.with_columns(pl.coalesce("_told", DECISION).alias(DECISION)).drop("_told")


def records(who: Identity) -> pl.DataFrame:
    """One record per reference, as linkage takes them: likeness is told better before exact joins fold records away."""
    named = who.references.drop_nulls().select("ref", customer_id="ref")
    apart = pl.DataFrame(schema=EDGE)
    return golden.records(who.mentions, named, apart).collect().drop("ref", strict=False).rename({"customer_id": "ref"})


def sorted_out(found: pl.DataFrame, who: Identity, extra: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Scored pairs of references -> those that join, and those that are doubtful.

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
    return pairs.filter("inside").drop("inside"), pairs.filter(~pl.col("inside")).drop("inside")


def to_decide(doubtful: pl.DataFrame, who: Identity, known: pl.DataFrame) -> pl.DataFrame:
    """The review file: doubtful pairs, of two customers the likeliest, with what each side tells next to each other.

    Args:
        doubtful: As `sorted_out` gives them.
        who: The customers with all joins made, so that a second run asks the same.
        known: What is known of each reference, as `records` gives it.
    """
    customer = dict(who.references.drop_nulls().iter_rows())
    sides = [pl.col(side).replace_strict(customer, return_dtype=pl.String) for side in ("ref", "anchor")]
    two = doubtful.with_columns(one=pl.min_horizontal(sides), other=pl.max_horizontal(sides))
    asked = two.filter(pl.col("one") != pl.col("other")).sort(*_LIKELIEST, descending=[True, False, False])
    return _beside(asked.unique(["one", "other"], keep="first", maintain_order=True).drop("one", "other"), known)


def _within(known: pl.DataFrame) -> pl.DataFrame:
    """All pairs of references of one customer, as certain as can be."""
    several = known.filter(pl.len().over("customer_id") > 1)
    pairs = several.join(several, on="customer_id", suffix="_other").filter(pl.col("ref") < pl.col("ref_other"))
    return pairs.select(one="ref", other="ref_other", probability=pl.lit(1.0))


def _beside(pairs: pl.DataFrame, known: pl.DataFrame) -> pl.DataFrame:
    """The pairs, the likeliest first, with what is known of both sides next to each other."""
    shown = [name for name in _SHOWN if name in known.columns]
    told = known.select("ref", *(pl.col(name).cast(pl.String) for name in shown))
    pairs = pairs.rename({"ref": "one", "anchor": "other"})
    for side in ("one", "other"):
        named = {name: f"{side}_{name.strip('_')}" for name in shown}
        pairs = pairs.join(told.rename({"ref": side} | named), on=side, how="left", maintain_order="left")
    columns = [f"{side}_{name.strip('_')}" for name in shown for side in ("one", "other")]
    head = (pl.lit("").alias(DECISION), "probability", pl.col("value").alias("evidence"))
    return pairs.select(*head, *columns, "one", "other")
