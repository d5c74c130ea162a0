"""The command line: the list of commands, the configuration, and what becomes of every error."""

from __future__ import annotations

import errno
import os
import re
import shlex
import signal
import sys
import threading
import tomllib
import traceback
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer
from typer.main import get_command

from acrm import __version__, messages
from acrm.console import Console, abandon
from acrm.errors import AcrmError, InputError, OutputError, UsageError
from acrm.messages import discreet, text
from acrm.options import Run, expand

if TYPE_CHECKING:
    from typer.core import TyperGroup

COMMANDS = (
    "clean",
    "segment",
    "rfm",
    "clv",
    "basket",
    "sequence",
    "offers",
    "products",
    "churn",
    "funnel",
    "channels",
    "report",
    "reconcile",
    "doctor",
    "demo",
    "lineage",
)
"""In workflow order; a command is the function of that name in `acrm.commands.<name>`."""

CONFIG = "acrm.toml"
INTERRUPTED, CLOSED_PIPE, BUG = 130, 141, AcrmError.exit_code
_NO_ROOM = {errno.ENOSPC, errno.EFBIG, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC)}

_OPTION = r"Invalid value for '(?P<option>[^']*)'(?: / '[^']*')*: "
# What Typer says, and the sentence of ours that says it in the user's language; the first that fits is taken.
_SAID = tuple(
    (id, re.compile(pattern, re.DOTALL))
    for id, pattern in (
        ("no_option", r"No such option: (?P<name>\S+)"),
        ("no_command", r"No such command '(?P<name>.*)'"),
        ("no_value", r"Option '(?P<option>.*)' requires an argument"),
        ("flag_value", r"Option '(?P<option>.*)' does not take a value"),
        ("extra_words", r"Got unexpected extra argument\(s\) \((?P<words>.*)\)"),
        ("missing_word", r"Missing \w+ '(?P<name>.*?)'"),
        ("bad_choice", _OPTION + r".*?'(?P<value>.*?)' is not one of (?P<choices>.*?)\.?$"),
        ("bad_integer", _OPTION + r"Input should be a valid integer"),
        ("bad_value", _OPTION + r"(?:Value error, )?(?P<reason>.*)"),
        ("usage", r"(?P<message>.*)"),
    )
)


def entry() -> None:
    """The `acrm` program."""
    # Threads of OpenMP that wait in a loop take the time of those that work; read when scikit-learn is imported.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    # How many threads share a long sum decides its last digits, and figures are those of any machine.
    os.environ.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"))
    sys.exit(main())


def main(argv: list[str] | None = None) -> int:
    """Run one command line and return its exit code; every error becomes one sentence on stderr.

    Args:
        argv: The words after the program's name; those of the process by default.
    """
    words = sys.argv[1:] if argv is None else argv
    console = Console.real()
    if threading.current_thread() is threading.main_thread():
        # Ended from outside, a run cleans up behind it as after Ctrl-C.
        signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    try:
        code = _run(words, console)
        console.flush()
    except BaseException as error:  # noqa: BLE001  # the one place where every error ends
        code = _ended(error, words, console)
    return code


@cache
def program() -> TyperGroup:
    """The command line as Typer sees it: for `main`, and for the pages that are written from it."""
    app = typer.Typer(
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        suggest_commands=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True)(expand(_acrm))
    for name in COMMANDS:
        app.command(name)(expand(getattr(import_module(f"acrm.commands.{name}"), name)))
    return cast("TyperGroup", get_command(app))


def _run(words: list[str], console: Console) -> int:
    messages.use(_language(words, {}))
    defaults = _configuration(_given(words, "config"))
    messages.use(_language(words, defaults))
    try:
        code = program().main(words, prog_name="acrm", standalone_mode=False, obj=console, default_map=defaults)
    except typer.TyperException as error:
        raise _usage(error) from error
    return code if isinstance(code, int) else 0


def _version(ctx: typer.Context, wanted: bool) -> None:
    if wanted:
        console: Console = ctx.obj
        console.result(f"acrm {__version__}")
        raise typer.Exit


Version = Annotated[bool, typer.Option("--version", is_eager=True, callback=_version, help="Print the version.")]


def _acrm(ctx: typer.Context, run: Run, *, version: Version = False) -> None:  # noqa: ARG001  # _version acts on it
    """Analytical CRM: who the customers are, what they are worth, who is leaving, and what to do about it.

    Options may stand anywhere after the command. Each can also be set in ./acrm.toml and, unless it may be repeated,
    as ACRM_<OPTION> in the environment; a flag wins over the environment, the environment over the file.

    \b
    Exit codes: 0 done, 1 a check failed (--fail-on), 2 usage, 3 input,
    4 output, 5 model, 70 bug, 130 interrupted, 141 closed pipe.

    \b
    Examples:
      acrm demo shop
      acrm clean shop
      acrm rfm acrm-store
    """
    if ctx.invoked_subcommand is None:
        run.console.result(text("start.workflow"))


