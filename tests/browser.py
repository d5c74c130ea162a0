"""A headless Chromium without network, driven over a pipe: what a page asks for, says and shows."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, Queue
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--hide-scrollbars",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--remote-debugging-pipe",
)
PATIENCE = 60.0
"""Seconds to wait for an answer."""


def program() -> str | None:
    """The browser of this machine, if it has one that can be driven: Windows has no such pipes."""
    if os.name != "posix":
        return None
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass
class Tab:
    """One open page; `requests` and `complaints` gather while it is used."""

    send: Any
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def evaluate(self, script: str) -> Any:
        """The value of an expression in the page, promises awaited."""
        answer = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError(answer["exceptionDetails"])
        return answer["result"].get("value")

    def until(self, condition: str) -> None:
        """Wait until an expression is true."""
        wait = "new Promise(done => { const ask = () => (%s) ? done(true) : setTimeout(ask, 20); ask(); })"
        assert self.evaluate(wait % condition)

    def look(self, *, width: int = 1280, height: int = 900, dark: bool = False, media: str = "") -> None:
        """Choose the size of the window, the theme and the medium."""
        self.send(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 700,
        )
        feature = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", media=media, features=[feature])

    def open(self, path: Path, *, scripts: bool = True) -> None:
        """Load a file, with or without scripts, and wait until it is there."""
        self.requests.clear()
        self.complaints.clear()
        self.send("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.send("Page.navigate", url=path.as_uri())
        self.send.wait_for("Page.loadEventFired")

    def picture(self, path: Path) -> None:
        """All of the page as PNG."""
        answer = self.send("Page.captureScreenshot", captureBeyondViewport=True, format="png")
        path.write_bytes(base64.b64decode(answer["data"]))

    def printed(self, path: Path) -> None:
        """The page as PDF on A4."""
        answer = self.send("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, preferCSSPageSize=True)
        path.write_bytes(base64.b64decode(answer["data"]))


class _Wire:
    """Messages over two pipes, each ending in a zero byte."""

    def __init__(self, reading: int, writing: int) -> None:
        self.out = os.fdopen(writing, "wb", buffering=0)
        self.answers: Queue[dict[str, Any]] = Queue()
        self.events: Queue[dict[str, Any]] = Queue()
        self.session: str | None = None
        self.tab: Tab | None = None
        self.count = 0
        threading.Thread(target=self._listen, args=(reading,), daemon=True).start()

    def _listen(self, reading: int) -> None:
        rest = b""
        with os.fdopen(reading, "rb", buffering=0) as pipe:
            while part := pipe.read(1 << 16):
                *messages, rest = (rest + part).split(b"\0")
                for message in map(json.loads, messages):
                    if "id" in message:
                        self.answers.put(message)
                    else:
                        self._heard(message)

    def _heard(self, message: dict[str, Any]) -> None:
        method, told = message["method"], message["params"]
        if self.tab is not None:
            if method == "Network.requestWillBeSent":
                self.tab.requests.append(told["request"]["url"])
            elif method == "Log.entryAdded":
                self.tab.complaints.append(told["entry"]["text"])
            elif method == "Runtime.exceptionThrown":
                self.tab.complaints.append(json.dumps(told["exceptionDetails"]))
            elif method == "Runtime.consoleAPICalled":
                self.tab.complaints.append(json.dumps(told["args"]))
        self.events.put(message)

    def __call__(self, method: str, **params: Any) -> dict[str, Any]:
        self.count += 1
        message: dict[str, Any] = {"id": self.count, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        self.out.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self.answers.get(timeout=PATIENCE)
            if answer["id"] == self.count:
                if "error" in answer:
                    raise AssertionError(method, answer["error"])
                result: dict[str, Any] = answer["result"]
                return result

    def wait_for(self, method: str) -> None:
        """Wait for an event."""
        while True:
            try:
                if self.events.get(timeout=PATIENCE)["method"] == method:
                    return
            except Empty:
                raise AssertionError(method) from None


@contextmanager
def tab(profile: Path, flags: Sequence[str] = ()) -> Iterator[Tab]:
    """A browser of its own with one page, closed afterwards."""
    found = program()
    assert found
    to_it, we_write = os.pipe()
    we_read, from_it = os.pipe()

    def pipes() -> None:
        import fcntl

        # By way of numbers that cannot be those wanted, which are 3 and 4.
        for number, end in enumerate([fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (to_it, from_it)], 3):
            os.dup2(end, number)

    command = [found, *FLAGS, *flags, f"--user-data-dir={profile}", "about:blank"]
    with subprocess.Popen(
        command,
        preexec_fn=pipes,  # noqa: PLW1509
        close_fds=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        os.close(to_it)
        os.close(from_it)
        wire = _Wire(we_read, we_write)
        try:
            target = wire("Target.createTarget", url="about:blank")["targetId"]
            wire.session = wire("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
            wire.tab = Tab(wire)
            for domain in ("Page", "Runtime", "Log", "Network"):
                wire(f"{domain}.enable")
            yield wire.tab
        finally:
            process.terminate()
            process.wait(timeout=PATIENCE)
            wire.out.close()
