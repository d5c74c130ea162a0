"""Pairs that a person decides: likely joins sorted out, doubtful ones listed, decisions read back and kept."""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl

from acrm.errors import InputError
from acrm.ingest import linkage
from acrm.ingest.identity import APART, EXTRA, Identity
from acrm.ingest.linkage_groups import clusters
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

    Raises:
        InputError: The file cannot be read, lacks a column, or holds a decision that is neither same nor different.
    """
    if path is None:
        return pl.DataFrame(schema=EXTRA)
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise InputError("review_unreadable", path=path, reason=error.strerror or str(error)) from error
    except UnicodeDecodeError as error:
        raise InputError("review_unreadable", path=path, reason="UTF-8") from error
    rows = []
    reader = csv.DictReader(lines, delimiter=";" if lines and ";" in lines[0] else ",")
    if not {DECISION, "one", "other"} <= set(reader.fieldnames or ()):
        raise InputError("review_columns", path=path)
    for row in reader:
        word = fold(row[DECISION] or "")
        if word and word not in _SAME | _DIFFERENT:
            raise InputError("review_word", path=path, line=reader.line_num, word=row[DECISION])
        if word:
            one, other = sorted((row["one"].strip(), row["other"].strip()))
            rows.append((one, other, DECISION if word in _SAME else APART, path.name, None))
    return pl.DataFrame(rows, schema=EXTRA, orient="row")


def records(who: Identity) -> pl.DataFrame:
    """The customers as linkage takes them."""
    return who.customers.collect().rename({"customer_id": "ref"})


def sorted_out(found: pl.DataFrame, who: Identity, extra: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Scored pairs of customers -> pairs of references that join, and pairs that a person should look at.

    Args:
        found: As `linkage.probable` gives them, of customer ids.
        who: The customers by exact rules and decisions.
        extra: What is decided already.
    """
    settled = clusters(found)
    group = dict(settled.groups.iter_rows())
    inside = pl.Series(
        [group.get(one, one) == group.get(other, other) for one, other in found.select("one", "other").iter_rows()],
        dtype=pl.Boolean,
    )
    spoken_for = who.references.drop_nulls().group_by("customer_id").agg(pl.col("ref").min())
    pairs = found.with_columns(inside=inside)
    for side in ("one", "other"):
        pairs = pairs.join(spoken_for.rename({"customer_id": side, "ref": f"ref {side}"}), on=side)
    pairs = pairs.with_columns(
        ref=pl.min_horizontal("ref one", "ref other"), anchor=pl.max_horizontal("ref one", "ref other")
    )
    pairs = pairs.join(extra.filter(rule=APART), on=["ref", "anchor"], how="anti")
    joined = pairs.filter("inside").select(
        "ref", "anchor", rule=pl.lit("probable"), value="evidence", probability="probability"
    )
    doubtful = pairs.filter(~pl.col("inside") & (pl.col("probability") >= linkage.GREY))
    return joined, _beside(doubtful, who.customers.collect())


def _beside(pairs: pl.DataFrame, customers: pl.DataFrame) -> pl.DataFrame:
    """The pairs, the likeliest first, with what is known of both sides next to each other."""
    shown = [name for name in _SHOWN if name in customers.columns]
    told = customers.select("customer_id", *(pl.col(name).cast(pl.String) for name in shown))
    for side in ("one", "other"):
        named = {name: f"{side}_{name.strip('_')}" for name in shown}
        pairs = pairs.join(told.rename({"customer_id": side} | named), on=side, how="left")
    columns = [f"{side}_{name.strip('_')}" for name in shown for side in ("one", "other")]
    return pairs.sort("probability", "ref", "anchor", descending=[True, False, False]).select(
        pl.lit("").alias(DECISION), "probability", "evidence", *columns, one="ref", other="anchor"
    )
