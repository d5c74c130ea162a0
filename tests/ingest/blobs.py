"""So much of Azure's Blob service as reading needs: what a blob is, parts of one, and lists; to anybody who asks."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

_SINCE = "Mon, 01 Jan 2024 00:00:00 GMT"


@contextmanager
def serving(blobs: dict[str, bytes]) -> Iterator[int]:
    """The port at which blobs, by `container/name`, are read as those of any account."""

    class Service(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            name, asked = unquote(url.path).split("/", 2)[2], parse_qs(url.query)
            if asked.get("comp") == ["list"]:
                self.answer(200, _listed(blobs, name, asked.get("prefix", [""])[0]), {})
            elif name not in blobs:
                self.answer(404, b"", {"x-ms-error-code": "BlobNotFound"})
            else:
                self.part(blobs[name])

        do_HEAD = do_GET  # noqa: N815 - so is it called

        def part(self, blob: bytes) -> None:
            told = {"ETag": _tag(blob), "Last-Modified": _SINCE, "x-ms-blob-type": "BlockBlob"}
            wanted = self.headers["x-ms-range"] or self.headers["Range"]
            if not wanted:
                self.answer(200, blob, told)
                return
            first, _, last = wanted.removeprefix("bytes=").partition("-")
            start = int(first) if first else len(blob) - int(last)
            part = blob[start : int(last) + 1 if first and last else None]
            told["Content-Range"] = f"bytes {start}-{start + len(part) - 1}/{len(blob)}"
            self.answer(206, part, told)

        def answer(self, status: int, body: bytes, told: dict[str, str]) -> None:
            self.send_response(status)
            for header, value in ({"Content-Length": str(len(body))} | told).items():
                self.send_header(header, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *words: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def _tag(blob: bytes) -> str:
    return f'"{hashlib.md5(blob, usedforsecurity=False).hexdigest()}"'


def _listed(blobs: dict[str, bytes], container: str, prefix: str) -> bytes:
    found = "".join(
        f"<Blob><Name>{escape(name)}</Name><Properties><Last-Modified>{_SINCE}</Last-Modified><Etag>{_tag(blob)}</Etag>"
        f"<Content-Length>{len(blob)}</Content-Length><Content-Type>x</Content-Type></Properties></Blob>"
        for path, blob in sorted(blobs.items())
        if (name := path.removeprefix(f"{container}/")) != path and name.startswith(prefix)
    )
    return f"<EnumerationResults><Blobs>{found}</Blobs><NextMarker /></EnumerationResults>".encode()
