"""The order lines of a store, here or as a cluster reads them: the same rows, chosen by the same condition."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Any

import narwhals.stable.v2 as nw

from acrm.engine import height
from acrm.errors import InputError, UsageError
from acrm.messages import listed
from acrm.where import names_in, where

if TYPE_CHECKING:
    import polars as pl

    from acrm.engine import Cluster
    from acrm.ingest.dataset import Dataset, Input
    from acrm.options import Reading, Selecting

# What means the same to every engine: comparisons of columns with plain numbers and texts.
_TOKEN = re.compile(
    r"""\s*(?:(?P<name>[^\W\d]\w*|"[^"`]+"|`[^"`]+`)|(?P<rest>'[^'\\]*'(?!')|\d+(?:\.\d+)?\b|<>|!=|<=|>=|[=<>(),-]))"""
)
_WORDS = {"and", "or", "not", "in", "is", "null", "between", "like", "true", "false"}


def order_lines(dataset: Dataset, reading: Reading, selecting: Selecting, cluster: Cluster | None) -> pl.LazyFrame:
    """The order lines that `--where` chooses, of this machine's engine or, where there is a cluster, of the cluster's.

    A cluster reads the Parquet files of the one store among the sources, under their paths or URLs. Its lines are
    no `pl.LazyFrame`: only `acrm.summaries` and `acrm.engine` know what to do with them.

    Raises:
        InputError: The sources are no store, or several; the cluster does not see it, or sees another one.
        UsageError: A condition that is none; an option or a condition that does not mean the same on a cluster.
    """
    here = where(dataset.tables, "transactions", selecting.where)
    return here if cluster is None else _far_lines(dataset, reading, selecting, cluster)


def orders_kept(dataset: Dataset, selecting: Selecting, cluster: Cluster | None) -> pl.LazyFrame | None:
    """The ledger of orders that the store keeps, where it can tell which of them are asked for."""
    import polars as pl

    if cluster or dataset.orders is None or selecting.currency or selecting.rates:
        return None
    # A condition on days would part the days of an order, of which the first stands for it.
    lines = {*dataset.tables["transactions"].collect_schema().names()} - {"customer_id", "order_id", "currency"}
    if names_in(selecting.where) & lines:
        return None
    # Of lines that another program wrote anew nothing is kept.
    counts = [
        dataset.orders.select(pl.col("lines").cast(pl.Int64).sum()),
        dataset.tables["transactions"].select(pl.len()),
    ]
    told, found = (int(count.item()) for count in pl.collect_all(counts, engine="streaming"))
    if told != found:
        return None
    kept = where({**dataset.tables, "transactions": dataset.orders}, "transactions", selecting.where)
    # Where some lines name a currency and others none, an order may be in both.
    codes = kept.select(pl.col("currency").fill_null("").n_unique()).collect(engine="streaming").item()
    return kept if codes <= 1 else None


def _far_lines(dataset: Dataset, reading: Reading, selecting: Selecting, cluster: Cluster) -> Any:
    for option, value in (("rates", selecting.rates), ("known-at", reading.known_at), ("prefer", reading.prefer)):
        if value:
            raise UsageError("cluster_option", option=f"--{option}")
    exports = [one.name for one in dataset.inputs if one.plan.system != "acrm"]
    if exports:
        raise InputError("cluster_export", files=listed(exports))
    table = _one(dataset, "transactions")
    lines = cluster.parquet(_place(table))
    if height(lines) != table.rows_in:
        raise InputError("cluster_other", path=table.name)
    lines = nw.from_native(lines).select(dataset.tables["transactions"].collect_schema().names()).to_native()
    if not selecting.where:
        return lines
    frame = nw.from_native(lines)
    kinds = frame.collect_schema()
    foreign = sorted(names_in(selecting.where) - set(kinds.names()))
    if foreign:
        traits = nw.from_native(cluster.parquet(_place(_one(dataset, "customers"))))
        frame = frame.join(traits.select("customer_id", *foreign), on="customer_id", how="left")
        kinds = frame.collect_schema()
    times = {name for name in kinds.names() if kinds[name].is_temporal()}
    condition = portable(selecting.where, kinds.names(), times)
    chosen = nw.from_native(frame.to_native().filter(condition))
    return chosen.drop(*foreign).to_native()


def _place(table: Input) -> str:
    source = table.raw.source
    return source.location or str(source.path)


def _one(dataset: Dataset, table: str) -> Input:
    found = [one for one in dataset.inputs if one.plan.entity == table]
    if len(found) != 1:
        raise InputError("cluster_stores", files=listed(one.name for one in found))
    return found[0]


def portable(condition: str, columns: Collection[str], times: Collection[str]) -> str:
    """A condition as clusters read it: columns in backticks, times as the texts that `acrm.where` compares.

    >>> portable("city = 'Riga' AND ordered_on < '2024-02-01'", ["city", "ordered_on"], ["ordered_on"])
    "`city` = 'Riga' AND substr(cast(`ordered_on` AS string), 1, 19) < '2024-02-01'"

    Raises:
        UsageError: It has more than comparisons with numbers and texts.
    """
    words, place, end = [], 0, len(condition.rstrip())
    while place < end:
        found = _TOKEN.match(condition, place, end)
        name = found["name"] if found else None
        column = name.strip('"`') if name else None
        if found and (column is None or column.lower() in _WORDS):
            words.append(found[0].strip())
        elif found and column in columns:
            words.append(f"substr(cast(`{column}` AS string), 1, 19)" if column in times else f"`{column}`")
        else:
            raise UsageError("cluster_where", part=condition[place:end].strip())
        place = found.end()
    return " ".join(words)
