"""Every shared option, once: aliases, the bundles made of them, and how a command that names a bundle gets its options.

A command is a plain function. A parameter annotated with a bundle (`Reading`, `Selecting`, `Writing`) stands for all
options of the bundle; one annotated `Run` receives the console and the origin of every option. In every command,
`--date-order` is the parameter `date_order`, the variable `ACRM_DATE_ORDER` and the key `date_order` of acrm.toml.
"""

from __future__ import annotations

import inspect
import shlex
from collections.abc import Callable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import cache
from inspect import Parameter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin, get_type_hints

import typer
from typer.models import OptionInfo

from acrm.errors import UsageError
from acrm.limits import Limit
from acrm.messages import discreet

if TYPE_CHECKING:
    from acrm.console import Console
    from acrm.ingest.options import IngestOptions

ORIGINS = {"COMMANDLINE": "flag", "ENVIRONMENT": "env", "DEFAULT_MAP": "config", "DEFAULT": "default"}
NEUTRAL = (
    *("sources", "out", "format", "json", "fail_on", "replace", "quiet", "verbose", "no_color", "debug", "config"),
    *("engine", "remote", "memory"),
)
"""What does not change a result stands in no lineage; the sources stand there as inputs."""


def _date(value: str) -> date:
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise UsageError("bad_date", value=value) from None


def _delimiter(value: str | None) -> str | None:
    return {"tab": "\t", "\\t": "\t", "space": " "}.get(value, value) if value else None


def _zone(value: str | None) -> str | None:
    if value:
        from zoneinfo import ZoneInfo

        try:
            ZoneInfo(value)
        except (OSError, ValueError, KeyError):
            raise UsageError("no_zone", name=value) from None
    return value


def _region(value: str | None) -> str | None:
    if value:
        from phonenumbers import SUPPORTED_REGIONS

        if value.upper() not in SUPPORTED_REGIONS:
            raise UsageError("no_region", name=value)
    return value.upper() if value else None


def _limits(values: list[str]) -> list[str]:
    for value in values:
        Limit.parse(value)
    return values


Sources = Annotated[
    list[str],
    typer.Argument(
        metavar="SOURCE",
        show_default=False,
        help="Files, patterns, folders of exports, a store, s3://, gs:// or az:// URLs, or - for standard input.",
    ),
]
Out = Annotated[str, typer.Option("--out", "-o", metavar="DIR", help="Folder for the data files.")]
Format = Annotated[str, typer.Option("--format", metavar="LIST", help="Which data files: parquet, csv or both.")]
Json = Annotated[bool, typer.Option("--json", help="Print the summary as one JSON document and nothing else.")]
FailOn = Annotated[
    list[str],
    typer.Option(
        "--fail-on",
        metavar="EXPR",
        callback=_limits,
        show_default=False,
        help="Exit with 1 when a figure of the summary breaks a limit: 'rejected_share>0.01'. Repeatable.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", "-n", help="Show what would be written, write nothing.")]
