"""Clusters on this machine for the tests: Sail in this process, and Apache Spark where it is at hand.

Apache Spark is the folder that ACRM_TEST_SPARK names, as `pip install --target DIR --no-deps pyspark` leaves it in
`DIR/pyspark`; it needs Java 17. All of its processes end with the block, or with the tests if these are killed.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import MappingProxyType

import pytest

SPARK = os.environ.get("ACRM_TEST_SPARK")
PATIENCE = 120
"""Seconds within which Apache Spark must have started."""

# Short questions are answered before the second compiler of Java pays: half the CPU time without it.
_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
# Whatever ends the input of this shell, the end of the block or that of the tests, ends all that it started.
_START = """
if [ "$1" ]; then
    "$SPARK_HOME"/bin/spark-class org.apache.spark.deploy.master.Master --host localhost --port "$1" --webui-port 0 &
    for worker in 1 2; do
        "$SPARK_HOME"/bin/spark-class org.apache.spark.deploy.worker.Worker --host localhost --webui-port 0 \
            --cores 1 --memory 1g "spark://localhost:$1" &
    done
fi
shift
{
    "$SPARK_HOME"/bin/spark-submit --class org.apache.spark.sql.connect.service.SparkConnectServer "$@" spark-internal
    kill -KILL 0
} &
cat
kill -KILL 0
"""


@contextmanager
def sail(_folder: Path | None = None) -> Iterator[str]:
    """The address of Sail."""
    server = pytest.importorskip("pysail.spark").SparkConnectServer()
    server.start(background=True)
    yield f"sc://localhost:{server.listening_address[1]}"
    server.stop()


@contextmanager
def spark(folder: Path, *, workers: bool = False) -> Iterator[str]:
    """The address of Apache Spark: one process, or a master and two workers with one core each.

    Args:
        folder: Where it writes what it must.
        workers: Whether it is to be a standalone cluster.
    """
    if not SPARK or not shutil.which("java"):
        pytest.skip("there is no Java" if SPARK else "ACRM_TEST_SPARK names no Apache Spark")
    port, at = _free_port(), str(_free_port()) if workers else ""
    settings = {
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": port,
        "spark.driver.extraJavaOptions": _JAVA,
        "spark.executor.extraJavaOptions": _JAVA,
        "spark.executor.memory": "512m",
        "spark.sql.shuffle.partitions": 2,
        "spark.ui.enabled": "false",
    }
    named = [word for name, value in settings.items() for word in ("--conf", f"{name}={value}")]
    environ = {
        "SPARK_HOME": SPARK,
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder),
        "SPARK_WORKER_DIR": str(folder),
        "SPARK_DAEMON_JAVA_OPTS": _JAVA,
    }
    master = f"spark://localhost:{at}" if workers else "local[2]"
    command = ["bash", "-c", _START, "spark", at, "--master", master, *named]
    log = folder / "spark.log"
    with (
        log.open("wb") as said,
        subprocess.Popen(
            command,
            env=os.environ | environ,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=said,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        ) as shell,
    ):
        _wait(port, shell, log)
        yield f"sc://localhost:{port}"


CLUSTERS: Mapping[str, Callable[[Path], AbstractContextManager[str]]] = MappingProxyType(
    {"sail": sail, "spark": spark, "spark with two workers": lambda folder: spark(folder, workers=True)}
)


def _wait(port: int, shell: subprocess.Popen[bytes], log: Path) -> None:
    """Until something listens there."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and shell.poll() is None:
        with socket.socket() as caller:
            if caller.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail(f"Apache Spark did not start:\n{log.read_text(errors='replace')[-3000:]}")


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])
