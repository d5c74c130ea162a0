"""acrm beside other programs on this machine: time, memory and their ratios, in one table.

    python -m tests.benchmarks [CASE...] [--lines 1,10,50] [--quick] [--markdown] [--data DIR]

Every program runs in a process of its own, imports and reading included unless a case says otherwise, in turn with the
others, and all must come to the same figures before a time counts. Shown is the median of three runs, or the one of
what takes more than a minute. CPU seconds are the figure to trust on a busy machine. Programs that are not installed
are left out; all of them: `pip install ".[dev]" lifetimes efficient-apriori pyfim`.

Data is made up from seeds, in a temporary folder: about 1 GB for 10 million lines, 6 GB for 50. With DIR (by default
what ACRM_TEST_DATA names), which has `basket/online_retail.csv`, that too is measured. `--quick` runs everything once,
on a million lines.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.benchmarks.cases import CASES
from tests.benchmarks.inputs import MILLION, RETAIL, Inputs, compiled
from tests.benchmarks.measure import Ran, RunError, beside, python, run
from tests.benchmarks.table import LEGEND, Table

PACKAGES: tuple[str, ...] = ("acrm", "polars", "duckdb", "pandas", "scikit-learn", "splink")
PACKAGES += ("lifetimes", "mlxtend", "pyfim", "efficient-apriori")
START = "start-up"
STARTS = 15
TIGHT = "tight"


def main() -> int:
    """Measure everything that is asked for; 1 if a program failed or results differed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("cases", metavar="CASE", nargs="*", help=f"{START}, {', '.join(CASES)}; default: but {TIGHT}")
    parser.add_argument("--lines", metavar="N,...", type=_millions, help="order lines in millions; default 1,10")
    parser.add_argument("--quick", action="store_true", help="run once, a million lines")
    parser.add_argument("--markdown", action="store_true", help="a table to paste")
    parser.add_argument("--data", metavar="DIR", type=Path, default=os.environ.get("ACRM_TEST_DATA", "."))
    asked = parser.parse_args()
    names = asked.cases or [START, *(name for name in CASES if name != TIGHT)]
    if unknown := set(names) - {START, *CASES}:
        parser.error(f"no case {', '.join(sorted(unknown))}: {START}, {', '.join(CASES)}")
    compiled()
    sys.stdout.write(f"{machine()}\n\n")
    table = Table(markdown=asked.markdown)
    table.head()
    times = 1 if asked.quick else 3
    sizes = asked.lines or ([MILLION] if asked.quick else [MILLION, 10 * MILLION])
    good = True
    with TemporaryDirectory(prefix="acrm-benchmarks-") as folder:
        inputs = Inputs(scratch=Path(folder), data=asked.data)
        for name in names:
            if name == START:
                table.case(START, "", starts(1 if asked.quick else STARTS))
            elif name == TIGHT and not asked.lines:
                good &= measured(TIGHT, inputs, table, [50 * MILLION], times)
            else:
                good &= measured(name, inputs, table, sizes, times)
    notes = [f"- {name}: {CASES[name].note}." for name in names if name in CASES]
    sys.stdout.write("\n".join(["", LEGEND, *notes, ""]))
    return 0 if good else 1


def measured(name: str, inputs: Inputs, table: Table, sizes: Sequence[int], times: int) -> bool:
    """One case on all its data; whether every program came to the figures of acrm."""
    case = CASES[name]
    real = [RETAIL] if case.real and inputs.retail.exists() else []
    good = True
    for lines in (*real, *(lines for lines in sizes if case.most is None or lines <= case.most)):
        label = "real" if lines == RETAIL else f"{lines / MILLION:g} million"
        try:
            for place, (title, programs) in enumerate(case.programs(inputs, lines)):
                ran = beside(programs, inputs.scratch / "case", times)
                good &= all(found.cost for found in ran.values())
                table.case(title, label, ran, None if lines == RETAIL else f"{name} {place}")
        except RunError as error:
            # What a case reads could not be made.
            table.case(name, label, {"": Ran(cost=None, told=str(error))})
            good = False
    return good


def starts(times: int) -> dict[str, Ran]:
    """The best of many starts, beside what Python and others need before they begin."""
    programs = {
        "acrm --help": python("-m", "acrm", "--help"),
        "acrm rfm --help": python("-m", "acrm", "rfm", "--help"),
        "python": python("-c", "pass"),
        "import duckdb": python("-c", "import duckdb"),
        "import pandas": python("-c", "import pandas"),
    }
    runs = [{name: run(command) for name, command in programs.items()} for _ in range(times)]
    return {name: Ran(cost=min((costs[name] for costs in runs), key=lambda cost: cost.cpu)) for name in programs}


def machine() -> str:
    """When, on what, with what."""
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            found.append(f"no {package}")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB"
    today = datetime.now(tz=UTC).date()
    return f"{today}; {system}; Python {platform.python_version()}; {', '.join(found)}"


def _millions(words: str) -> list[int]:
    return [round(float(word) * MILLION) for word in words.split(",")]


if __name__ == "__main__":
    sys.exit(main())
