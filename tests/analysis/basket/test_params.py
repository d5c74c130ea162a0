from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from acrm.analysis.basket.params import BasketParams
from acrm.errors import UsageError


@pytest.mark.parametrize(
    "wrong",
    [
        {"basket_is": "week"},
        {"refunds": "some"},
        {"itemsets": "few"},
        {"min_support": 0},
        {"min_support": 1.5},
        {"min_confidence": 1.2},
        {"min_lift": -1},
        {"discount": Decimal(1)},
        {"holdout": 1.0},
        {"rhs_size": 0},
        {"max_length": 1},
        {"level": ()},
        {"level": ("item", "item")},
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        BasketParams(**wrong)


def test_a_support_is_a_share_or_a_number_of_baskets() -> None:
    assert [BasketParams(min_support=support).min_support for support in (0.001, 1, 25)] == [0.001, 1, 25]
