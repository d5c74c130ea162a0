"""Who is leaving, from order lines alone: `acrm churn` beside pandas and scikit-learn on the same store.

    python -m tests.benchmarks.churn [--million 1 10 50] [--only NAME]

Each runs in a process of its own, imports and reading included; shown are seconds by the clock and of CPU (the figure
to trust on a busy machine), peak memory, how many customers were scored, and the ROC-AUC of what was learned a window
earlier for the same customers of the same last window of 90 days. The store is made up, see `shop.py`: for 50 million
order lines a million customers, 5 million interactions, about 40 features.

The peer, `peers/churn_pandas.py`, is what is written by hand: features by groupby at three days, one boosting, and
everybody scored. acrm also learns from four cutoffs at once, looks for leaks, chooses between two kinds of model over
folds, calibrates, tries on three later windows beside BG/NBD and other rules, gives intervals, reasons in words, values
of customers and what a campaign brings, and writes it all.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.measure import Cost, python, run

PEER = Path(__file__).parent / "peers" / "churn_pandas.py"
MILLION, WINDOW = 1_000_000, 90
LAST = date(2024, 12, 30)
"""The last day of the shop."""


def main() -> None:
    """Make each store, run both programs and print a line for each."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.churn")
    parser.add_argument("--million", nargs="+", type=int, default=[50], help="order lines, in millions")
    parser.add_argument("--only", choices=["acrm", "pandas"], help="run one program")
    # How this file starts itself, so that its own memory stays small.
    parser.add_argument("--read", nargs=2, type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.read:
        told(*asked.read)
        return
    columns = (
        f"{'million lines':<15}{'':<8}{'wall s':>9}{'cpu s':>9}{'MB':>8}{'scored':>10}{'tried on':>10}{'ROC-AUC':>9}"
    )
    sys.stdout.write(columns + "\n")
    for million in asked.million:
        compared(million, asked.only)


def compared(million: int, only: str | None) -> None:
    """Both programs on the same store."""
    with TemporaryDirectory(prefix="acrm-churn-") as name:
        store, found = Path(name) / "store", Path(name) / "result.json"
        run(python("-m", "tests.benchmarks.shop", million * MILLION, store))
        test = LAST - timedelta(days=WINDOW)
        out = Path(name) / "out"
        programs = {
            "acrm": python("-m", "acrm", "churn", store, "--window", WINDOW, "-o", out, "-q"),
            "pandas": python(PEER, store, test, LAST, WINDOW, found),
        }
        for program, command in programs.items():
            if only in (None, program):
                cost = run(command)
                if program == "acrm":
                    run(python("-m", "tests.benchmarks.churn", "--read", out, found))
                shown(million, program, cost, json.loads(found.read_text(encoding="utf-8")))
        shutil.rmtree(store)


def told(folder: Path, result: Path) -> None:
    """What acrm says of the same: how many were scored, and the figures of the latest window tried on."""
    import polars as pl

    latest = pl.read_parquet(folder / "churn_origins.parquet").row(0, named=True)
    scored = pl.scan_parquet(folder / "churn.parquet").select(pl.len()).collect().item()
    figures = {"auc": latest["roc_auc"], "tried": latest["customers"], "scored": scored}
    result.write_text(json.dumps(figures), encoding="utf-8")


def shown(million: int, program: str, cost: Cost, figures: dict[str, float]) -> None:
    """A line of the table."""
    took = f"{cost.wall:>9.1f}{cost.cpu:>9.1f}{cost.memory:>8,.0f}"
    sys.stdout.write(
        f"{million:<15}{program:<8}{took}{figures['scored']:>10,}{figures['tried']:>10,}{figures['auc']:>9.4f}\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
