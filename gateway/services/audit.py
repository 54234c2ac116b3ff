"""The audit log: what staff did, written down as a chain that nobody can change unseen (rows 152 and 158).

Each row carries a keyed hash of itself and of its predecessor; the place of the last one is kept outside of the
database besides. What is found cut off is not bridged: the next row still follows on the one that is missing, so that a
verification names the gap for as long as the log lasts.
"""

import asyncio
import hmac
import logging
from dataclasses import replace

from gateway.domain.audit import FIRST, AuditEntry, AuditPoint, AuditQuery, Verdict
from gateway.domain.letter import one_line
from gateway.domain.rights import Permission
from gateway.domain.user import SYSTEM, Actor
from gateway.errors import Forbidden
from gateway.services.ports import AuditSeal, AuditStore, Clock

BATCH = 1000
LONGEST = 500  # characters of a text or a value

log = logging.getLogger(__name__)


class Audit:
    """`kept_seconds`: how long rows are kept; what goes is written down as a row, too."""

    def __init__(self, *, store: AuditStore, seal: AuditSeal, clock: Clock, kept_seconds: float) -> None:
        self._store = store
        self._seal = seal
        self._clock = clock
        self._kept = kept_seconds

    async def note(self, actor: Actor, action: str, subject: str, text: str = "", **values: object) -> AuditEntry:
        """Durable when this returns. Names and texts of strangers lose their control characters, and never a secret."""
        draft = AuditEntry(
            id=0,
            at=self._clock.now(),
            actor=_clean(actor.user or actor.claimed),
            via=_clean(actor.via),
            address=_clean(actor.address),
            action=_clean(action),
            subject=_clean(subject),
            text=_clean(text),
            values={name: _clean(str(value)) for name, value in sorted(values.items())},
        )
        entry = await self._store.append(lambda last: self._chained(draft, last))
        await asyncio.to_thread(self._seal.keep_head, AuditPoint(id=entry.id, digest=entry.digest))
        log.info(
            "audit",
            extra={
                "audit_id": entry.id,
                "actor": entry.actor,
                "via": entry.via,
                "address": entry.address,
                "action": entry.action,
                "subject": entry.subject,
                "text": entry.text,
                "values": dict(entry.values),
                "digest": entry.digest,
            },
        )
        return entry

    async def find(self, query: AuditQuery, actor: Actor) -> list[AuditEntry]:
        _check(actor)
        return await self._store.find_entries(query)

    async def verify(self, actor: Actor) -> Verdict:
        """Reads the whole log, oldest first, and names the first row that is not what was written."""
        _check(actor)
        anchor = await self._store.anchor()
        last = AuditPoint(id=0, digest=FIRST)
        if anchor is not None:
            last, seal = anchor
            if not hmac.compare_digest(seal, self._sealed(last)):
                return Verdict(rows=0, broken=last.id, text="Where the log begins was changed.")
        try:
            head, rows, begin = self._seal.head(), 0, last
        except ValueError as error:
            return Verdict(rows=0, broken=last.id + 1, text=f"{error} Whether the end is missing cannot be told.")
        while batch := await self._store.entries(after_id=last.id, limit=BATCH):
            for entry in batch:
                wrong = self._wrong(entry, last, head)
                if wrong:
                    return Verdict(rows=rows, broken=max(entry.id, 1), text=wrong)
                last, rows = AuditPoint(id=entry.id, digest=entry.digest), rows + 1
        return _end(rows, begin, last, head)

    async def purge(self) -> int:
        """Rows that are older than they are kept; where the chain now begins is kept in their place."""
        before, count = self._clock.now() - self._kept, 0
        while gone := await self._store.purge_entries(before=before, limit=BATCH, seal=self._sealed):
            count += gone
        if count:
            await self.note(SYSTEM, "audit.purged", "audit log", f"{count} old rows were removed.", rows=count)
        return count

    # -- within

    def _chained(self, draft: AuditEntry, last: AuditPoint | None) -> AuditEntry:
        before = self._behind(last)
        entry = replace(draft, id=before.id + 1, previous=before.digest)
        return replace(entry, digest=self._seal.digest(entry.sealed))

    def _behind(self, last: AuditPoint | None) -> AuditPoint:
        """The last row, or the one that is said to be last and is missing: the gap stays to be seen."""
        try:
            head = self._seal.head()
        except ValueError:
            log.exception("the head of the audit log cannot be read")
            head = None
        here = last or AuditPoint(id=0, digest=FIRST)
        if head is not None and head.id > here.id:
            log.error("the audit log ends at row %d, but had %d", here.id, head.id)
            return head
        return here

    def _wrong(self, entry: AuditEntry, last: AuditPoint, head: AuditPoint | None) -> str:
        if entry.id != last.id + 1:
            return f"Rows {last.id + 1} to {entry.id - 1} are missing."
        if not hmac.compare_digest(entry.digest, self._seal.digest(entry.sealed)):
            return f"Row {entry.id} was changed."
        if entry.previous != last.digest:
            return f"Row {entry.id} does not follow on the one before it."
        if head is not None and head.id == entry.id and head.digest != entry.digest:
            return f"Row {entry.id} is not the one that was written."
        return ""

    def _sealed(self, point: AuditPoint) -> str:
        return self._seal.digest(f"begin {point.id} {point.digest}".encode())


def _end(rows: int, begin: AuditPoint, last: AuditPoint, head: AuditPoint | None) -> Verdict:
    if head is None and last.id:
        return Verdict(rows=rows, broken=last.id + 1, text="The file with the log's end is gone: rows may be missing.")
    if head is not None and head.id > last.id:
        return Verdict(rows=rows, broken=last.id + 1, text=f"Rows {last.id + 1} to {head.id} are missing at the end.")
    if begin.id:
        return Verdict(rows=rows, text=f"All {rows} rows, from row {begin.id + 1} on, are as they were written.")
    return Verdict(rows=rows, text=f"All {rows} rows are as they were written.")


def _clean(text: str) -> str:
    return one_line(text, LONGEST)


def _check(actor: Actor) -> None:
    if not actor.may(Permission.AUDIT):
        raise Forbidden("Only administrators of the whole house read the audit log.")
