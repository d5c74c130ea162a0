"""acrm beside DuckDB and pandas on this machine: time, memory and their ratios, in one table.

    python -m tests.benchmarks [--quick] [--data DIR]

Every program runs in a process of its own, imports included, in turn with the others, and all must come to the same
figures before a time counts. Shown is the median of three runs: seconds by the clock, CPU seconds (user and system, all
threads: the figure to trust on a busy machine) and peak memory (from 20 MB up); then how many times acrm's each is
(above 1, acrm needs less), and, for 10 million lines, how many times that of 1 million.

The peers are the short scripts in `peers/`. Beside `clean` they only convert the file to Parquet: no columns found out,
no rules, no sorting, no fingerprint. Where acrm reads its store, they read that Parquet, which is what they have.

Data: Online Retail, `basket/online_retail.csv` in DIR (by default what ACRM_TEST_DATA names), left out where it is not;
and made-up lines, see `lines.py`. Files go to a temporary folder, about 4 GB of them. `--quick` runs everything once
and leaves out the 10 million lines: a minute instead of a quarter of an hour.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from functools import partial
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.measure import FOLDER, ROOT, Cost, beside, python, run

PEERS = Path(__file__).parent / "peers"
MILLION = 1_000_000
STARTS = 15
HEADER = f"""\
{"":<28}{"":<17}{"to acrm":^20}{"to 1 million":^20}
{"":<18}{"wall s":>8}{"cpu s":>8}{"MB":>7}{"wall":>8}{"cpu":>6}{"MB":>6}{"wall":>8}{"cpu":>6}{"MB":>6}
"""

Costs = Mapping[str, Cost]
acrm = partial(python, "-m", "acrm")


def main() -> None:
    """Measure everything and print each case when it is done."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="run once, at most a million lines")
    parser.add_argument("--data", metavar="DIR", type=Path, default=os.environ.get("ACRM_TEST_DATA", "."))
    asked = parser.parse_args()
    times, counts = (1, [MILLION]) if asked.quick else (3, [MILLION, 10 * MILLION])
    run(python("-m", "compileall", "-q", ROOT / "acrm"))

    versions = ", ".join(f"{name} {version(name)}" for name in ("polars", "duckdb", "pandas"))
    write(f"Python {platform.python_version()}, {versions}; {os.cpu_count()} cores\n\n{HEADER}")
    show(f"start-up, best of {STARTS}", start_up())
    with TemporaryDirectory(prefix="acrm-benchmarks-") as name:
        scratch = Path(name)
        retail = asked.data / "basket" / "online_retail.csv"
        if retail.exists():
            # A copy has just been in memory, as the made-up lines have.
            shutil.copy(retail, scratch)
            for case, costs in on_lines(scratch / retail.name, "2011-12-11", times):
                show(f"{case}, Online Retail (541,909 lines)", costs)
        else:
            write(f"\nOnline Retail is left out: there is no {retail}\n")
        smaller: dict[str, Costs] = {}
        for count in counts:
            csv = scratch / f"{count}.csv"
            run(python("-m", "tests.benchmarks.lines", count, csv))
            for case, costs in on_lines(csv, "2025-01-01", times):
                show(f"{case}, {count // MILLION} million lines", costs, smaller.get(case))
                smaller[case] = costs


def start_up() -> Costs:
    """The best of many starts, beside what Python and the peers need before they begin."""
    programs = {
        "acrm --help": acrm("--help"),
        "acrm rfm --help": acrm("rfm", "--help"),
        "python": python("-c", "pass"),
        "import duckdb": python("-c", "import duckdb"),
        "import pandas": python("-c", "import pandas"),
    }
    runs = [{name: run(command) for name, command in programs.items()} for _ in range(STARTS)]
    return {name: min((costs[name] for costs in runs), key=lambda cost: cost.cpu) for name in programs}


def on_lines(csv: Path, as_of: str, times: int) -> Iterator[tuple[str, Costs]]:
    """All cases on one file of lines: cleaned or converted, then RFM on the lines and on what that made of them."""
    scratch = csv.with_suffix("")
    store, parquet = scratch / "clean, CSV" / "acrm", scratch / "clean, CSV" / "duckdb" / "lines.parquet"
    for form, source in (("CSV", csv), ("Parquet", parquet)):
        programs = {
            "acrm": acrm("clean", source, "-q", "-o", FOLDER),
            "duckdb": python(PEERS / "convert_duckdb.py", source, FOLDER),
            "pandas": python(PEERS / "convert_pandas.py", source, FOLDER),
        }
        yield f"clean, {form}", beside(programs, scratch / f"clean, {form}", times)
    for form, ours, theirs in (("CSV", csv, csv), ("Parquet", parquet, parquet), ("store", store, parquet)):
        programs = {
            "acrm": acrm("rfm", ours, "--refunds", "ignore", "--as-of", as_of, "-q", "-o", FOLDER),
            "duckdb": python(PEERS / "rfm_duckdb.py", theirs, as_of, FOLDER),
            "pandas": python(PEERS / "rfm_pandas.py", theirs, as_of, FOLDER),
        }
        yield f"rfm, {form}", beside(programs, scratch / f"rfm, {form}", times)


def show(title: str, costs: Costs, smaller: Costs | None = None) -> None:
    """A case: what each program took, to the first of them and to what it took for fewer lines."""
    write(f"\n{title}\n")
    first = next(iter(costs.values()))
    for name, cost in costs.items():
        ratio = times(cost.times(first)) if cost is not first else f"{'':<20}"
        growth = times(cost.times(smaller[name])) if smaller else ""
        write(f"  {name:<18}{cost.wall:>6.2f}{cost.cpu:>8.2f}{cost.memory:>7,.0f}{ratio}{growth}".rstrip() + "\n")


def times(cost: Cost) -> str:
    """Factors, one after another."""
    return f"{cost.wall:>8.2f}{cost.cpu:>6.2f}{cost.memory:>6.2f}"


def write(words: str) -> None:
    """Print at once, so that a long run can be watched."""
    sys.stdout.write(words)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
