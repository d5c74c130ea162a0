from typing import Any

import pytest

from acrm.analysis.sequence.params import SequenceParams
from acrm.errors import UsageError


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"of": "birds"}, "sequence_of"),
        ({"min_support": 0.0}, "sequence_share"),
        ({"min_support": 5.0}, "sequence_share"),
        ({"min_confidence": 1.1}, "sequence_share"),
        ({"max_gap": 0}, "sequence_days"),
        ({"window": float("nan")}, "sequence_days"),
        ({"min_gap": 10, "max_gap": 5}, "sequence_gaps"),
        ({"min_gap": 10, "window": 5}, "sequence_gaps"),
        ({"max_length": 1}, "sequence_length"),
    ],
)
def test_what_has_no_meaning_is_refused(given: dict[str, Any], error: str) -> None:
    with pytest.raises(UsageError) as refused:
        SequenceParams(**given)
    assert refused.value.id == error
    assert str(refused.value)
