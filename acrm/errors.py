"""Everything that can go wrong, as the user meets it: an id, a sentence, a hint that can be typed, an exit code."""

from __future__ import annotations

from acrm.messages import Message


class AcrmError(Exception):
    """Base of all errors that acrm raises on purpose.

    The sentence is `error.<id>` and the hint `hint.<id>` of the message catalogue; a hint is optional.

    Args:
        id: Key of the sentence, e.g. `no_file`.
        values: What the sentence's placeholders stand for.

    Examples:
        >>> error = InputError("no_file", path="orders.csv")
        >>> str(error), error.exit_code
        ('orders.csv: no such file or folder', 3)
    """

    exit_code = 70

    def __init__(self, id: str, /, **values: object) -> None:
        super().__init__(id)
        self.id = id
        self.values = values

    @property
    def message(self) -> Message:
        """The sentence, in the language of the moment when it is shown."""
        return Message(f"error.{self.id}", self.values)

    @property
    def hint(self) -> Message | None:
        """What to do about it, or None."""
        hint = Message(f"hint.{self.id}", self.values)
        return hint if hint.exists else None

    def __str__(self) -> str:
        return str(self.message)


class CheckFailed(AcrmError):
    """The work was done, but a check the user asked for (`--fail-on`) failed."""

    exit_code = 1


class UsageError(AcrmError):
    """The command line or the configuration does not make sense."""

    exit_code = 2


class InputError(AcrmError):
    """A source is missing, unreadable, of the wrong kind, or carries too little."""

    exit_code = 3


class OutputError(AcrmError):
    """A result could not be written."""

    exit_code = 4


class ModelError(AcrmError):
    """A model did not converge."""

    exit_code = 5
