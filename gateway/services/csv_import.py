"""Users from a CSV file: what its columns mean, what it would change, and doing it (row 98).

A file may bring users of its own, or only complete users that are there, such as with cards for a directory that knows
none. Between preview and doing it the file waits sealed in the spool, whose sweeper takes it away after an hour.
"""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.domain.csv_table import BadLine, Row, Table, guessed, plain
from gateway.domain.directory import CSV
from gateway.domain.person import FIELDS, Broken, Entry, Person
from gateway.errors import BadRequest
from gateway.services.directory_groups import DirectoryGroups
from gateway.services.directory_report import Report
from gateway.services.directory_sync import DirectorySync, Order
from gateway.services.kept_files import KeptFiles
from gateway.services.ports import Clock, Keyring, Spool

COMPLETABLE = frozenset({"cards", "pin", "department", "cost_centre", "language", "groups"})
COLUMNS = ("name", *FIELDS, "disabled")
_SEVERAL = re.compile(r"[;|,\n]")
_YES = frozenset({"1", "x", "y", "yes", "true", "ja", "j", "wahr", "oui", "o", "vrai"})


class Mode(StrEnum):
    """USERS: the file brings users. KNOWN: it completes users that are there, wherever they come from."""

    USERS = "users"
    KNOWN = "known"


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """`columns`: headings by field; empty: what the headings say. `whole`: who is not in the file any more is disabled."""

    mode: Mode = Mode.USERS
    columns: Mapping[str, str] = field(default_factory=dict)
    whole: bool = False
    adopt: bool = False
    force: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Heading:
    """What a file looks like: its headings, what they seem to mean, and how many rows there are to try it with."""

    headings: tuple[str, ...]
    columns: Mapping[str, str]
    delimiter: str
    sample: tuple[tuple[str, ...], ...]


class CsvImports:
    """`owned` tells what the directory with that name tells of its users. BadRequest says what a file lacks."""

    def __init__(
        self,
        *,
        sync: DirectorySync,
        groups: DirectoryGroups,
        spool: Spool,
        keyring: Keyring,
        clock: Clock,
        owned: Callable[[str], Awaitable[frozenset[str]]],
    ) -> None:
        self._sync = sync
        self._groups = groups
        self._files = KeptFiles(spool=spool, keyring=keyring, clock=clock)
        self._owned = owned

    # -- a file that waits for its preview to be read

    async def take(self, chunks: AsyncIterator[bytes], *, by: str) -> str:
        """Keeps it; the word under which `by` finds it again."""
        return await self._files.take(chunks, by=by)

    async def heading(self, word: str, *, by: str) -> Heading:
        table = Table(chunks=self._files.read(word, by))
        sample = []
        async for row in table.rows():
            if isinstance(row, Row):
                sample.append(row.cells)
            if len(sample) == 3:
                break
        columns = {name: table.headings[at] for name, at in guessed(table.headings).items()}
        return Heading(headings=table.headings, columns=columns, delimiter=table.delimiter, sample=tuple(sample))

    async def run(self, word: str, choice: Choice, *, by: str, dry: bool) -> Report:
        report = await self.run_stream(self._files.read(word, by), choice, dry=dry)
        if not dry and not report.held_back:
            await self.forget(word, by=by)
        return report

    async def forget(self, word: str, *, by: str) -> None:
        await self._files.forget(word, by=by)

    # -- any stream

    async def run_stream(self, chunks: AsyncIterator[bytes], choice: Choice, *, dry: bool) -> Report:
        source = _Source(table=Table(chunks=chunks), choice=choice)
        entries = source.entries()
        first = await anext(entries, None)  # by then the headings are known
        fields = source.fields
        order = Order(
            source=CSV,
            fields=fields,
            full=choice.whole and choice.mode is Mode.USERS,
            dry=dry,
            adopt=choice.adopt,
            force=choice.force,
        )
        if choice.mode is Mode.KNOWN:
            if not fields & COMPLETABLE or not fields <= COMPLETABLE:
                raise BadRequest(
                    "To complete users a file has the user name and some of: card, PIN, department, cost centre, "
                    "language, groups. Leave the other columns out."
                )
            report = await self._sync.complete(order, _chained(first, entries), owned=self._owned)
        else:
            report = await self._sync.run(order, _chained(first, entries))
        if not report.held_back:
            await self._groups.ensure(report.named, CSV, report)
        return report


@dataclass(kw_only=True, slots=True)
class _Source:
    """Rows as persons; `fields` is known once the first entry was asked for."""

    table: Table
    choice: Choice
    fields: frozenset[str] = frozenset()
    _columns: dict[str, int] = field(default_factory=dict)

    async def entries(self) -> AsyncIterator[Entry]:
        async for row in self.table.rows():
            if not self._columns:
                self._choose()
            if isinstance(row, BadLine):
                yield Broken(place=f"line {row.number}", why=row.why)
            else:
                yield self._person(row)
        if not self._columns:
            self._choose()

    def _choose(self) -> None:
        headings = self.table.headings
        if not headings:
            return
        if self.choice.columns:
            unknown = [name for name in self.choice.columns.values() if name not in headings]
            if unknown or set(self.choice.columns) - set(COLUMNS):
                raise BadRequest(f'The file has no column "{unknown[0][:60] if unknown else "?"}".')
            self._columns = {name: headings.index(heading) for name, heading in self.choice.columns.items()}
        else:
            self._columns = guessed(headings)
        if "name" not in self._columns:
            raise BadRequest("The file has no column with user names. Give one the heading name, or say which it is.")
        self.fields = frozenset(self._columns) & frozenset(FIELDS)

    def _person(self, row: Row) -> Person:
        name = self._cell(row, "name") or ""
        return Person(
            external_id=name.casefold(),
            name=name,
            full_name=self._cell(row, "full_name"),
            email=self._cell(row, "email"),
            department=self._cell(row, "department"),
            cost_centre=self._cell(row, "cost_centre"),
            language=self._cell(row, "language"),
            groups=self._several(row, "groups"),
            cards=self._several(row, "cards"),
            pin=self._cell(row, "pin"),
            aliases=self._several(row, "aliases"),
            disabled=(self._cell(row, "disabled") or "").casefold() in _YES,
            place=f"line {row.number}",
        )

    def _cell(self, row: Row, name: str) -> str | None:
        at = self._columns.get(name)
        if at is None:
            return None
        return plain(row.cells[at]) if at < len(row.cells) else ""

    def _several(self, row: Row, name: str) -> tuple[str, ...] | None:
        text = self._cell(row, name)
        return None if text is None else tuple(filter(None, (part.strip() for part in _SEVERAL.split(text))))


async def _chained(first: Entry | None, rest: AsyncIterator[Entry]) -> AsyncIterator[Entry]:
    if first is not None:
        yield first
    async for entry in rest:
        yield entry