def _given(words: list[str], name: str) -> str | None:
    """The value of a word option before the words are parsed: the flag given last, else the environment."""
    found = os.environ.get(f"ACRM_{name.upper()}") or None
    for word, following in pairwise([*words, ""]):
        if word == "--":
            break
        if word == f"--{name}":
            found = following
        elif word.startswith(f"--{name}="):
            found = word.partition("=")[2]
    return found


def _language(words: list[str], defaults: Mapping[str, Any]) -> str:
    """The language to speak; one that there is not is left for the parser to refuse."""
    chosen = _given(words, "lang") or defaults.get("lang")
    return chosen if chosen in messages.LANGUAGES else "en"


def _configuration(path: str | None) -> dict[str, Any]:
    """Defaults from `path` or ./acrm.toml, as Typer takes them: of the program, and of each command by its name.

    Keys at the top are meant for every command that has the option; a table named after a command is meant for it
    alone. A key that no command has is an error, in whichever table, so that a slip shows before it matters.
    """
    file = Path(path or CONFIG)
    if path is None and not file.exists():
        return {}
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise UsageError("no_config", path=file.name, reason=error.strerror) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError("bad_config", path=file.name, reason=error) from error
    commands = {
        name: {option.name: option for option in command.params if option.name not in ("sources", "config")}
        for name, command in program().commands.items()
    }
    own = {key: value for key, value in content.items() if key in commands and isinstance(value, dict)}
    shared = {key: value for key, value in content.items() if key not in own}
    _check_keys(file.name, shared, {key for options in commands.values() for key in options}, commands)
    defaults: dict[str, Any] = {}
    for name, options in commands.items():
        _check_keys(f"{file.name} [{name}]", own.get(name, {}), options)
        merged = {key.replace("-", "_"): value for key, value in (shared | own.get(name, {})).items()}
        defaults[name] = {key: _default(value, options[key]) for key, value in merged.items() if key in options}
    return defaults | {"lang": shared["lang"]} if "lang" in shared else defaults


def _check_keys(place: str, keys: Iterable[str], known: Collection[str], tables: Iterable[str] = ()) -> None:
    for key in keys:
        if key.replace("-", "_") not in known:
            raise _with_nearest("unknown_key", key, [*known, *tables], place=place)


def _default(value: object, option: Any) -> object:
    """A TOML value as the words that the option would take on the command line."""
    if isinstance(value, bool):
        return value
    if isinstance(value, dict):
        lists = {key: item if isinstance(item, list) else [item] for key, item in value.items()}
        value = [f"{key}={','.join(map(str, items))}" for key, items in lists.items()]
    values = [str(item) for item in value] if isinstance(value, list) else [str(value)]
    return values if option.multiple else ",".join(values)


def _usage(error: typer.TyperException) -> UsageError:
    """Typer's complaint in our words."""
    said = error.format_message()
    id, match = next((id, match) for id, pattern in _SAID if (match := pattern.match(said)))
    values = match.groupdict()
    if id == "no_option":
        return _with_nearest(id, values["name"], getattr(error, "possibilities", None) or ())
    if id == "no_command":
        return _with_nearest(id, values["name"], COMMANDS)
    return UsageError(id, **values)


def _with_nearest(id: str, name: str, known: Collection[str], **values: object) -> UsageError:
    """The error `id`, or `<id>_near` when something known is spelled nearly so."""
    near = get_close_matches(name, known, 1)
    return UsageError(f"{id}_near" if near else id, name=name, near="".join(near), **values)


def _ended(error: BaseException, words: list[str], console: Console) -> int:
    """Say why the run ended, if there is anything to say, and return the exit code."""
    if isinstance(error, SystemExit) and isinstance(error.__context__, OSError):
        # Typer ends the process itself when a pipe is closed, with a code of its own.
        error = error.__context__
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 0
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    # What Polars raises when the reader has gone has no error number, only the words.
    if isinstance(error, OSError) and (error.errno == errno.EPIPE or "Broken pipe" in str(error)):
        abandon(console.stdout, console.stderr)
        return CLOSED_PIPE
    known = _as_ours(error, words)
    try:
        if "--debug" in words or os.environ.get("ACRM_DEBUG", "0") not in ("", "0"):
            console.stderr.write("".join(traceback.format_exception(error)))
        console.error(known.message, known.hint)
    except (OSError, OutputError):
        # Nobody can read the message; the code still counts.
        abandon(console.stdout, console.stderr)
    return known.exit_code


def _as_ours(error: BaseException, words: list[str]) -> AcrmError:
    if isinstance(error, AcrmError):
        return error
    if isinstance(error, MemoryError):
        return InputError("no_memory")
    if isinstance(error, OSError):
        number = re.search(r"\(os error (\d+)\)", str(error))
        full = (error.errno or (int(number[1]) if number else 0)) in _NO_ROOM
        return OutputError("no_room", reason=error) if full else InputError("system", reason=error)
    reason = next(iter(str(error).splitlines()), "")
    if reason.startswith("parquet: "):
        # Polars says so of the bytes, wherever they are asked for; which file they are in it does not say.
        return InputError("damaged_parquet", reason=reason)
    # The command line is to be sent to others.
    command = shlex.join(["acrm", *map(discreet, words)])
    return AcrmError("bug", kind=type(error).__name__, reason=reason, command=command)
