"""The lines of RFC 1179 sections 5 and 6: octets in, values out.

01 queue LF                    print any waiting jobs
02 queue LF                    receive a job, by subcommands:
    01 LF                          abort
    02 count SP cfA123host LF      control file
    03 count SP dfA123host LF      data file
03 queue [SP list] LF          queue state, short; 04: long
05 queue SP agent [SP list] LF remove jobs
"""

import re
from dataclasses import dataclass
from enum import IntEnum

from gateway.errors import BadRequest
from ipp.driver.text import text_of

LONGEST_LINE = 1024
MOST_OPERANDS = 50
_SPACE = re.compile(rb"[ \t\v\f]+")
_NUMBER = re.compile(r"[cd]f[A-Za-z]([0-9]{1,6})")


class Code(IntEnum):
    """The first octet of a connection."""

    PRINT_WAITING = 1
    RECEIVE_JOB = 2
    SHORT_STATE = 3
    LONG_STATE = 4
    REMOVE_JOBS = 5


class Part(IntEnum):
    """The first octet of each line after RECEIVE_JOB."""

    ABORT = 1
    CONTROL_FILE = 2
    DATA_FILE = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """`operands` are user names and job numbers; of REMOVE_JOBS the first is the agent."""

    code: Code
    queue: str
    operands: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Subcommand:
    """`count` octets follow; `name` is the sender's own of the file."""

    part: Part
    count: int = 0
    name: str = ""

    @property
    def number(self) -> str:
        """The sender's number of the job, "" where the name has none."""
        found = _NUMBER.match(self.name)
        return found[1] if found else ""


def read_command(line: bytes) -> Command:
    """BadRequest for what none of the five is."""
    code, words = line[:1], [text_of(word) for word in _SPACE.split(line[1:].rstrip(b"\r\n")) if word]
    if not code or code[0] not in {known.value for known in Code}:
        raise BadRequest("This is no command of LPR (RFC 1179). Check that the port is the one of LPR.")
    queue, *operands = words or [""]
    return Command(code=Code(code[0]), queue=queue, operands=tuple(operands[:MOST_OPERANDS]))


def read_subcommand(line: bytes) -> Subcommand:
    """BadRequest for what none of the three is, or has no count."""
    code, operands = line[:1], line[1:].rstrip(b"\r\n").strip()
    if not code or code[0] not in {known.value for known in Part}:
        raise BadRequest("This is no part of a job as LPR sends them (RFC 1179 section 6).")
    part = Part(code[0])
    if part is Part.ABORT:
        return Subcommand(part=part)
    count, *names = _SPACE.split(operands, maxsplit=1)
    if not count.isdigit() or len(count) > 19:
        raise BadRequest("The size of a file is missing: LPR says it before each file.")
    return Subcommand(part=part, count=int(count), name=text_of(names[0]) if names else "")