AsOf = Annotated[
    date | None,
    typer.Option(
        "--as-of", metavar="DATE", parser=_date, help="What counts as today. Default: the day after the last event."
    ),
]
Seed = Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Start of every random choice.")]
Refunds = Annotated[
    Literal["net", "ignore"], typer.Option("--refunds", help="Take refunds off what was bought, or leave them out.")
]
KeepServices = Annotated[bool, typer.Option("--keep-services", help="Treat postage, bags, vouchers and fees as goods.")]
Compare = Annotated[
    str | None,
    typer.Option("--compare", metavar="WHAT", help="An earlier result, store or date: what changed, who moved."),
]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How the sources are read: overrides of what is found out from the data."""

    map: Annotated[
        list[str],
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            show_default=False,
            help="Which column of theirs is a field of ours. Repeatable.",
        ),
    ] = field(default_factory=list)
    system: Annotated[
        str | None, typer.Option("--system", metavar="NAME", help="The system that wrote the export, or a TOML file.")
    ] = None
    table: Annotated[
        list[str],
        typer.Option(
            "--table", metavar="NAME=GLOB", show_default=False, help="Which files are which table. Repeatable."
        ),
    ] = field(default_factory=list)
    names: Annotated[
        str | None, typer.Option("--names", metavar="A,B,C", help="Column names of files without a header row.")
    ] = None
    header_row: Annotated[
        int | None, typer.Option("--header-row", metavar="N", min=1, help="Line of the column names, from 1.")
    ] = None
    encoding: Annotated[str | None, typer.Option("--encoding", metavar="NAME", help="Text encoding: cp1251.")] = None
    delimiter: Annotated[
        str | None,
        typer.Option("--delimiter", metavar="CHAR", callback=_delimiter, help="Field separator: a character or tab."),
    ] = None
    decimal: Annotated[Literal[".", ","] | None, typer.Option("--decimal", help="Decimal mark.")] = None
    date_order: Annotated[
        Literal["dmy", "mdy", "ymd"] | None, typer.Option("--date-order", help="Order of day, month and year.")
    ] = None
    tz: Annotated[
        str | None,
        typer.Option("--tz", metavar="ZONE", callback=_zone, help="Time zone of the business day: Europe/Moscow."),
    ] = None
    phone_region: Annotated[
        str | None,
        typer.Option(
            "--phone-region",
            metavar="CC",
            callback=_region,
            help="Country of phone numbers without a country code: RU, DE.",
        ),
    ] = None
    prefer: Annotated[
        list[str],
        typer.Option(
            "--prefer",
            metavar="FIELD=SOURCE,...",
            show_default=False,
            help="Whose word on a customer's field counts before newer ones: systems or files. Repeatable.",
        ),
    ] = field(default_factory=list)
    known_at: Annotated[
        date | None,
        typer.Option("--known-at", metavar="DATE", parser=_date, help="Read stores as they were on this day."),
    ] = None

    def ingest(self) -> IngestOptions:
        """The same as ingest wants it."""
        from acrm.ingest.options import IngestOptions
        from acrm.ingest.raw import ReadOptions

        return IngestOptions(
            read=ReadOptions(
                encoding=self.encoding,
                delimiter=self.delimiter,
                header_row=self.header_row,
                names=tuple(name.strip() for name in self.names.split(",")) if self.names else None,
            ),
            fields=tuple(pairs("--map", self.map)),
            system=self.system,
            tables=tuple(pairs("--table", self.table)),
            decimal=self.decimal,
            date_order=self.date_order,
            time_zone=self.tz,
            phone_region=self.phone_region,
            known_at=self.known_at,
            prefer=tuple(
                (name, tuple(filter(None, value.split(",")))) for name, value in pairs("--prefer", self.prefer)
            ),
        )


@dataclass(frozen=True, kw_only=True)
class Selecting:
    """Which rows count, and in which currency."""

    where: Annotated[
        str | None, typer.Option("--where", metavar="SQL", help="Keep only these rows: \"country = 'Germany'\".")
    ] = None
    currency: Annotated[
        str | None,
        typer.Option("--currency", metavar="CODE", help="Keep sums in this currency, or convert to it."),
    ] = None
    rates: Annotated[
        Path | None, typer.Option("--rates", metavar="FILE", help="CSV of currency,rate to convert every sum by.")
    ] = None


@dataclass(frozen=True, kw_only=True)
class Writing:
    """Where a result goes, and what it is checked for."""

    out: Out = "acrm-out"
    format: Format = "parquet"
    json: Json = False
    fail_on: FailOn = field(default_factory=list)

    @property
    def formats(self) -> tuple[str, ...]:
        """The data files asked for, in order."""
        chosen = tuple(word.strip() for word in self.format.split(","))
        for word in chosen:
            if word not in ("parquet", "csv"):
                raise UsageError("bad_format", value=word)
        return chosen


@dataclass(frozen=True, kw_only=True)
class Shell:
    """What every command has, before or after its name."""

    lang: Annotated[Literal["en", "ru"], typer.Option("--lang", help="Language of summaries, reasons and errors.")] = (
        "en"
    )
    config: Annotated[
        str | None, typer.Option("--config", metavar="FILE", help="Options from this file instead of ./acrm.toml.")
    ] = None
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No status, progress or warnings.")] = False
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say what is being done.")] = False
    no_color: Annotated[bool, typer.Option("--no-color", help="No colours.")] = False
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False


@dataclass(frozen=True, kw_only=True)
class Run:
    """One run of a command: the console, the sources as they were given, and every option that can change the result.

    `options` maps the option to its value and origin: flag, env, config or default.
    """

    console: Console
    command: str
    sources: tuple[str, ...]
    options: Mapping[str, tuple[object, str]]
    commands: tuple[str, ...] = ()
    """All commands of the program."""
    flags: frozenset[str] = frozenset()
    """The options that were typed, those that change no result among them."""

    def typed(self, *without: str) -> str:
        """The sources and flags of this run as they can be typed again, but for the options named and for secrets."""
        parts = list(self.sources)
        for name, (value, origin) in self.options.items():
            if origin != "flag" or name in without:
                continue
            flag = f"--{name.replace('_', '-')}"
            if isinstance(value, bool):
                parts += [flag] if value else []
            elif isinstance(value, tuple):
                parts += [flag, *map(str, value)]
            else:
                for one in value if isinstance(value, list) else [value]:
                    parts += [flag, str(one)]
        return shlex.join(map(discreet, parts))


def pairs(option: str, words: list[str]) -> Iterator[tuple[str, str]]:
    """The values of a repeatable option of the form NAME=VALUE."""
    for word in words:
        name, equals, value = word.partition("=")
        if not (name.strip() and equals and value.strip()):
            raise UsageError("bad_pair", option=option, value=word)
        yield name.strip(), value.strip()


def numbers_of(option: str, words: list[str]) -> dict[str, tuple[Decimal, ...]]:
    """The values of a repeatable option of the form NAME=NUMBER,NUMBER.

    >>> numbers_of("--cuts", ["r=30,90"])
    {'r': (Decimal('30'), Decimal('90'))}
    """
    found = {}
    for name, value in pairs(option, words):
        try:
            found[name] = tuple(Decimal(number) for number in value.split(","))
        except InvalidOperation:
            raise UsageError("bad_numbers", option=option, value=value) from None
    return found


def expand(function: Callable[..., None]) -> Callable[..., None]:
    """The function as Typer takes it: its own options, those of its bundles, those of `Shell`.

    A bundle's default in the signature, as in `writing: Writing = Writing(out="acrm-store")`, gives the defaults of its
    options.
    """
    bundles: dict[str, type] = {}
    given: dict[str, type] = {}
    own = [Parameter("ctx", Parameter.KEYWORD_ONLY, annotation=typer.Context)]
    shared: list[Parameter] = []
    for parameter in inspect.signature(function, eval_str=True).parameters.values():
        kind = parameter.annotation
        if kind in (Run, typer.Context):
            given[parameter.name] = kind
        elif isinstance(kind, type) and is_dataclass(kind):
            bundles[parameter.name] = kind
            shared += _bundled(kind, kind() if parameter.default is Parameter.empty else parameter.default)
        else:
            own.append(_option(parameter.name, kind, parameter.default))

    def command(ctx: typer.Context, **values: Any) -> None:
        run = _run(ctx, values)
        for option in fields(Shell):
            del values[option.name]
        arguments: dict[str, object] = {name: run if kind is Run else ctx for name, kind in given.items()}
        for name, kind in bundles.items():
            arguments[name] = kind(**{option.name: values.pop(option.name) for option in fields(kind)})
        function(**arguments, **values)

    command.__signature__ = inspect.Signature([*own, *shared, *_bundled(Shell, Shell())])  # type: ignore[attr-defined]
    command.__doc__ = function.__doc__
    return command


def _bundled(kind: type, default: object) -> list[Parameter]:
    return [_option(name, hint, getattr(default, name)) for name, hint in _hints(kind).items()]


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind, include_extras=True)


def _option(name: str, kind: Any, default: object) -> Parameter:
    """The parameter with its environment variable.

    A repeatable option has none, as its values may contain blanks; it needs no default either, which is no value.
    """
    if get_origin(kind) is Annotated:
        plain, info, *rest = get_args(kind)
        if isinstance(info, OptionInfo):
            if get_origin(plain) is list:
                default = [] if default is Parameter.empty else default
            else:
                info = copy(info)
                info.envvar, info.show_envvar = f"ACRM_{name.upper()}", False
                kind = Annotated[(plain, info, *rest)]
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=kind)


def _run(ctx: typer.Context, values: Mapping[str, Any]) -> Run:
    """The run, where an option of `Shell` given before the command's name counts like one given after it."""
    settings = {name: (value, _origin(ctx.get_parameter_source(name))) for name, value in values.items()}
    if ctx.parent is not None:
        for option in fields(Shell):
            before = _origin(ctx.parent.get_parameter_source(option.name))
            if before == "flag" != settings[option.name][1]:
                settings[option.name] = (ctx.parent.params[option.name], before)
    quiet, verbose, no_color = (bool(settings[name][0]) for name in ("quiet", "verbose", "no_color"))
    console: Console = ctx.obj
    program = ctx.parent.command if ctx.parent else ctx.command
    return Run(
        console=console.adjusted(quiet=quiet, verbose=verbose, no_color=no_color),
        command=str(ctx.info_name),
        sources=tuple(values.get("sources", ())),
        options={name: setting for name, setting in settings.items() if name not in NEUTRAL},
        commands=tuple(getattr(program, "commands", ())),
        flags=frozenset(name for name, (_, origin) in settings.items() if origin == "flag"),
    )


def _origin(source: Enum | None) -> str:
    return ORIGINS[source.name] if source else "default"
