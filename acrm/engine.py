"""Where a reduction runs: on Polars here, or on a cluster that speaks Spark Connect.

A reduction (`acrm.summaries`) takes and returns lazy frames of one engine, whichever that is. This file collects them,
and is the only one that knows which engines there are.
"""

from __future__ import annotations

import os
import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from acrm.errors import InputError, UsageError

if TYPE_CHECKING:
    import polars as pl

PATIENCE = 10.0
"""Seconds within which a cluster must answer."""
RETRIES: dict[str, Any] = {"max_retries": 5, "max_backoff": 4_000}
"""How often a lost connection is tried again, at growing intervals (ms): about 20 seconds in all."""
_BUDGET = "POLARS_OOC_MEMORY_BUDGET_MB"
_UNITS = {"MB": 1, "GB": 1_000, "TB": 1_000_000}


@dataclass(frozen=True)
class Cluster:
    """A session on a cluster."""

    session: Any

    def parquet(self, path: Path | str) -> Any:
        """A Parquet file as a lazy frame of the cluster, which must see it under the same path, or URL.

        Raises:
            InputError: The cluster does not see it, or may not.
        """
        from pyspark.errors import AnalysisException, PySparkException

        is_url = "://" in str(path)
        url = path if is_url else f"file:///{Path(path).absolute().as_posix().removeprefix('/')}"
        frame = self.session.read.parquet(url)
        try:
            seen = frame.columns
        except PySparkException as error:
            if is_url:
                raise InputError("cluster_object", url=url, reason=_reason(error)) from error
            if isinstance(error, AnalysisException):
                raise InputError("cluster_path", path=path) from error
            raise
        # Sail takes a file that is not there for one without columns.
        if not seen:
            raise InputError("cluster_path", path=path)
        return frame


def collect_all(frames: Sequence[Any]) -> list[pl.DataFrame]:
    """The tables of lazy frames of one engine, in no order; what they have in common is read once where it can be.

    Whole numbers are Int64 whatever an engine counts with, so that tables of all engines are equal.
    """
    import polars as pl
    import polars.selectors as cs

    whole = cs.integer().cast(pl.Int64)
    if all(isinstance(frame, pl.LazyFrame) for frame in frames):
        return pl.collect_all([frame.with_columns(whole) for frame in frames], engine="streaming")
    return [pl.DataFrame(frame.toArrow()).with_columns(whole) for frame in frames]


def collect(frame: Any) -> pl.DataFrame:
    """The table of one lazy frame, see `collect_all`."""
    return collect_all([frame])[0]


def columns(frame: Any) -> list[str]:
    """The names of a lazy frame's columns."""
    import narwhals.stable.v2 as nw

    return list(nw.from_native(frame).collect_schema().names())


def height(frame: Any) -> int:
    """How many rows a lazy frame has."""
    import narwhals.stable.v2 as nw

    return int(collect(nw.from_native(frame).select(nw.len().alias("rows")).to_native()).item())


def coded(frame: Any, keys: Sequence[str]) -> Any:
    """The frame with those of its columns in the form that takes the least memory in groups.

    On Polars numbers, each text being kept once: half the memory.
    """
    import polars as pl

    if not isinstance(frame, pl.LazyFrame):
        return frame
    return frame.with_columns(pl.col(name).cast(pl.Categorical) for name in keys if name in columns(frame))


def only_here(frame: Any) -> None:
    """Refuse a frame of a cluster where what follows is done by Polars itself.

    Raises:
        InputError: It is one.
    """
    import polars as pl

    if not isinstance(frame, pl.LazyFrame):
        raise InputError("cluster_cannot")


def beside(small: pl.LazyFrame, frame: Any) -> Any:
    """A small table as the engine of another frame takes it."""
    import polars as pl

    if isinstance(frame, pl.LazyFrame):
        return small
    return frame.sparkSession.createDataFrame(small.collect().to_arrow(compat_level=pl.CompatLevel.oldest()))


@contextmanager
def cluster(remote: str) -> Iterator[Cluster]:
    """A session on the cluster of an address `sc://host:port`, ended with the block.

    Raises:
        InputError: There is no client, no such cluster, or what is asked of it inside the block fails.
        UsageError: The address is none.
    """
    try:
        with warnings.catch_warnings():
            # The client warns of releases of pandas, which nothing here goes through, and of what is raised as well.
            warnings.filterwarnings("ignore", module="pyspark")
            import grpc
            from pyspark.errors import PySparkException
            from pyspark.sql.connect.client import DefaultChannelBuilder
            from pyspark.sql.connect.client.retries import DefaultPolicy
            from pyspark.sql.connect.session import SparkSession
    except ImportError as error:
        raise InputError("no_spark_client", reason=error) from error
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="pyspark")
        try:
            address = DefaultChannelBuilder(remote)
        except (PySparkException, ValueError) as error:
            raise UsageError("bad_remote") from error
        try:
            with address.toChannel() as channel:
                grpc.channel_ready_future(channel).result(timeout=PATIENCE)
        except grpc.FutureTimeoutError as error:
            raise InputError("no_cluster", address=address.endpoint, seconds=PATIENCE) from error
        try:
            session = SparkSession.builder.channelBuilder(address).create()
            session.client.set_retry_policies([DefaultPolicy(**RETRIES)])
            session.conf.set("spark.sql.session.timeZone", "UTC")
            try:
                yield Cluster(session)
            finally:
                session.stop()
        except (PySparkException, grpc.RpcError) as error:
            raise InputError("cluster_failed", reason=_reason(error)) from error


@contextmanager
def within(memory: str | None, before: str | None = None) -> Iterator[bool]:
    """Let Polars put on disk what goes beyond so much memory; whether the installed Polars can is yielded.

    Args:
        memory: How much; None: as it is.
        before: What the environment says of it, which holds again afterwards.

    Raises:
        UsageError: The amount is none.
    """
    if memory is None:
        yield True
        return
    budget = megabytes(memory)
    import polars as pl

    # Polars marks its out-of-core budget as unstable: another release may not have it.
    if not hasattr(pl.Config, "reload_env_vars"):
        yield False
        return
    os.putenv(_BUDGET, str(budget))
    pl.Config.reload_env_vars()
    try:
        yield True
    finally:
        if before is None:
            os.unsetenv(_BUDGET)
        else:
            os.putenv(_BUDGET, before)
        pl.Config.reload_env_vars()


def megabytes(memory: str) -> int:
    """An amount of memory.

    >>> megabytes("4GB"), megabytes("1.5 gb"), megabytes("500mb")
    (4000, 1500, 500)

    Raises:
        UsageError: It is none, or below 1 MB.
    """
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([MGT]B)", memory.strip().upper())
    budget = int(float(found[1]) * _UNITS[found[2]]) if found else 0
    if not budget:
        raise UsageError("bad_memory", value=memory)
    return budget


def _reason(error: BaseException) -> str:
    """What an error says, in a line; those of gRPC say it further down."""
    said = str(error).strip()
    aside = re.search(r'^\s*details = "(.+)"$', said, re.MULTILINE)
    return aside[1] if aside else next(iter(said.splitlines()), type(error).__name__)
