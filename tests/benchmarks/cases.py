"""What is measured: the programs of each case, and what one of them does more or less than the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from importlib.util import find_spec
from math import ceil

from tests.benchmarks.inputs import MILLION, PEERS, RETAIL, Inputs
from tests.benchmarks.measure import FOLDER, python

Programs = dict[str, Sequence[str]]
acrm = partial(python, "-m", "acrm")
part = partial(python, "-m", "tests.benchmarks.parts")
ITEMSETS = {
    "PyFIM fpgrowth": "fim",
    "PyFIM eclat": "fim",
    "mlxtend fpgrowth, sparse": "mlxtend",
    "mlxtend fpgrowth, dense": "mlxtend",
    "mlxtend hmine, dense": "mlxtend",
    "Efficient-Apriori": "efficient_apriori",
}
"""Programs of `peers/itemsets.py`, and what each needs."""
REAL_BASKETS = {
    "groceries": ("Groceries", 9_835, 0.001),
    "online": ("Online Retail", 19_960, 0.01),
    "t10i4": ("T10I4D100K", 100_000, 0.001),
}
WINDOW, LAST = 90, date(2024, 12, 30)
"""Days of a window of churn, and the last day of the made-up shop."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A row or some rows of the table.

    Attributes:
        note: What is compared; where it says nothing, all do the same.
        programs: Titles, and for each the programs by name, acrm first.
        real: Whether it is run on real data too, then said to have the lines of Online Retail.
        most: Lines beyond which it is not run.
    """

    note: str
    programs: Callable[[Inputs, int], Iterator[tuple[str, Programs]]]
    real: bool = False
    most: int | None = None


def peer(name: str, *words: object) -> list[str]:
    """The command line of a script in `peers/`."""
    return python(PEERS / f"{name}.py", *words)


def as_of(lines: int) -> date:
    """The day after the last."""
    return date(2011, 12, 10) if lines == RETAIL else LAST + timedelta(days=1)


def _clean(inputs: Inputs, lines: int) -> Iterator[tuple[str, Programs]]:
    csv = inputs.csv(lines)
    programs: Programs = {"acrm": acrm("clean", csv, "-q", "-o", FOLDER)}
    yield "clean", programs | {name: peer(f"convert_{name}", csv, FOLDER) for name in ("duckdb", "polars", "pandas")}


def _rfm(inputs: Inputs, lines: int) -> Iterator[tuple[str, Programs]]:
    day = as_of(lines)
    csv, parquet, store = inputs.csv(lines), inputs.parquet(lines), inputs.store(lines)
    for form, ours, theirs in (("CSV", csv, csv), ("Parquet", parquet, parquet), ("store", store, parquet)):
        programs: Programs = {"acrm": acrm("rfm", ours, "--refunds", "ignore", "--as-of", day, "-q", "-o", FOLDER)}
        programs |= {name: peer(f"rfm_{name}", theirs, day, FOLDER) for name in ("duckdb", "polars", "pandas")}
        yield f"rfm, {form}", programs


def _reduced(name: str, peers: Sequence[str], inputs: Inputs, lines: int) -> Iterator[tuple[str, Programs]]:
    day, parquet = as_of(lines), inputs.parquet(lines)
    programs: Programs = {"acrm": part(name, inputs.store(lines), FOLDER, day)}
    yield name, programs | {who: peer(f"{name}_{who}", parquet, day, FOLDER) for who in peers if _there(who)}


def _fit(inputs: Inputs, lines: int) -> Iterator[tuple[str, Programs]]:
    file = inputs.histories(lines // 10)
    programs: Programs = {"acrm": part("fit", file, FOLDER)}
    if _there("lifetimes"):
        programs["lifetimes"] = peer("fit_lifetimes", file, FOLDER)
    yield f"fit, {lines // 10:,} customers", programs


def _itemsets(inputs: Inputs, lines: int) -> Iterator[tuple[str, Programs]]:
    if lines != RETAIL:
        file, least = inputs.baskets("zipf", lines), ceil(lines / 5.6 / 1000)
        yield (
            "itemsets, 0.1%",
            {
                "acrm": part("itemsets", file, FOLDER, least),
                **{
                    name: peer("itemsets", name, file, least, FOLDER)
                    for name, module in ITEMSETS.items()
                    # A dense table of 50,000 items would take all memory; mlxtend makes one of a sparse table too.
                    if module != "mlxtend" and _there(module)
                },
            },
        )
        return
    for name, (title, baskets, support) in REAL_BASKETS.items():
        file, least = inputs.baskets(name), ceil(round(support * baskets, 6))
        programs: Programs = {"acrm": part("itemsets", file, FOLDER, least)}
        for who, module in ITEMSETS.items():
            if _there(module):
                programs[who] = peer("itemsets", who, file, least, FOLDER)
        yield f"itemsets, {title}, {support:.1%}", programs
    file = inputs.baskets("groceries")
    yield (
        "rules, Groceries, 0.1%",
        {
            "acrm": part("rules", file, FOLDER, 10),
            "mlxtend": peer("itemsets", "mlxtend, rules", file, 10, FOLDER),
        },
    )


def _matching(inputs: Inputs, lines: int) -> Iterator[tuple[str, Programs]]:
    # acrm, too, needs splink for this.
    if _there("splink"):
        file = inputs.contacts(lines // 10)
        programs: Programs = {"acrm": part("matching", file, FOLDER), "splink": peer("matching_splink", file, FOLDER)}
        yield f"matching, {lines // 10:,} contacts", programs


def _churn(inputs: Inputs, lines: int) -> Iterator[tuple[str, Programs]]:
    store = inputs.shop(lines)
    yield (
        "churn",
        {
            "acrm": acrm("churn", store, "--window", WINDOW, "-q", "-o", FOLDER),
            "scikit-learn": peer("churn_pandas", store, LAST - timedelta(days=WINDOW), as_of(lines), WINDOW, FOLDER),
        },
    )


def _segment(inputs: Inputs, lines: int) -> Iterator[tuple[str, Programs]]:
    file = inputs.kinds(lines // 10)
    programs: Programs = {"acrm": part("segment", file, FOLDER), "scikit-learn": peer("segments_sklearn", file, FOLDER)}
    yield f"segment, {lines // 10:,} customers", programs


def _report(inputs: Inputs, lines: int) -> Iterator[tuple[str, Programs]]:
    csv, day = inputs.csv(lines), as_of(lines)
    programs: Programs = {"acrm": acrm("report", csv, "--as-of", day, "-q", "-o", FOLDER)}
    if _there("lifetimes"):
        programs["notebook"] = peer("notebook", csv, day, FOLDER)
    yield "report", programs


def _tight(inputs: Inputs, lines: int) -> Iterator[tuple[str, Programs]]:
    file, day = inputs.wide(lines), as_of(lines)
    ours = acrm("rfm", file, "--refunds", "ignore", "--as-of", day, "-q", "-o", FOLDER)
    yield (
        "rfm, Parquet, within 2 GB",
        {
            "acrm": [*ours, "--memory", "2GB"],
            "acrm, no limit": ours,
            "duckdb": peer("rfm_duckdb", file, day, FOLDER, "2GB"),
            "duckdb, no limit": peer("rfm_duckdb", file, day, FOLDER),
        },
    )


def _there(module: str) -> bool:
    return find_spec(module) is not None


CASES: dict[str, Case] = {
    "clean": Case(
        programs=_clean,
        real=True,
        note="from CSV to a store; the others only convert the file to Parquet: no columns found out, no rules, no "
        "sorting, no fingerprint",
    ),
    "rfm": Case(
        programs=_rfm,
        real=True,
        note="customers, scores, segments; where acrm reads its store, the others read Parquet. The tables of "
        "customers are equal; pandas breaks ties of scores by position",
    ),
    "cohorts": Case(
        programs=partial(_reduced, "cohorts", ("duckdb", "pandas")),
        real=True,
        note="retention by month of the first order; acrm, from its store, also makes revenue of cells, intervals and "
        "the account of lines left out",
    ),
    "windows": Case(
        programs=partial(_reduced, "windows", ("duckdb", "pandas")),
        real=True,
        note="orders and net spend of each customer in three windows up to 180 days back; acrm from its store",
    ),
    "summary": Case(
        programs=partial(_reduced, "summary", ("lifetimes",)),
        real=True,
        most=10 * MILLION,
        note="sale lines to frequency, recency, age and mean spend of each customer; acrm from its store",
    ),
    "fit": Case(
        programs=_fit,
        note="BG/NBD; a customer for ten lines; the step alone, without imports and reading",
    ),
    "itemsets": Case(
        programs=_itemsets,
        real=True,
        note="the search alone; acrm starts from arrays of codes, the others from lists of text in memory; made-up "
        "baskets have 50,000 items, too many for mlxtend",
    ),
    "matching": Case(
        programs=_matching,
        most=10 * MILLION,
        note="who is one person; the peer is splink as its tutorial drives it. acrm drives splink too, with more rules "
        "for candidates and more ways to be alike: alphabets, order of names, swapped dates",
    ),
    "churn": Case(
        programs=_churn,
        note="the peer fits one boosting once; acrm also learns from four cutoffs, looks for leaks, chooses between "
        "models, calibrates, tries three later windows beside simple rules, gives intervals, reasons and values",
    ),
    "segment": Case(
        programs=_segment,
        most=10 * MILLION,
        note="thirty columns, a customer for ten lines; the peer fits k-means for k = 2 to 8 and takes the highest "
        "silhouette; acrm also tests for structure and stability",
    ),
    "report": Case(
        programs=_report,
        real=True,
        most=10 * MILLION,
        note="raw CSV to a page with charts; figures, RFM and cohorts are equal. The notebook has its columns typed "
        "in, fits every model once and tests none on later time; acrm also finds the columns out, tests and bounds "
        "every model, and decides whom to do what for; it counts offers, regions, repeat times and decisions too",
    ),
    "tight": Case(
        programs=_tight,
        note="RFM of 10 million customers of 50 million lines with memory limited; not run unless it is named",
    ),
}
