from dataclasses import FrozenInstanceError
from decimal import Decimal

import pytest

from acrm import messages
from acrm.render.blocks import Col, money


def test_blocks_cannot_be_changed() -> None:
    col = Col("Spend", "money")
    with pytest.raises(FrozenInstanceError):
        col.label = "Orders"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("language", "written"), [("en", "-1,234,567.50\u00a0RUB"), ("ru", "-1\u00a0234\u00a0567,50\u00a0RUB")]
)
def test_money_follows_the_language(language: str, written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "_language", language)
    assert money(Decimal("-1234567.5"), "RUB") == written


def test_money_without_a_known_currency_names_none() -> None:
    assert money(Decimal("0.005")) == "0.00"
