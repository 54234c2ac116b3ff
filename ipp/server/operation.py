"""One row of the operation table: what answers an operation, who may ask for it, and what it is aimed at."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from gateway.domain.job import Job
from gateway.domain.printer import Printer
from gateway.domain.user import Actor
from gateway.errors import NotPossible
from gateway.services.identity import Identity
from gateway.services.intake import Intake
from gateway.services.notifications import Notifications
from gateway.services.ports import Clock
from gateway.services.printers import Printers
from gateway.services.release import Release
from gateway.settings import Settings
from ipp.server.authentication import Policy
from ipp.server.request import Reply, Request
from ipp.wire import Operation

Handler = Callable[[Request], Awaitable[Reply]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    handler: Handler
    policy: Policy


Table = Mapping[Operation, Row]


class JobControl(Protocol):
    """Powers over the order of jobs and over the one that prints (RFC 3998), which a delivery may have."""

    async def promote(self, job_id: int, actor: Actor) -> Job: ...
    async def schedule_after(self, job_id: int, predecessor: int | None, actor: Actor) -> Job: ...
    async def suspend(self, job_id: int, actor: Actor) -> Job: ...
    async def resume(self, job_id: int, actor: Actor) -> Job: ...


class NoJobControl:
    """Where delivery has no such powers: the order of release stands, and a job that prints is ended, not paused."""

    async def promote(self, job_id: int, actor: Actor) -> Job:  # noqa: ARG002 - JobControl's signature
        raise NotPossible(f"Job {job_id} cannot be promoted: jobs print in the order in which they were released.")

    async def schedule_after(self, job_id: int, predecessor: int | None, actor: Actor) -> Job:  # noqa: ARG002 - JobControl's signature
        raise NotPossible(f"Job {job_id} cannot be moved: jobs print in the order in which they were released.")

    async def suspend(self, job_id: int, actor: Actor) -> Job:  # noqa: ARG002 - JobControl's signature
        raise NotPossible(f"Job {job_id} cannot be suspended while it prints. Cancel it and print it again.")

    async def resume(self, job_id: int, actor: Actor) -> Job:  # noqa: ARG002 - JobControl's signature
        raise NotPossible(f"Job {job_id} is not suspended.")


Identify = Callable[[Printer, tuple[str, ...], str], Awaitable[None]]
"""Identify-Printer: (Printer, identify-actions, message)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """What the operations call."""

    intake: Intake
    release: Release
    printers: Printers
    identity: Identity
    notifications: Notifications
    settings: Settings
    clock: Clock
    control: JobControl
    identify: Identify
