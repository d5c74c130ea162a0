"""How fast customer value is: models fitted, order lines reduced and customers scored, beside lifetimes.

    python -m tests.benchmarks.clv [--data DIR] [--peer PYTHON] [--quick]

Every program runs in a process of its own, three times in turn with the other; shown are the medians: seconds by the
clock and of CPU (all threads) for the step alone, once its input is in memory or, of order lines, on disk; then what
the whole process took, imports and reading included, and its peak memory. All must come to the same figures to three
digits before a time counts. PYTHON is an interpreter that has lifetimes; without one acrm runs alone.

Customers: CDNOW (2,357; `clv/CDNOW_sample.txt` in DIR, by default what ACRM_TEST_DATA names), and made-up ones who join
over a year and are watched for another, buying as BG/NBD has it with the parameters of CDNOW. `--quick` leaves out all
above 100 thousand customers and a million lines, and runs once.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from statistics import median
from subprocess import run as start
from tempfile import TemporaryDirectory
from typing import Any

from tests.benchmarks.measure import Cost, python, run

PEER = Path(__file__).parent / "peers" / "clv_lifetimes.py"
END = date(2024, 12, 31)
SEEN = 730
"""Days from the first order of all to END."""
LINES_A_CUSTOMER = 2.2
"""About so many the made-up customers have."""


def main() -> None:
    """Make the data, run everything and print a line for each program."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.clv")
    parser.add_argument("--data", metavar="DIR", type=Path, default=os.environ.get("ACRM_TEST_DATA", "."))
    parser.add_argument("--peer", metavar="PYTHON", default=sys.executable)
    parser.add_argument("--quick", action="store_true")
    # How this file starts itself, each step in a process of its own.
    parser.add_argument("--step", choices=STEPS, help=argparse.SUPPRESS)
    parser.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.step:
        STEPS[asked.step](*asked.words)
        return
    there = start([asked.peer, "-c", "import lifetimes"], capture_output=True, check=False).returncode == 0
    if not there:
        sys.stdout.write("lifetimes is left out: not installed\n")
    sys.stdout.write(f"{'':<42}{'wall s':>8}{'cpu s':>8}{'process s':>11}{'cpu s':>8}{'MB':>8}\n")
    times = 1 if asked.quick else 3
    with TemporaryDirectory(prefix="acrm-clv-") as name:
        folder = Path(name)

        def beside(title: str, step: str, source: Path, *, peer: bool) -> None:
            programs = {"acrm": own(step, source)}
            if peer and there:
                programs["lifetimes"] = [asked.peer, str(PEER), step, str(source)]
            measured(title, programs, folder / "result.json", times)

        sample = asked.data / "clv" / "CDNOW_sample.txt"
        if sample.exists():
            run(own("cdnow", sample, folder / "cdnow.parquet"))
            beside("fit, CDNOW, 2,357 customers", "fit", folder / "cdnow.parquet", peer=True)
        for customers in (100_000,) if asked.quick else (100_000, 1_000_000):
            run(own("customers", customers, folder / "customers.parquet"))
            beside(f"fit, {customers:,} customers", "fit", folder / "customers.parquet", peer=True)
        beside(f"score, {customers:,} customers", "score", folder / "customers.parquet", peer=False)
        for lines in (1_000_000,) if asked.quick else (1_000_000, 10_000_000):
            run(own("lines", lines, folder / "lines.parquet"))
            beside(f"summary, {lines:,} lines", "summary", folder / "lines.parquet", peer=True)


def own(step: str, *words: object) -> list[str]:
    """The command line of a step of this file."""
    return python("-m", "tests.benchmarks.clv", "--step", step, *words)


def measured(title: str, programs: Mapping[str, list[str]], result: Path, times: int) -> None:
    """Run the programs in turn and print what each took.

    Raises:
        RuntimeError: They came to different figures.
    """
    costs: dict[str, list[tuple[Cost, dict[str, Any]]]] = {name: [] for name in programs}
    for _ in range(times):
        for name, command in programs.items():
            cost = run([*command, str(result)])
            costs[name].append((cost, json.loads(result.read_text())))
    figures = [tuple(f"{value:.3g}" for value in found[-1][1]["found"].values()) for found in costs.values()]
    close = [list(found[-1][1]["found"].values()) for found in costs.values()]
    if any(
        abs(one - other) > 1e-3 * abs(other) for rest in close[1:] for one, other in zip(close[0], rest, strict=True)
    ):
        raise RuntimeError(f"{title}: results differ: {figures}")
    sys.stdout.write(f"{title}\n")
    for name, found in costs.items():
        inner = (median(one[1][key] for one in found) for key in ("wall", "cpu"))
        outer = (median(getattr(one[0], key) for one in found) for key in ("wall", "cpu", "memory"))
        words = "{:>8.2f}{:>8.2f}{:>11.2f}{:>8.2f}{:>8,.0f}".format(*inner, *outer)
        sys.stdout.write(f"  {name:<40}{words}\n")
    sys.stdout.flush()


def fit(source: str, result: str) -> None:
    """BG/NBD fitted to customers; finding the distinct histories among them counts."""
    from acrm.models import purchases as models

    known = _known(source)

    def step() -> dict[str, float]:
        model, found = models.fit("bg-nbd", known.grouped().histories)
        if not found.converged:
            raise RuntimeError("not converged")
        return model.parameters()

    _timed(step, result)


