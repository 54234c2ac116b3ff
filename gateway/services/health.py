"""What works and what does not, as one list: the dashboard, `papertap check` and /healthz all look here."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from gateway.errors import NotFound, PapertapError

PATIENCE = 30.0  # seconds that one look may take


class Kind(StrEnum):
    """STATE is told with each page; the others run the real thing and wait for somebody to ask."""

    STATE = "state"
    CHANNEL = "channel"
    CONNECTION = "connection"
    MACHINE = "machine"
    DEVICE = "device"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """What one look found. `mend` says what to do about it, `reasons` are its causes in keywords for programs.

    `needed`: without it Papertap does not do its main job, and `papertap check` has exit status 1.
    """

    name: str
    ok: bool
    text: str
    needed: bool = True
    mend: str = ""
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """`gate`: no work is accepted while it fails, and /healthz says so."""

    key: str
    run: Callable[[], Awaitable[Finding]]
    kind: Kind = Kind.STATE
    gate: bool = False


class Health:
    """`checks` gives those that there are now: devices come and go. `further` are those that rows tell of."""

    def __init__(
        self,
        checks: Callable[[], Sequence[Check]],
        further: Callable[[], Awaitable[Sequence[Check]]] | None = None,
    ) -> None:
        self._checks = checks
        self._further = further

    async def keys(self) -> list[tuple[Kind, str]]:
        return [(check.kind, check.key) for check in await self._every()]

    async def quick(self) -> dict[str, Finding]:
        """What can be told at once, by key."""
        return await _all([check for check in self._checks() if check.kind is Kind.STATE])

    async def all(self, *kinds: Kind) -> dict[str, Finding]:
        """Runs those of these kinds side by side, by key."""
        return await _all([check for check in await self._every() if check.kind in kinds])

    async def refusing(self) -> tuple[str, ...]:
        """Why no work is accepted now, in keywords; empty is healthy. No row is read for it but by the checks."""
        found = await _all([check for check in self._checks() if check.gate])
        return tuple(reason for one in found.values() if not one.ok for reason in one.reasons or (one.name,))

    async def look(self, key: str) -> Finding:
        """Runs one, whatever it takes."""
        check = next((check for check in await self._every() if check.key == key), None)
        if check is None:
            raise NotFound("There is nothing of that name to be tested.")
        return await looked(check)

    async def _every(self) -> list[Check]:
        return [*self._checks(), *(await self._further() if self._further else ())]


async def _all(checks: Sequence[Check]) -> dict[str, Finding]:
    found = await asyncio.gather(*(looked(check) for check in checks))
    return dict(zip((check.key for check in checks), found, strict=True))


async def looked(check: Check) -> Finding:
    """A look that fails is a finding, too."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await check.run()
    except TimeoutError:  # an OSError without words
        return Finding(name=check.key, ok=False, text="It gave no answer in time.")
    except (PapertapError, OSError) as error:
        return Finding(name=check.key, ok=False, text=str(error))
