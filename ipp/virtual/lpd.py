"""The LPD sink (RFC 1179): receives jobs, lists them, removes them.

02 queue LF                    receive a job; then, each acknowledged by an octet 0:
    02 count SP cfA... LF          control file of `count` octets, then 00
    03 count SP dfA... LF          data file of `count` octets, then 00; count 0: until the sender closes
    01 LF                          abort
03 or 04 queue [SP names] LF   queue state, short or long
05 queue SP agent [names] LF   remove jobs
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass

from ipp.virtual.machine import Machine, PaperJob
from ipp.virtual.operations import Hinder
from ipp.virtual.reception import Reception

_CHUNK = 64 * 1024
_MAX_CONTROL = 64 * 1024
_ACK = b"\0"


@dataclass(frozen=True, kw_only=True, slots=True)
class ControlFile:
    """RFC 1179 section 7: J job name, P user, H host; a print command for each copy of a data file."""

    name: str = ""
    user: str = "anonymous"
    host: str = ""
    copies: int = 1


def parse_control_file(octets: bytes) -> ControlFile:
    """Read a control file; lines that we have no use for are passed over."""
    values: dict[str, str] = {}
    prints: dict[str, int] = {}
    for line in octets.decode("utf-8", "replace").splitlines():
        command, operand = line[:1], line[1:]
        if command.islower():
            prints[operand] = prints.get(operand, 0) + 1
        elif command:
            values.setdefault(command, operand)
    return ControlFile(
        name=values.get("J") or values.get("N", ""),
        user=values.get("P") or "anonymous",
        host=values.get("H", ""),
        copies=max(prints.values(), default=1),
    )


async def serve_lpd(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hinder: Hinder, reception: Reception
) -> None:
    """One connection, one command."""
    line = await reader.readline()
    command, operands = line[:1], line[1:].decode("utf-8", "replace").split()
    if command == b"\x02":
        writer.write(_ACK)
        await _Receiving(reader, writer, hinder, reception).run()
    elif command in {b"\x03", b"\x04"}:
        writer.write(_listing(reception.machine, long=command == b"\x04"))
    elif command == b"\x05":
        _remove(reception.machine, operands[1:])
    await writer.drain()


class _Receiving:
    """The subcommands of one receive-job command: the control file may come before or after its data."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, hinder: Hinder, reception: Reception
    ) -> None:
        self._reader, self._writer, self._hinder, self._reception = reader, writer, hinder, reception
        self._control: ControlFile | None = None
        self._job: PaperJob | None = None

    async def run(self) -> None:
        while line := await self._reader.readline():
            subcommand, count, _ = line[:1], *_count_and_name(line[1:])
            if subcommand == b"\x02" and 0 < count <= _MAX_CONTROL:
                self._writer.write(_ACK)
                self._control = parse_control_file(await self._reader.readexactly(count))
                await self._reader.readexactly(1)
            elif subcommand == b"\x03":
                self._writer.write(_ACK)
                await self._data(count)
            else:
                break
            self._writer.write(_ACK)
            await self._writer.drain()
        if self._job is not None:
            await self._finish(self._job)

    async def _data(self, count: int) -> None:
        if self._job is None:
            control = self._control or ControlFile()
            self._job = await self._reception.open(protocol="lpd", name=control.name or "lpd job", user=control.user)
        await self._reception.store(self._job, self._hinder(self._octets(count)), "application/octet-stream")
        if count:
            await self._reader.readexactly(1)

    async def _octets(self, count: int) -> AsyncIterator[bytes]:
        left = count or (1 << 62)
        while left:
            data = await self._reader.read(min(left, _CHUNK))
            if not data and count:
                raise asyncio.IncompleteReadError(b"", left)
            if not data:
                return
            left -= len(data)
            yield data

    async def _finish(self, job: PaperJob) -> None:
        control = self._control or ControlFile()
        job.name, job.user, job.copies = control.name or job.name, control.user, control.copies
        job.asked = {"host": control.host}
        await self._reception.close(job)


def _count_and_name(operands: bytes) -> tuple[int, str]:
    count, _, name = operands.decode("utf-8", "replace").strip().partition(" ")
    return (int(count) if count.isascii() and count.isdigit() else -1), name


def _listing(machine: Machine, *, long: bool) -> bytes:
    lines = [f"virtual is {machine.state.keyword} ({', '.join(machine.reasons)})"]
    for job in machine.jobs.values():
        if not job.ended:
            octets = sum(document.octets for document in job.documents)
            lines.append(
                f"{job.user}\t{job.id}\t{job.name}\t{octets} bytes" + (f"\t{job.state.keyword}" if long else "")
            )
    return ("\n".join(lines) + "\n").encode()


def _remove(machine: Machine, names: list[str]) -> None:
    for job in list(machine.jobs.values()):
        if str(job.id) in names[1:] or job.user in names[1:]:
            machine.cancel(job)
