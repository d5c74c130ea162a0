"""Frequent itemsets or rules by one program: `python itemsets.py PROGRAM FILE COUNT FOLDER`.

FILE holds two arrays, `basket` and `item`, as numpy saves them; COUNT is the fewest baskets of a set. What a program is
given ready made costs nothing: lists of text for all of them, itemsets for rules.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from tests.benchmarks.measure import alone


def main(program: str, file: str, count: int, folder: Path) -> None:
    """Load, then run and count what came out."""
    with np.load(file) as arrays:
        basket, item = arrays["basket"], arrays["item"]
    mine = PROGRAMS[program](basket, item, count)
    with alone(folder):
        found = mine()
    same = {"rules" if program.endswith("rules") else "sets": found}
    (folder / "figures.json").write_text(json.dumps({"same": same}), encoding="utf-8")


def mlxtend(basket: Any, item: Any, count: int, miner: str, *, sparse: bool) -> Callable[[], int]:
    """Its encoder, then its miner."""
    import pandas as pd
    from mlxtend import frequent_patterns
    from mlxtend.preprocessing import TransactionEncoder

    held = lists(basket, item)

    def mine() -> int:
        encoder = TransactionEncoder().fit(held)
        table = encoder.transform(held, sparse=sparse)
        columns = encoder.columns_
        frame = (
            pd.DataFrame.sparse.from_spmatrix(table, columns=columns)
            if sparse
            else pd.DataFrame(table, columns=columns)
        )
        return len(getattr(frequent_patterns, miner)(frame, min_support=(count - 0.5) / len(held)))

    return mine


def efficient_apriori(basket: Any, item: Any, count: int) -> Callable[[], int]:
    """Its itemsets, without rules."""
    search = import_module("efficient_apriori").itemsets_from_transactions
    held = lists(basket, item)

    def mine() -> int:
        found, _ = search(held, min_support=(count - 0.5) / len(held), max_length=100)
        return sum(map(len, found.values()))

    return mine


def pyfim(basket: Any, item: Any, count: int, miner: str) -> Callable[[], int]:
    """A negative support is a number of baskets."""
    fim = import_module("fim")
    held = lists(basket, item)
    return lambda: len(getattr(fim, miner)(held, supp=-count, report="a"))


def mlxtend_rules(basket: Any, item: Any, count: int) -> Callable[[], int]:
    """The same from a table of the same itemsets."""
    import pandas as pd
    from mlxtend.frequent_patterns import association_rules

    from acrm.models.baskets import Baskets
    from acrm.models.itemset_mining import frequent_itemsets

    itemsets, _ = frequent_itemsets(Baskets.of(basket, item), count)
    sets = [frozenset(row) for rows in itemsets.sets for row in rows.tolist()]
    table = pd.DataFrame({"support": itemsets.counts / itemsets.n_baskets, "itemsets": sets})
    warnings.simplefilter("ignore", RuntimeWarning)
    return lambda: len(association_rules(table, min_threshold=0))


def lists(basket: Any, item: Any) -> list[list[str]]:
    """Baskets as lists of text, which is what an export holds."""
    lines = np.unique(np.column_stack([basket, item]), axis=0)
    starts = np.flatnonzero(np.diff(lines[:, 0])) + 1
    return [part.astype(str).tolist() for part in np.split(lines[:, 1], starts)]


PROGRAMS: dict[str, Callable[[Any, Any, int], Callable[[], int]]] = {
    "PyFIM fpgrowth": partial(pyfim, miner="fpgrowth"),
    "PyFIM eclat": partial(pyfim, miner="eclat"),
    "mlxtend fpgrowth, sparse": partial(mlxtend, miner="fpgrowth", sparse=True),
    "mlxtend fpgrowth, dense": partial(mlxtend, miner="fpgrowth", sparse=False),
    "mlxtend hmine, dense": partial(mlxtend, miner="hmine", sparse=False),
    "Efficient-Apriori": efficient_apriori,
    "mlxtend, rules": mlxtend_rules,
}

if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
