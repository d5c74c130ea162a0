"""How pyiceberg reads the metadata of a table in an object store: with the keys and addresses of all other reading.

By itself it would ask AWS, whatever AWS_ENDPOINT_URL says, and have packages of its own for Google and Azure.
"""

from __future__ import annotations

import io
from typing import NoReturn

from pyiceberg.io import FileIO, InputFile, InputStream, OutputFile

from acrm.ingest import remote


class Objects(FileIO):
    """Objects to be read whole; nothing is written."""

    def new_input(self, location: str) -> InputFile:
        """One object."""
        return _Whole(location)

    def new_output(self, location: str) -> NoReturn:
        """Refused."""
        raise PermissionError(location)

    def delete(self, location: str | InputFile | OutputFile) -> NoReturn:
        """Refused."""
        raise PermissionError(location)


class _Whole(InputFile):
    def __len__(self) -> int:
        return len(remote.content(self.location))

    def exists(self) -> bool:
        return True

    def open(self, seekable: bool = True) -> InputStream:  # noqa: ARG002 - it always is
        return io.BytesIO(remote.content(self.location))
