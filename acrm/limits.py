"""Limits that the user sets on figures of a summary: `--fail-on "rejected_share>0.01"`."""

from __future__ import annotations

import operator
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches

from acrm.errors import CheckFailed, UsageError
from acrm.messages import listed

_HOLDS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_FORM = re.compile(r"\s*(\w+(?:\.\w+)*)\s*(<=|>=|==|!=|<|>)\s*(-?\d+(?:\.\d+)?)\s*(%?)\s*", re.ASCII)


@dataclass(frozen=True)
class Limit:
    """A figure, a comparison and a number; the run fails when the comparison holds."""

    figure: str
    comparison: str
    number: Decimal

    @classmethod
    def parse(cls, expression: str) -> Limit:
        """Read `figure comparison number`; a percent sign divides by 100.

        >>> Limit.parse("rejected_share > 1%")
        Limit(figure='rejected_share', comparison='>', number=Decimal('0.01'))
        """
        match = _FORM.fullmatch(expression)
        if match is None:
            raise UsageError("bad_limit", expression=expression)
        figure, comparison, number, percent = match.groups()
        return cls(figure, comparison, Decimal(number) / (100 if percent else 1))

    def broken_by(self, summary: Mapping[str, object]) -> bool:
        """Whether the figure breaks the limit; one that could not be computed (None) does, as nothing vouches for it.

        >>> Limit.parse("orders<10").broken_by({"orders": 12}), Limit.parse("orders<10").broken_by({"orders": None})
        (False, True)
        """
        numbers = {name: value for name, value in summary.items() if _is_number(value)}
        if self.figure not in numbers:
            near = get_close_matches(self.figure, numbers, 1)
            id = "unknown_figure_near" if near else "unknown_figure"
            raise UsageError(id, name=self.figure, near="".join(near), known=listed(numbers))
        value = numbers[self.figure]
        return value is None or bool(_HOLDS[self.comparison](Decimal(str(value)), self.number))


def _is_number(value: object) -> bool:
    return value is None or (isinstance(value, int | float | Decimal) and not isinstance(value, bool))


def check(expressions: Iterable[str], summary: Mapping[str, object]) -> None:
    """Raise `CheckFailed` naming every limit that is broken, with the figure as it is.

    Raises:
        UsageError: An expression is not one, or names no number of the summary.
        CheckFailed: A limit is broken.
    """
    broken = [
        f"{expression} ({limit.figure} = {summary[limit.figure]})"
        for expression in expressions
        if (limit := Limit.parse(expression)).broken_by(summary)
    ]
    if broken:
        raise CheckFailed("limit", limits="; ".join(broken))
