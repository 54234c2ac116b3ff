"""One-time links: once, for whoever has it, counted on whoever said so, and dead for everybody else."""

import asyncio

import pytest

from gateway.domain.device import DeviceState, DeviceStatus
from gateway.domain.job import Job, JobState
from gateway.domain.share import Payer, Share
from gateway.domain.user import Actor
from gateway.errors import LimitReached, NotAuthenticated, NotFound, NotPossible, Throttled
from gateway.services.limits import Limits, policies
from gateway.services.shares import GONE, MOST_OPEN, Shares
from gateway.settings import Identity
from tests.builders import a_document
from tests.gateway.services.house import ALICE, BOB, OPERATOR, House

VISITOR = Actor(address="203.0.113.9", via="web")


class Party(House):
    def __init__(self) -> None:
        super().__init__()
        self.shares = Shares(
            store=self.grants,
            release=self.release,
            printers=self.printers,
            limits=Limits(clock=self.clock, table=policies(Identity())),
            clock=self.clock,
        )

    async def link(
        self, job: Job, *, seconds: float | None = None, payer: Payer = Payer.SHARER, page: bool = False
    ) -> tuple[str, Share]:
        return await self.shares.make(job.id, ALICE, seconds=seconds, payer=payer, shows_page=page)

    async def row(self, job: Job) -> Job:
        row = await self.jobs.get(job.id)
        assert row is not None
        return row


@pytest.fixture
async def party() -> Party:
    built = await Party.built()
    assert isinstance(built, Party)
    return built


async def test_a_stranger_prints_it_once(party: Party) -> None:
    job = await party.held()
    token, _ = await party.link(job)
    shared = await party.shares.look(token, address=VISITOR.address)
    assert (shared.job.id, [device.name for device in shared.devices], shared.page) == (
        job.id,
        ["laser", "inkjet"],
        False,
    )
    sent = await party.shares.use(token, VISITOR, device="laser")
    assert (sent.state, sent.output_device, sent.released_by) == (JobState.PENDING, "laser", "somebody with a link")
    assert sent.charged_to is None
    with pytest.raises(NotFound, match="does not work any more"):
        await party.shares.use(token, VISITOR, device="laser")
    told = [(record.what, record.by) for record in await party.jobs.records(job.id)]
    assert told == [("shared by a link", "alice"), ("released to Laser", "somebody with a link")]


async def test_fifty_at_once_print_it_once(party: Party) -> None:
    token, _ = await party.link(await party.held())
    visitors = [Actor(address=f"203.0.113.{n}", via="web") for n in range(50)]
    outcomes = await asyncio.gather(
        *(party.shares.use(token, visitor, device="laser") for visitor in visitors), return_exceptions=True
    )
    assert sum(isinstance(outcome, Job) for outcome in outcomes) == 1
    assert sum(isinstance(outcome, NotFound) for outcome in outcomes) == 49


async def test_the_token_is_not_in_the_rows(party: Party) -> None:
    token, share = await party.link(await party.held())
    assert len(token) >= 43
    assert token not in repr(party.grants.shares)
    assert token not in share.token_hash


async def test_whoever_prints_pays_and_signs_in_for_it(party: Party) -> None:
    job = await party.held()
    token, _ = await party.link(job, payer=Payer.PRINTING)
    with pytest.raises(NotAuthenticated):
        await party.shares.use(token, VISITOR, device="laser")
    sent = await party.shares.use(token, BOB, device="laser")
    assert (sent.owner, sent.charged_to, sent.released_by) == ("alice", "bob", "bob")


async def test_a_refusal_leaves_the_link_as_it_was(party: Party) -> None:
    token, _ = await party.link(await party.held())
    await party.printers.set_device_status("laser", DeviceStatus(state=DeviceState.STOPPED))
    with pytest.raises(NotPossible, match="cannot print now"):
        await party.shares.use(token, VISITOR, device="laser")
    assert (await party.shares.use(token, VISITOR, device="inkjet")).output_device == "inkjet"


