"""The audit log: what was done stays as it was written, and what was changed, left out or cut off is named."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.adapters.audit_seal import FileAuditSeal
from gateway.domain.audit import AuditEntry, AuditPoint, AuditQuery
from gateway.domain.rights import Role
from gateway.domain.user import SYSTEM, Actor
from gateway.errors import Forbidden, Locked
from gateway.services.audit import LONGEST, Audit
from tests.fake_time import FakeClock
from tests.fakes_house import FakeSeal, MemoryAuditStore, an_audit

OLGA = Actor(user="olga", role=Role.OPERATOR, address="10.0.0.9", via="web")
DAY = 86400.0


class Bench:
    def __init__(self) -> None:
        self.clock, self.store, self.seal = FakeClock(), MemoryAuditStore(), FakeSeal()
        self.audit = an_audit(self.clock, self.store, self.seal)

    async def filled(self, rows: int = 6) -> "Bench":
        for number in range(rows):
            await self.audit.note(OLGA, "user.changed", f"user {number}", full_name=f"Name {number}")
            await self.clock.advance(DAY)
        return self

    def change(self, number: int, **fields: object) -> None:
        rows = self.store.rows
        index = next(index for index, row in enumerate(rows) if row.id == number)
        rows[index] = replace(rows[index], **fields)  # type: ignore[arg-type]  # reason: names fields


async def test_what_was_written_is_found_and_whole() -> None:
    bench = await Bench().filled()
    verdict = await bench.audit.verify(SYSTEM)
    assert (verdict.whole, verdict.rows) == (True, 6)
    newest = (await bench.audit.find(AuditQuery(limit=1), SYSTEM))[0]
    assert (newest.id, newest.actor, newest.subject, newest.values) == (6, "olga", "user 5", {"full_name": "Name 5"})


async def test_an_empty_log_is_whole() -> None:
    assert (await Bench().audit.verify(SYSTEM)).whole


@pytest.mark.parametrize(
    "fields",
    [
        {"actor": "bob"},
        {"subject": "user 9"},
        {"text": "nothing"},
        {"values": {}},
        {"at": 1.0},
        {"address": "10.0.0.8"},
        {"via": "cli"},
        {"action": "user.added"},
        {"digest": "0" * 32},
    ],
    ids=str,
)
async def test_a_changed_row_is_named(fields: dict[str, object]) -> None:
    bench = await Bench().filled()
    bench.change(3, **fields)
    verdict = await bench.audit.verify(SYSTEM)
    assert (verdict.broken, verdict.rows) == (3, 2)


async def test_a_row_that_follows_on_another_is_named() -> None:
    bench = await Bench().filled()
    third = bench.store.rows[2]
    forged = replace(third, previous="f" * 32)
    bench.change(3, previous="f" * 32, digest=bench.seal.digest(forged.sealed))
    assert (await bench.audit.verify(SYSTEM)).broken == 3


@pytest.mark.parametrize(("cut", "broken"), [(slice(0, 1), 2), (slice(2, 3), 4), (slice(1, 4), 5)])
async def test_missing_rows_are_named(cut: slice, broken: int) -> None:
    bench = await Bench().filled()
    del bench.store.rows[cut]
    verdict = await bench.audit.verify(SYSTEM)
    assert verdict.broken == broken
    assert "missing" in verdict.text


async def test_a_cut_end_is_seen_also_after_more_was_written() -> None:
    bench = await Bench().filled()
    del bench.store.rows[4:]
    assert (await bench.audit.verify(SYSTEM)).broken == 5
    await bench.audit.note(OLGA, "user.changed", "user later")
    verdict = await bench.audit.verify(SYSTEM)
    assert (verdict.broken, verdict.text) == (7, "Rows 5 to 6 are missing.")


async def test_everything_cut_off_is_seen() -> None:
    bench = await Bench().filled()
    bench.store.rows.clear()
    assert (await bench.audit.verify(SYSTEM)).broken == 1


async def test_a_missing_head_is_told() -> None:
    bench = await Bench().filled()
    bench.seal.point = None
    assert (await bench.audit.verify(SYSTEM)).broken == 7


async def test_a_head_that_is_behind_is_no_alarm() -> None:
    """The process ended between the row and the file."""
    bench = await Bench().filled()
    row = bench.store.rows[3]
    bench.seal.point = AuditPoint(id=row.id, digest=row.digest)
    assert (await bench.audit.verify(SYSTEM)).whole
    bench.seal.point = AuditPoint(id=row.id, digest="0" * 32)
    assert (await bench.audit.verify(SYSTEM)).broken == 4


async def test_retention_leaves_a_chain_that_can_be_verified() -> None:
    bench = await Bench().filled()
    await bench.clock.advance(397 * DAY)
    assert await bench.audit.purge() == 4
    assert [row.id for row in bench.store.rows] == [5, 6, 7]
    assert bench.store.rows[-1].action == "audit.purged"
    verdict = await bench.audit.verify(SYSTEM)
    assert (verdict.whole, verdict.rows) == (True, 3)
    assert await bench.audit.purge() == 0


async def test_a_forged_beginning_is_named() -> None:
    bench = await Bench().filled()
    await bench.clock.advance(397 * DAY)
    await bench.audit.purge()
    row = bench.store.rows.pop(0)
    bench.store.begin = (AuditPoint(id=row.id, digest=row.digest), "forged")
    assert (await bench.audit.verify(SYSTEM)).broken == row.id


async def test_no_line_can_be_forged() -> None:
    bench = Bench()
    evil = "bob\nroot via web: user.deleted\x1b[2J\u202eevil\x00"
    entry = await bench.audit.note(Actor(claimed=evil, via=evil), evil, evil, "x" * 5000, value=evil)
    texts = (entry.actor, entry.via, entry.action, entry.subject, *entry.values.values())
    assert not any(c in text for text in texts for c in "\n\r\x1b\x00\u202e")
    assert len(entry.text) == LONGEST
    assert (await bench.audit.verify(SYSTEM)).whole


async def test_only_administrators_of_the_whole_house_read_it() -> None:
    bench = await Bench().filled(1)
    for actor in (OLGA, Actor(), replace(OLGA, role=Role.USER)):
        with pytest.raises(Forbidden):
            await bench.audit.verify(actor)
        with pytest.raises(Forbidden):
            await bench.audit.find(AuditQuery(), actor)


# -- the files of the key and the head


async def on_disk(folder: Path, store: MemoryAuditStore) -> Audit:
    seal = FileAuditSeal(folder, create_if_new=not store.rows)
    return Audit(store=store, seal=seal, clock=FakeClock(), kept_seconds=DAY)


async def test_the_chain_goes_on_after_a_restart(tmp_path: Path) -> None:
    store = MemoryAuditStore()
    for _ in range(3):
        await (await on_disk(tmp_path, store)).note(OLGA, "user.changed", "bob")
    assert (await (await on_disk(tmp_path, store)).verify(SYSTEM)).rows == 3
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("audit*")} == {0o400}


async def test_rows_sealed_with_another_key_are_not_whole(tmp_path: Path) -> None:
    store = MemoryAuditStore()
    await (await on_disk(tmp_path / "one", store)).note(OLGA, "user.changed", "bob")
    rows, store.rows = store.rows, []
    other = await on_disk(tmp_path / "two", store)
    store.rows = rows
    assert (await other.verify(SYSTEM)).broken == 1


async def test_without_its_key_nothing_is_written(tmp_path: Path) -> None:
    store = MemoryAuditStore()
    await (await on_disk(tmp_path, store)).note(OLGA, "user.changed", "bob")
    (tmp_path / "audit").unlink()
    audit = await on_disk(tmp_path, store)
    with pytest.raises(Locked, match="audit"):
        await audit.note(OLGA, "user.changed", "bob")
    with pytest.raises(Locked):
        await audit.verify(SYSTEM)
    assert len(store.rows) == 1
    assert not (tmp_path / "audit").exists(), "a new key would hide the loss"


def _forged(text: bytes) -> bytes:
    return text.replace(b'"id": 2', b'"id": 1')


def _damaged(_: bytes) -> bytes:
    return b"{"


@pytest.mark.parametrize("change", [_forged, _damaged])
async def test_a_forged_or_damaged_head_is_told(tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    store = MemoryAuditStore()
    audit = await on_disk(tmp_path, store)
    for _ in range(2):
        await audit.note(OLGA, "user.changed", "bob")
    head = tmp_path / "audit.head"
    text = head.read_bytes()
    head.unlink()
    head.write_bytes(change(text))
    assert (await audit.verify(SYSTEM)).broken is not None
    await audit.note(OLGA, "user.changed", "bob")
    assert (await audit.verify(SYSTEM)).whole, "the next row mends the file; what was told stays told in the log"


def test_an_older_head_never_takes_the_place_of_a_newer_one(tmp_path: Path) -> None:
    seal = FileAuditSeal(tmp_path, create_if_new=True)
    seal.keep_head(AuditPoint(id=2, digest="b"))
    seal.keep_head(AuditPoint(id=1, digest="a"))
    assert seal.head() == AuditPoint(id=2, digest="b")


def test_every_field_is_part_of_what_is_sealed() -> None:
    entry = AuditEntry(
        id=1, at=1.5, actor="a", via="b", address="c", action="d", subject="e", text="f", values={"g": "h"}
    )
    other = {"id": 2, "at": 1.25, "values": {"g": "i"}, "previous": "x"}
    for name in ("actor", "via", "address", "action", "subject", "text"):
        other[name] = "changed"
    seals = {replace(entry, **{name: value}).sealed for name, value in other.items()}  # type: ignore[arg-type]  # reason: names fields
    assert len(seals | {entry.sealed}) == len(other) + 1
    assert replace(entry, digest="x").sealed == entry.sealed
