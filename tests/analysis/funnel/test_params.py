"""What cannot be asked."""

from __future__ import annotations

import pytest

from acrm.analysis.funnel.params import FunnelParams
from acrm.errors import UsageError


@pytest.mark.parametrize(
    "asked",
    [
        {"sla": 0.0},
        {"sla": 1e6},
        {"by": ("amount",)},
        {"by": ("owner", "status")},
        {"stages": ("A", "A")},
        {"stages": ("New", "new")},
    ],
)
def test_it_is_refused(asked: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        FunnelParams(**asked)  # type: ignore[arg-type]
