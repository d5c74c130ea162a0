"""BG/NBD in lifetimes, as its documentation has it: `python fit_lifetimes.py CUSTOMERS FOLDER`."""

from __future__ import annotations

import json
import sys
import warnings
from importlib import import_module
from pathlib import Path

import pandas as pd

from tests.benchmarks.measure import alone

source, folder = sys.argv[1], Path(sys.argv[2])
warnings.simplefilter("ignore")
# It need not be installed where this is checked.
lifetimes = import_module("lifetimes")
data = pd.read_parquet(source)
with alone(folder):
    fitter = lifetimes.BetaGeoFitter().fit(data["frequency"], data["recency"] / 7, data["age"] / 7)
same = {name: float(fitter.params_[name]) for name in ("r", "alpha", "a", "b")}
(folder / "figures.json").write_text(json.dumps({"same": same}), encoding="utf-8")
