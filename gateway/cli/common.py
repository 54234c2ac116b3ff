"""What every verb shares: where the data are, one opened gateway, tables and JSON."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from gateway.app import Gateway, build
from gateway.domain.user import SYSTEM
from gateway.errors import StartupError
from gateway.settings import Settings, load

T = TypeVar("T")
SHELL = replace(SYSTEM, via="command line")
"""Who types here: whoever has the data directory may do everything, and the audit log says how it came."""
Config = Annotated[Path | None, typer.Option("--config", help="Settings file (TOML).")]
Data = Annotated[Path | None, typer.Option("--data", help="Data directory; default papertap-data.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@dataclass(slots=True)
class Given:
    """Given before the verb: `papertap --data DIR job list`; each verb takes them too."""

    config: Path | None = None
    data: Path | None = None


given = Given()


def settings_of(config: Path | None, data: Path | None) -> Settings:
    """StartupError names the file or the setting that is wrong."""
    config, data = config or given.config, data or given.data
    try:
        return load(config, **({"data": data} if data is not None else {}))
    except ValueError as error:
        raise StartupError(f"The settings cannot be used: {error}") from error


def using(config: Path | None, data: Path | None, work: Callable[[Gateway], Awaitable[T]]) -> T:
    """Opens the stores, runs one use case, closes them."""

    async def run() -> T:
        async with build(settings_of(config, data)) as gateway:
            return await work(gateway)

    return asyncio.run(run())


def show(rows: list[dict[str, Any]], as_json: bool, *, one: bool = False) -> None:
    if as_json:
        print(json.dumps(rows[0] if one else rows, indent=2, ensure_ascii=False))
        return
    if not rows:
        print("Nothing.")
        return
    table = Table(box=None, pad_edge=False)
    for column in rows[0]:
        table.add_column(column)
    for row in rows:
        table.add_row(*(escape(cell(value)) for value in row.values()))
    Console(width=None if sys.stdout.isatty() else 200).print(table)


def cell(value: object) -> str:
    if value is None:
        return "-"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def when(at: float | None) -> str | None:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds") if at else None