def score(source: str, result: str) -> None:
    """Everything that is said of each customer, limits included, by models fitted before."""
    import polars as pl

    from acrm.analysis.clv.fitting import spend_of
    from acrm.analysis.clv.params import ClvParams
    from acrm.analysis.clv.scoring import Valued, scored
    from acrm.models import purchases as models

    known = _known(source)
    grouped = known.grouped()
    model, found = models.fit("bg-nbd", grouped.histories)
    valued = Valued(model=model, fit=found, spend=spend_of(known), known=known, grouped=grouped, kept=1.0)
    ids = pl.select(pl.format("C{}", pl.int_range(len(known.age)))).to_series()
    _timed(lambda: {"customers": scored(ids, valued, ClvParams()).height}, result)


def summary(source: str, result: str) -> None:
    """Order lines to one row per customer: frequency, recency, age, mean."""
    import polars as pl

    from acrm.analysis.clv.purchases import read_purchases

    def step() -> dict[str, float]:
        purchases = read_purchases(pl.scan_parquet(source), as_of=END)
        known = purchases.until(purchases.end)
        sums = {name: float(getattr(known, name).sum()) for name in ("frequency", "recency", "age", "mean")}
        return {"customers": len(known.customer)} | sums

    _timed(step, result)


def _timed(step: Callable[[], Mapping[str, float]], result: str) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    found = step()
    seconds = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    Path(result).write_text(json.dumps({"found": dict(found), **seconds}))


def _known(source: str) -> Any:
    import numpy as np
    import polars as pl

    from acrm.analysis.clv.params import WEEK
    from acrm.analysis.clv.purchases import Known

    frame = pl.read_parquet(source).cast(pl.Float64)
    columns = {name: frame[name].to_numpy() for name in ("frequency", "recency", "age", "mean")}
    nothing = np.zeros(frame.height)
    return Known(
        customer=np.arange(frame.height),
        frequency=columns["frequency"],
        recency=columns["recency"],
        age=columns["age"],
        mean=columns["mean"],
        log_gaps=nothing,
        spend=nothing,
        unit=WEEK,
    )


def cdnow(source: str, target: str) -> None:
    """The customers of CDNOW as known at the end of September 1997."""
    import polars as pl

    frame = pl.read_csv(source, has_header=False, new_columns=["line"])
    words = (
        frame["line"]
        .str.strip_chars()
        .str.replace_all(r" +", " ")
        .str.split(" ")
        .list.to_struct(fields=["master", "customer", "day", "number", "money"])
    )
    lines = words.struct.unnest().with_columns(pl.col("day").str.to_date("%Y%m%d"))
    _customers(lines.filter(pl.col("day") <= date(1997, 9, 30)), date(1997, 9, 30)).write_parquet(target)


def customers(count: str, target: str) -> None:
    """Made-up customers."""
    import polars as pl

    lines = _made_up(int(count))
    days = pl.lit(END) - pl.duration(days=SEEN - pl.col("day"))
    _customers(lines.with_columns(days.alias("day")), END).write_parquet(target)


def _customers(lines: Any, end: date) -> Any:
    """One row per customer: `frequency`, `recency` and `age` in days, `mean` (made up)."""
    import polars as pl

    day = pl.col("day")
    found = lines.group_by("customer").agg(
        frequency=day.n_unique() - 1,
        recency=(day.max() - day.min()).dt.total_days(),
        age=(pl.lit(end) - day.min()).dt.total_days(),
    )
    # Of every mean the money of the customer's number will do.
    money = 5 + pl.int_range(pl.len()) * 7919 % 9973 / 100
    return found.sort("customer").with_columns(mean=pl.when(pl.col("frequency") > 0).then(money).otherwise(0.0))


def lines(count: str, target: str) -> None:
    """Made-up order lines, one an order, in no order of customers."""
    import polars as pl

    number = pl.int_range(pl.len())
    made = _made_up(int(int(count) / LINES_A_CUSTOMER * 1.2)).sample(int(count), seed=0, shuffle=True)
    made.select(
        order_id=pl.format("O{}", number),
        customer_id=pl.format("C{}", "customer"),
        ordered_on=pl.lit(END) - pl.duration(days=SEEN - pl.col("day")),
        line_amount=(number * 7919 % 9973 + 500).cast(pl.Decimal(38, 0)).cast(pl.Decimal(38, 4)) / 100,
    ).with_columns(pl.col("ordered_on").cast(pl.Date), pl.col("line_amount").cast(pl.Decimal(38, 4))).write_parquet(
        target
    )


def _made_up(count: int) -> Any:
    import numpy as np
    import polars as pl

    from tests.benchmarks.clv_coverage import order_days

    customer, day = order_days("bg-nbd", count, np.random.default_rng(0))
    return pl.DataFrame({"customer": customer, "day": day.astype(np.int64)}).filter(pl.col("day") < SEEN)


STEPS: dict[str, Callable[..., None]] = {
    "fit": fit,
    "score": score,
    "summary": summary,
    "cdnow": cdnow,
    "customers": customers,
    "lines": lines,
}

if __name__ == "__main__":
    main()
