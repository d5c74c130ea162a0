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
    from acrm.engine import Cluster
    from acrm.options import Run


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
    def running(self, run: Run) -> Iterator[Cluster | None]:
        """The cluster, None where there is none to be used; in the block the memory is limited.

        Raises:
            UsageError: A cluster without an address, an address typed without the engine; the memory is no amount.
            InputError: See `acrm.engine.cluster`.
        """
        remote = self.remote if self.engine == "spark" else None
        if self.engine == "spark" and not remote:
            raise UsageError("no_remote")
        # An address may stand in the environment for the runs that want it.
        if self.remote and not remote and "remote" in run.flags:
            raise UsageError("remote_idle")
        from acrm import engine

        with ExitStack() as stack:
            if not stack.enter_context(engine.within(self.memory, run.console.budget)):
                run.console.status(Message("engine.memory_unknown"))
            yield stack.enter_context(engine.cluster(remote)) if remote else None
