"""What may be chosen, and what may not."""

import math

import pytest

from acrm.analysis.clv.params import ClvParams, horizon_days
from acrm.errors import UsageError


@pytest.mark.parametrize("word", ["", "m", "twelve", "inf", "1e400d", "nan", "12 months"])
def test_a_horizon_is_a_number_and_a_unit(word: str) -> None:
    with pytest.raises(UsageError, match="horizon"):
        horizon_days(word)


def test_decimal_commas_and_bare_months() -> None:
    assert (horizon_days("0,5y"), horizon_days("1.5m"), horizon_days("24")) == (183, 46, 730)


@pytest.mark.parametrize(
    "wrong",
    [
        {"horizon": 0},
        {"horizon": -91},
        {"discount": -0.1},
        {"discount": math.nan},
        {"margin": 1.01},
        {"interval": 1.0},
        {"interval": 0.0},
        {"model": "nbd"},
        {"model": "mbg-cnbd-5"},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, float | str]) -> None:
    with pytest.raises(UsageError):
        ClvParams(**wrong)  # type: ignore[arg-type]


def test_a_rate_per_year_is_compound() -> None:
    assert math.exp(-ClvParams(discount=0.1).rate * 365.25) == pytest.approx(1 / 1.1)
    assert ClvParams(discount=0.0).rate == 0
