"""The first run: one link, one administrator, and a door that stays shut."""

import asyncio
from dataclasses import dataclass, field

import pytest

from gateway.domain.rights import Role
from gateway.errors import BadRequest, NotFound, NotPossible
from gateway.services.identity import Identity
from gateway.services.setup import CLOSED, LINK_SECONDS, Setup, Step
from gateway.settings import Identity as IdentitySettings
from tests.fakes import FakeClock, FakeHasher, MemoryUserStore
from tests.fakes_administration import MemoryHouseStore, MemorySetupFiles

PASSWORD = "a long sentence"


@dataclass(kw_only=True)
class Machine:
    """`values` and `users` are the database; `files` lie beside it."""

    clock: FakeClock = field(default_factory=FakeClock)
    users: MemoryUserStore = field(default_factory=MemoryUserStore)
    values: MemoryHouseStore = field(default_factory=MemoryHouseStore)
    files: MemorySetupFiles = field(default_factory=MemorySetupFiles)

    @property
    def setup(self) -> Setup:
        accounts = Identity(users=self.users, hasher=FakeHasher(), clock=self.clock, settings=IdentitySettings())
        return Setup(users=self.users, accounts=accounts, house=self.values, files=self.files, clock=self.clock)

    async def link(self) -> str:
        token = await self.setup.new_link()
        assert token is not None
        return token

    async def set_up(self) -> None:
        await self.setup.create_administrator(await self.link(), "ada", PASSWORD)


async def test_the_link_makes_one_administrator_and_opens_nothing_afterwards() -> None:
    machine = Machine()
    token = await machine.link()
    assert token not in str(machine.values.kept) + str(machine.files.kept), "only its hash is kept"
    user = await machine.setup.create_administrator(token, "ada", PASSWORD, full_name="Ada Ode")
    assert (user.role, user.full_name) == (Role.ADMINISTRATOR, "Ada Ode")
    for attempt in (machine.setup.check(token), machine.setup.create_administrator(token, "eve", PASSWORD)):
        with pytest.raises(NotFound, match="opens nothing"):
            await attempt
    assert await machine.users.user("eve") is None
    assert await machine.setup.new_link() is None


async def test_of_many_at_once_one_becomes_administrator() -> None:
    machine = Machine()
    token, setup = await machine.link(), machine.setup
    tries = [setup.create_administrator(token, f"ada-{number}", PASSWORD) for number in range(5)]
    made = [one for one in await asyncio.gather(*tries, return_exceptions=True) if not isinstance(one, NotFound)]
    assert len(made) == 1
    assert await machine.users.user_count() == 1


@pytest.mark.parametrize("guess", ["", "guess", "A" * 43])
async def test_a_guessed_token_opens_nothing(guess: str) -> None:
    machine = Machine()
    await machine.link()
    with pytest.raises(NotFound):
        await machine.setup.create_administrator(guess, "eve", PASSWORD)


async def test_the_link_lasts_a_day_and_no_clock_that_runs_back_prolongs_it() -> None:
    machine = Machine()
    token = await machine.link()
    machine.clock.tick(LINK_SECONDS + 1)
    with pytest.raises(NotFound):
        await machine.setup.check(token)
    machine = Machine()
    token = await machine.link()
    machine.clock.jump(-3600)
    with pytest.raises(NotFound):
        await machine.setup.check(token)


async def test_a_new_start_voids_the_link_before_it() -> None:
    machine = Machine()
    first = await machine.link()
    second = await machine.link()
    with pytest.raises(NotFound):
        await machine.setup.check(first)
    await machine.setup.check(second)


@pytest.mark.parametrize(("name", "password"), [("ada", "short"), ("", PASSWORD), ("a:b", PASSWORD)])
async def test_a_refused_name_or_password_leaves_the_link_good(name: str, password: str) -> None:
    machine = Machine()
    token = await machine.link()
    with pytest.raises(BadRequest):
        await machine.setup.create_administrator(token, name, password)
    await machine.setup.create_administrator(token, "ada", PASSWORD)


async def test_a_gateway_that_has_users_was_set_up_another_way() -> None:
    machine = Machine()
    token = await machine.link()
    await Identity(users=machine.users, hasher=FakeHasher(), clock=machine.clock, settings=IdentitySettings()).add_user(
        "demo"
    )
    with pytest.raises(NotFound):
        await machine.setup.check(token)
    assert await machine.setup.new_link() is None
    assert machine.files.closed
    assert CLOSED in machine.values.kept


@pytest.mark.parametrize("lost", ["database", "files"])
async def test_either_mark_alone_keeps_it_shut(lost: str) -> None:
    """A restored or emptied database brings no open door, and neither does a new data directory before the old rows."""
    machine = Machine()
    await machine.set_up()
    if lost == "database":
        machine.values, machine.users = MemoryHouseStore(), MemoryUserStore()
    else:
        machine.files, machine.users = MemorySetupFiles(), MemoryUserStore()
    assert await machine.setup.new_link() is None


async def test_the_shell_alone_opens_it_again_and_for_one_more() -> None:
    machine = Machine()
    await machine.set_up()
    token = await machine.setup.new_link(by_shell=True)
    assert token is not None
    await machine.setup.create_administrator(token, "grace", PASSWORD)
    with pytest.raises(NotFound):
        await machine.setup.check(token)
    assert await machine.setup.new_link() is None
    assert [user.name for user in await machine.users.users()] == ["ada", "grace"]


async def test_the_steps_go_forward_only_can_be_left_and_end() -> None:
    machine = Machine()
    assert await machine.setup.step() is None
    with pytest.raises(NotPossible):
        await machine.setup.require()
    await machine.set_up()
    assert await machine.setup.step() is Step.SITE
    await machine.setup.reach(Step.TEST, device="copy-room")
    await machine.setup.reach(Step.PRINTERS)
    assert await machine.setup.step() is Step.TEST, "an old page does not undo a later one"
    assert await machine.setup.chosen() == ("copy-room", "")
    await machine.setup.finish()
    with pytest.raises(NotPossible, match="Set-up is done"):
        await machine.setup.reach(Step.DONE)
    assert await machine.setup.chosen() == ("", "")
