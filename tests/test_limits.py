"""`--fail-on`: what is a limit, and which figures break it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from acrm.errors import CheckFailed, UsageError
from acrm.limits import Limit, check

SUMMARY: dict[str, object] = {
    "rejected_share": Decimal("0.0125"),
    "rows": 12,
    "spend": 0.1,
    "silhouette": None,
    "currency": "GBP",
    "done": True,
    "customers.email.valid": 0.85,
}


@pytest.mark.parametrize(
    ("expression", "broken"),
    [
        ("rejected_share>0.01", True),
        ("rejected_share > 1.25%", False),
        ("rejected_share >= 1.25%", True),
        ("rows<12", False),
        ("rows <= 12", True),
        ("rows==12", True),
        ("rows!=12", False),
        ("rows>-1", True),
        ("spend==0.1", True),
        ("silhouette<0.2", True),
        ("silhouette>0.2", True),
        ("customers.email.valid<0.9", True),
        ("customers.email.valid < 80%", False),
    ],
)
def test_broken(expression: str, broken: bool) -> None:
    assert Limit.parse(expression).broken_by(SUMMARY) is broken


@pytest.mark.parametrize("expression", ["rows", "rows>", ">1", "rows=1", "rows>x", "rows>1 and rows<3", "exit()"])
def test_no_limit(expression: str) -> None:
    with pytest.raises(UsageError, match="is not a limit"):
        Limit.parse(expression)


@pytest.mark.parametrize(("name", "hint"), [("rejected", "did you mean rejected_share"), ("zzz", "")])
def test_unknown_figure(name: str, hint: str) -> None:
    with pytest.raises(UsageError, match="rejected_share, rows, spend, silhouette") as raised:
        check([f"{name}>1"], SUMMARY)
    assert str(raised.value.hint or "") == hint


@pytest.mark.parametrize("name", ["currency", "done"])
def test_only_numbers_are_compared(name: str) -> None:
    with pytest.raises(UsageError):
        check([f"{name}==1"], SUMMARY)


def test_all_broken_limits_are_named_with_their_figures() -> None:
    check(["rows>12"], SUMMARY)
    with pytest.raises(CheckFailed) as raised:
        check(["rows>11", "rows>12", "silhouette<0.2"], SUMMARY)
    assert raised.value.exit_code == 1
    assert str(raised.value) == "limit reached: rows>11 (rows = 12); silhouette<0.2 (silhouette = None)"
