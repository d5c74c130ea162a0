"""What happened with one customer."""

from decimal import Decimal

from acrm.analysis.report.timeline import kind_name, timeline
from tests.analysis.report.known import ago, tables


def test_everything_that_happened_the_newest_first() -> None:
    found = timeline("c1", tables())
    assert found["day"].is_sorted(descending=True)
    kinds = found["kind"].value_counts().sort("kind").rows()
    assert dict(kinds) == {
        "call": 1,
        "cancelled": 1,
        "contract": 1,
        "contract_end": 1,
        "deal": 1,
        "deal_lost": 1,
        "order": 5,
        "payment": 1,
        "refund": 1,
        "ticket": 2,
    }
    rows = {(row["kind"], row["day"]): row for row in found.iter_rows(named=True)}
    assert rows["order", ago(50)]["what"] == "o0: tea"
    assert rows["refund", ago(48)]["amount"] == Decimal(-4)
    assert rows["deal_lost", ago(35)] == {"day": ago(35), "kind": "deal_lost", "what": "d1: price", "amount": None}
    assert rows["contract_end", ago(35)]["what"] == "gold"
    assert rows["ticket", ago(3)]["what"] == "broken"


def test_order_of_rows_does_not_matter() -> None:
    backwards = {name: frame.reverse() for name, frame in tables().items()}
    assert timeline("c1", tables()).equals(timeline("c1", backwards))
    assert timeline("c9", tables()).is_empty()
    assert timeline("c1", {}).is_empty()


def test_kinds_have_names_and_strange_ones_their_own() -> None:
    assert (kind_name("deal_won"), kind_name("fax")) == ("deal won", "fax")
