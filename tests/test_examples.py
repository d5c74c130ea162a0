"""The shipped examples: the slice is what its page says, the scripts do what their comments say."""

from __future__ import annotations

import csv
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"
STUB = """\
import os, pathlib, sys
with open(os.environ["LOG"], "a", encoding="utf-8") as log:
    print(*sys.argv[1:], file=log)
if "--out" in sys.argv:
    pathlib.Path(sys.argv[sys.argv.index("--out") + 1]).mkdir(parents=True, exist_ok=True)
sys.exit(int(os.environ.get("CODE_" + sys.argv[1], "0")))
"""
Script = Callable[..., tuple[int, list[str]]]

SHELL = shutil.which("sh") or ""
unix = pytest.mark.skipif(os.name == "nt" or not SHELL, reason="needs a Unix shell")


@pytest.fixture
def script(tmp_path: Path) -> Script:
    """Run a script of the examples with an `acrm` that notes its words and ends with the code asked for."""
    (tmp_path / "stub.py").write_text(STUB, encoding="utf-8")
    acrm = tmp_path / "acrm"
    acrm.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "{tmp_path}/stub.py" "$@"\n', encoding="utf-8")
    acrm.chmod(0o755)
    log = tmp_path / "log"

    def run(name: str, *words: str, **environ: object) -> tuple[int, list[str]]:
        log.write_text("", encoding="utf-8")
        variables = {"ACRM": acrm, "LOG": log, "BASE": tmp_path / "base", **environ}
        ran = subprocess.run(
            [SHELL, EXAMPLES / name, *words],
            env=dict(os.environ, **{key: str(value) for key, value in variables.items()}),
            check=False,
            capture_output=True,
        )
        return ran.returncode, log.read_text(encoding="utf-8").splitlines()

    return run


@pytest.fixture
def base(tmp_path: Path) -> Path:
    (tmp_path / "base" / "inbox").mkdir(parents=True)
    return tmp_path / "base"


def test_the_slice_is_what_its_page_says() -> None:
    with (EXAMPLES / "online_retail_slice.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    invoices: dict[str, list[str]] = {}
    for row in rows:
        invoices.setdefault(row["CustomerID"], []).append(row["InvoiceNo"])
    page = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    assert f"{len(rows):,} of the {len(invoices)} customers" in page
    for customer, own in invoices.items():
        assert float(customer) % 5 == 0
        assert len(own) <= 8 * len(set(own))


def test_the_slice_is_untouched_and_whole(data: Path) -> None:
    content = (EXAMPLES / "online_retail_slice.csv").read_bytes().splitlines()
    customers = {line.rsplit(b",", 2)[1] for line in content[1:]}
    source = (data / "basket" / "online_retail.csv").read_bytes().splitlines()
    assert content == source[:1] + [line for line in source[1:] if line.rsplit(b",", 2)[1] in customers]


@unix
def test_nightly_reads_what_is_new_and_puts_it_away(script: Script, base: Path) -> None:
    (base / "inbox" / "a b.csv").write_text("x", encoding="utf-8")
    code, ran = script("nightly.sh")
    assert (code, [line.split()[0] for line in ran]) == (0, ["clean", "rfm"])
    assert f"clean {base}/work --out {base}/store" in ran[0]
    assert (base / "nightly.log").exists()
    night = ran[1].split("results/")[1].split()[0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", night)
    assert (base / "done" / night / "a b.csv").exists()
    assert list((base / "inbox").iterdir()) == list((base / "work").iterdir()) == []
    assert script("nightly.sh") == (0, [])
    (base / "inbox" / "b.csv").write_text("x", encoding="utf-8")
    assert script("nightly.sh")[1][0].startswith(f"clean {base}/work --out {base}/store")


@unix
@pytest.mark.parametrize(("failing", "steps"), [("clean", 1), ("rfm", 2)])
def test_nightly_ends_with_the_code_of_what_failed(script: Script, base: Path, failing: str, steps: int) -> None:
    (base / "inbox" / "a.csv").write_text("x", encoding="utf-8")
    code, ran = script("nightly.sh", **{f"CODE_{failing}": 3})
    assert (code, len(ran)) == (3, steps)
    assert (base / "work" / "a.csv").exists(), "it waits for the next night"
    assert script("nightly.sh")[0] == 0


@unix
def test_nightly_keeps_the_newest_results(script: Script, base: Path) -> None:
    for day in ("01", "02", "03"):
        (base / "results" / f"2020-01-{day}").mkdir(parents=True)
    (base / "inbox" / "a.csv").write_text("x", encoding="utf-8")
    assert script("nightly.sh", KEEP=2)[0] == 0
    assert sorted(path.name for path in (base / "results").iterdir())[:-1] == ["2020-01-03"]


@unix
@pytest.mark.parametrize("expected", [0, 1, 3])
def test_ci_hands_on_the_exit_code(script: Script, expected: int) -> None:
    code, ran = script("ci.sh", "a.csv", "b.csv", CODE_clean=expected)
    assert (code, ran) == (expected, ["clean a.csv b.csv --dry-run --fail-on rejected_share>0.01"])
