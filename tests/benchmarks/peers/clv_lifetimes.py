"""BG/NBD in lifetimes, as its documentation has it: `python clv_lifetimes.py fit|summary FILE RESULT`."""

from __future__ import annotations

import json
import sys
import time
import warnings
from importlib import import_module
from pathlib import Path

import pandas as pd

step, source, result = sys.argv[1], sys.argv[2], Path(sys.argv[3])
# It need not be installed where this is checked.
lifetimes = import_module("lifetimes")
warnings.simplefilter("ignore")
data = pd.read_parquet(source)
wall, cpu = time.perf_counter(), time.process_time()
if step == "fit":
    fitter = lifetimes.BetaGeoFitter().fit(data["frequency"], data["recency"] / 7, data["age"] / 7)
    found = {name: float(fitter.params_[name]) for name in ("r", "alpha", "a", "b")}
else:
    data["line_amount"] = data["line_amount"].astype(float)
    columns = ("customer_id", "ordered_on", "line_amount")
    table = lifetimes.utils.summary_data_from_transaction_data(data, *columns, observation_period_end="2024-12-31")
    found = {"customers": len(table), **{name: float(table[name].sum()) for name in ("frequency", "recency", "T")}}
    found["mean"] = float(table["monetary_value"].sum())
seconds = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
result.write_text(json.dumps({"found": found, **seconds}))
