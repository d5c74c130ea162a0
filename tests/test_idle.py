"""Options that would do nothing are told by name."""

from __future__ import annotations

import pytest

from acrm.errors import UsageError
from acrm.idle import refuse_idle

SERVES = {"by": ("bins", "sample"), "min_size": ("k",)}
BESIDE = {"bins": ("sample", "min_size")}


@pytest.mark.parametrize("typed", [[], ["by", "sample"], ["bins", "by"], ["k", "min_size"], ["lang"]])
def test_what_serves_is_let_through(typed: list[str]) -> None:
    refuse_idle(typed, serves=SERVES, beside=BESIDE)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        (["by"], "--by does nothing without --bins / --sample"),
        (["min_size"], "--min-size does nothing without --k"),
        (["sample", "bins"], "--sample does nothing beside --bins"),
        (["min_size", "k", "bins"], "--min-size does nothing beside --bins"),
    ],
)
def test_what_does_nothing_is_named(typed: list[str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        refuse_idle(typed, serves=SERVES, beside=BESIDE)