async def test_at_no_device_but_those_of_its_printer(party: Party) -> None:
    await party.printers.add_device("vault", "socket://192.0.2.9:9100")
    token, _ = await party.link(await party.held())
    with pytest.raises(NotFound):
        await party.shares.use(token, VISITOR, device="vault")


async def test_all_ways_to_be_dead_read_the_same(party: Party) -> None:
    used, expired, revoked, gone = [await party.held() for _ in range(4)]
    tokens = ["unknown"]
    token, _ = await party.link(used)
    await party.shares.use(token, VISITOR, device="laser")
    tokens.append(token)
    tokens.append((await party.link(expired, seconds=60))[0])
    token, share = await party.link(revoked)
    await party.shares.revoke(revoked.id, share.id, ALICE)
    tokens.append(token)
    tokens.append((await party.link(gone))[0])
    await party.release.cancel(gone.id, ALICE)
    party.clock.tick(60)
    for token in tokens:
        with pytest.raises(NotFound) as error:
            await party.shares.look(token, address=VISITOR.address)
        assert error.value.message == GONE


async def test_links_that_do_not_work_are_counted(party: Party) -> None:
    token, _ = await party.link(await party.held())
    for _ in range(30):
        await party.shares.look(token, address=VISITOR.address)
    for number in range(20):
        with pytest.raises(NotFound):
            await party.shares.look(f"guess {number}", address=VISITOR.address)
    with pytest.raises(Throttled):
        await party.shares.look(token, address=VISITOR.address)
    assert await party.shares.look(token, address="198.51.100.1")


async def test_only_the_owner_makes_lists_and_revokes_links(party: Party) -> None:
    job = await party.held()
    _, share = await party.link(job)
    for other in (BOB, OPERATOR):
        with pytest.raises(NotFound):
            await party.shares.make(job.id, other, seconds=None, payer=Payer.SHARER, shows_page=False)
        with pytest.raises(NotFound):
            await party.shares.open_of(job.id, other)
        with pytest.raises(NotFound):
            await party.shares.revoke(job.id, share.id, other)
    assert await party.shares.open_of(job.id, ALICE) == [share]
    await party.shares.revoke(job.id, share.id, ALICE)
    assert await party.shares.open_of(job.id, ALICE) == []
    with pytest.raises(NotPossible):
        await party.shares.revoke(job.id, share.id, ALICE)


async def test_a_job_has_a_limited_number_of_open_links(party: Party) -> None:
    job = await party.held()
    for _ in range(MOST_OPEN):
        await party.link(job, seconds=60)
    with pytest.raises(LimitReached):
        await party.link(job)
    party.clock.tick(60)
    await party.link(job)


async def test_only_what_waits_is_shared(party: Party) -> None:
    job = await party.held()
    await party.release.release([job.id], ALICE, device="laser")
    with pytest.raises(NotPossible, match="waits for its release"):
        await party.link(job)


async def test_the_first_page_is_shown_only_if_the_sharer_said_so(party: Party) -> None:
    plain, wrapped = party.keyring.new_key()
    picture = await party.sealed(b"PNG", plain, "image/png")
    job = await party.held(key=wrapped, thumbnails=(picture,))
    closed, _ = await party.link(job)
    with pytest.raises(NotFound, match="picture"):
        await party.shares.page(closed, address=VISITOR.address)
    open_, _ = await party.link(job, page=True)
    assert b"".join([part async for part in await party.shares.page(open_, address=VISITOR.address)]) == b"PNG"


async def test_a_private_job_shows_no_page_whatever_was_said(party: Party) -> None:
    job = await party.held(thumbnails=(a_document(),))
    before, _ = await party.link(job, page=True)
    await party.release.make_private(job.id, ALICE)
    after, share = await party.link(job, page=True)
    assert not share.shows_page
    for token in (before, after):
        assert not (await party.shares.look(token, address=VISITOR.address)).page
