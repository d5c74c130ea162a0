"""Options that were typed and would do nothing: told at once, instead of a result that leaves them out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from acrm.errors import UsageError


def refuse_idle(
    typed: Iterable[str], *, serves: Mapping[str, tuple[str, ...]], beside: Mapping[str, tuple[str, ...]]
) -> None:
    """Refuse options that do nothing without another one, or beside it.

    >>> refuse_idle(["top", "lookalike"], serves={"top": ("lookalike",)}, beside={"bins": ("k",)})
    >>> refuse_idle(["top"], serves={"top": ("lookalike",)}, beside={})
    Traceback (most recent call last):
    ...
    acrm.errors.UsageError: --top does nothing without --lookalike

    Args:
        typed: Names of the options that were typed, not those of a configuration, which serves many runs.
        serves: By option, those of which it needs one.
        beside: By option, those that do nothing beside it.

    Raises:
        UsageError: The first such option.
    """
    names = list(typed)
    for other in (one for one in beside if one in names):
        for name in (one for one in names if one in beside[other]):
            raise UsageError("option_beside", option=_flag(name), other=_flag(other))
    for name in names:
        needed = serves.get(name, ())
        if needed and not set(needed) & set(names):
            raise UsageError(
                "option_idle", option=_flag(name), needed=" / ".join(map(_flag, needed)), first=_flag(needed[0])
            )


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
