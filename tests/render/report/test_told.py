"""What the sections share."""

from decimal import Decimal

from acrm import messages
from acrm.messages import Message
from acrm.render.report.told import amount, notes, period, to_do


def test_amounts_have_no_decimals_that_nobody_reads() -> None:
    assert amount(Decimal("1234.56"), "EUR") == "1,235\u00a0EUR"
    assert amount(-7.5) == "-7.50"
    messages.use("ru")
    assert amount(1234567.8) == "1\u00a0234\u00a0568"


def test_the_first_note_of_each_id_and_three_at_the_most() -> None:
    given = [Message(f"rfm.axis.{axis}") for axis in "rfm"] + [Message("rfm.segment.new"), Message("rfm.rule.spend")]
    assert list(notes(given, "rfm.rule.", "rfm.axis.", "rfm.none.").lines) == [
        "spend so far",
        "days since the last order",
    ]
    ids = ("rfm.axis.m", "rfm.axis.f", "rfm.axis.r", "rfm.segment.")
    assert list(notes(given, *ids).lines) == ["spend", "number of orders", "days since the last order"]


def test_what_is_not_known_is_not_said() -> None:
    assert period(None, "2025-01-01") == ""
    assert list(to_do("", "Call.").lines) == ["Call."]
