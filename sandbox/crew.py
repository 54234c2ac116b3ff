"""The two kinds of worker, as a pool sees them: how many, from what code, and how long one takes to be ready.

A light worker opens everything but office documents. An office worker holds a LibreOffice of its own and turns one kind
of foreign bytes into another, PDF, that a light worker then treats like any PDF from a stranger.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from sandbox import code
from sandbox.errors import Unavailable
from sandbox.policy import Code
from sandbox.settings import SandboxSettings


class Gather(Protocol):
    """Brings a worker's code within its reach."""

    def __call__(self, runtime: Path, *, foreign_user: bool) -> Code:
        """Unavailable when something is not installed or can't be reached."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Crew:
    """The workers of one pool: at most `workers` busy and `ready` waiting."""

    workers: int
    ready: int
    start_seconds: float
    gather: Gather


def light(settings: SandboxSettings) -> Crew:
    return Crew(
        workers=settings.workers, ready=settings.ready, start_seconds=settings.start_seconds, gather=code.gather
    )


def office(settings: SandboxSettings) -> Crew:
    return Crew(
        workers=settings.office_workers,
        ready=settings.office_ready,
        start_seconds=settings.office_start_seconds,
        gather=code.gather_office,
    )


def office_installed(look: Callable[[], Path] = code.office_program) -> bool:
    """Whether this machine has what an office worker needs."""
    try:
        look()
    except Unavailable:
        return False
    return True
