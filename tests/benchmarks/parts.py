"""Parts of acrm that are no command of their own: `python -m tests.benchmarks.parts PART SOURCE FOLDER [WORD...]`.

Each takes what its command would hand it and writes the result into the folder.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from tests.benchmarks.measure import alone


def cohorts(store: Path, folder: Path, as_of: str) -> None:
    """Who comes back, month by month, as `acrm report` has it."""
    from acrm.analysis.report.cohorts import cohorts as analyse
    from acrm.analysis.report.sold import read_sold

    sold = read_sold({"transactions": _lines(store)}, as_of=date.fromisoformat(as_of))
    analyse(sold).triangle.write_parquet(folder / "cohorts.parquet")


def windows(store: Path, folder: Path, as_of: str) -> None:
    """Orders and spend of each customer in the last 30, the 60 days before them and the 90 before those."""
    from acrm.summaries.customers import spend_by_window

    last = date.fromisoformat(as_of) - timedelta(days=1)
    edges = [last - timedelta(days=days) for days in (180, 90, 30, 0)]
    spend_by_window(_lines(store), edges=edges).collect(engine="streaming").write_parquet(folder / "windows.parquet")


def summary(store: Path, folder: Path, as_of: str) -> None:
    """Sale lines to what a model of buying sees of each customer."""
    import polars as pl

    from acrm.analysis.clv.purchases import read_purchases

    purchases = read_purchases(_lines(store).filter(~pl.col("is_refund")), as_of=date.fromisoformat(as_of))
    known = purchases.until(purchases.end)
    sums = {name: float(getattr(known, name).sum()) for name in ("frequency", "recency", "age", "mean")}
    _told(folder, {"customers": len(known.customer), **sums})


def fit(source: Path, folder: Path) -> None:
    """BG/NBD fitted to customers; finding the distinct histories among them counts."""
    import numpy as np
    import polars as pl

    from acrm.analysis.clv.params import WEEK
    from acrm.analysis.clv.purchases import Known
    from acrm.models import purchases as models

    frame = pl.read_parquet(source, columns=["frequency", "recency", "age"]).cast(pl.Float64)
    columns = {name: frame[name].to_numpy() for name in frame.columns}
    nothing = np.zeros(frame.height)
    with alone(folder):
        everyone = np.arange(frame.height)
        known = Known(customer=everyone, **columns, mean=nothing, log_gaps=nothing, spend=nothing, unit=WEEK)
        model, found = models.fit("bg-nbd", known.grouped().histories)
    if not found.converged:
        raise RuntimeError("not converged")
    _told(folder, model.parameters())


def itemsets(source: Path, folder: Path, least: str) -> None:
    """Frequent itemsets from two arrays of codes."""
    from acrm.models.baskets import Baskets
    from acrm.models.itemset_mining import frequent_itemsets

    basket, item = _arrays(source)
    with alone(folder):
        found = len(frequent_itemsets(Baskets.of(basket, item), int(least))[0])
    _told(folder, {"sets": found})


def rules(source: Path, folder: Path, least: str) -> None:
    """All rules with any number of items on the right, and their measures, from the itemsets."""
    from acrm.models.baskets import Baskets
    from acrm.models.itemset_mining import frequent_itemsets
    from acrm.models.rules import find_rules

    sets, _ = frequent_itemsets(Baskets.of(*_arrays(source)), int(least))
    with alone(folder):
        found = find_rules(sets, rhs_size=len(sets.sets)).association
        measures = [found.support, found.confidence, found.lift, found.leverage, found.conviction, found.zhang]
    _told(folder, {"rules": len(measures[0])})


def matching(source: Path, folder: Path) -> None:
    """Groups of records of one person."""
    import polars as pl

    from acrm.ingest.linkage.pairs import clusters, probable

    records = pl.read_parquet(source)
    groups = clusters(probable(records.drop("person"))).groups
    records.select("ref", "person").join(groups, on="ref", how="left").write_parquet(folder / "groups.parquet")


def segment(source: Path, folder: Path) -> None:
    """Segments of customers."""
    import polars as pl
    from sklearn.metrics import adjusted_rand_score

    from acrm.analysis.people.features import Feature
    from acrm.analysis.segment.clustering import ClusterParams, cluster

    table = pl.read_parquet(source)
    features = [
        Feature(name=name, axis="extra", kind="number" if name.startswith("n") else "category")
        for name in table.columns
        if name not in {"customer_id", "truth"}
    ]
    found = cluster(table.drop("truth"), features, ClusterParams())
    agreement = adjusted_rand_score(table["truth"], found.members["segment_id"])
    _told(folder, {"customers": found.members.height}, f"{found.k} segments, agreement {agreement:.3f}")


def _lines(store: Path) -> Any:
    import polars as pl

    return pl.scan_parquet(store / "transactions.parquet")


def _arrays(source: Path) -> tuple[Any, Any]:
    import numpy as np

    with np.load(source) as arrays:
        return arrays["basket"], arrays["item"]


def _told(folder: Path, same: dict[str, Any], told: str = "") -> None:
    (folder / "figures.json").write_text(json.dumps({"same": same, "told": told}), encoding="utf-8")


PARTS: dict[str, Callable[..., None]] = {
    part.__name__: part for part in (cohorts, windows, summary, fit, itemsets, rules, matching, segment)
}

if __name__ == "__main__":
    PARTS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]), *sys.argv[4:])
