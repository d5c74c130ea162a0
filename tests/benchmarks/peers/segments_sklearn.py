"""Segments with scikit-learn: `python segments_sklearn.py CUSTOMERS FOLDER`.

As its user would: numbers standardised, categories one-hot, k-means for k = 2 to 8, of these the highest silhouette,
on 10,000 customers because on all of them it takes days. No stability, no gap, no test for noise.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import polars as pl
from sklearn.cluster import KMeans
from sklearn.compose import ColumnTransformer
from sklearn.metrics import adjusted_rand_score, silhouette_score
from sklearn.preprocessing import OneHotEncoder, StandardScaler

table = pl.read_parquet(sys.argv[1])
numbers = [name for name in table.columns if name.startswith("n")]
words = [name for name in table.columns if name.startswith("c") and name != "customer_id"]
prepare = ColumnTransformer([("n", StandardScaler(), numbers), ("c", OneHotEncoder(sparse_output=False), words)])
matrix = prepare.fit_transform(table)
found = {k: KMeans(k, random_state=0).fit(matrix).labels_ for k in range(2, 9)}
scores = {k: silhouette_score(matrix, labels, sample_size=10_000, random_state=0) for k, labels in found.items()}
best = max(scores, key=lambda k: scores[k])
agreement = adjusted_rand_score(table["truth"], found[best])
figures = {"same": {"customers": len(table)}, "told": f"{best} segments, agreement {agreement:.3f}"}
(Path(sys.argv[2]) / "figures.json").write_text(json.dumps(figures), encoding="utf-8")
