"""Where the big reductions of a command run, and within how much memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from acrm.errors import UsageError
from acrm.messages import Message

if TYPE_CHECKING:
    from acrm.console import Console
    from acrm.engine import Cluster


@dataclass(frozen=True, kw_only=True)
class Computing:
    """Where the order lines are reduced to customers; whatever it is, the result is the same."""

    engine: Annotated[
        Literal["polars", "spark"],
        typer.Option("--engine", help="Reduce order lines here, or on a cluster: docs/scale.md."),
    ] = "polars"
    remote: Annotated[
        str | None, typer.Option("--remote", metavar="URL", help="For spark: the cluster, sc://host:15002.")
    ] = None
    memory: Annotated[
        str | None,
        typer.Option("--memory", metavar="SIZE", help="Reductions beyond this go to disk: 4GB. Default: no limit."),
    ] = None

    @contextmanager
    def running(self, console: Console) -> Iterator[Cluster | None]:
        """The cluster, None where there is none to be used; in the block the memory is limited.

        Raises:
            UsageError: A cluster without an address, an address without the engine; the memory is no amount.
            InputError: See `acrm.engine.cluster`.
        """
        if (self.engine == "spark") is not bool(self.remote):
            raise UsageError("remote_idle" if self.remote else "no_remote")
        from acrm import engine

        with ExitStack() as stack:
            if not stack.enter_context(engine.within(self.memory)):
                console.status(Message("engine.memory_unknown"))
            yield stack.enter_context(engine.cluster(self.remote)) if self.remote else None
