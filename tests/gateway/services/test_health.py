"""The list of health: what is told with each page, what waits to be asked, and that a look never raises."""

import asyncio

import pytest

from gateway.errors import NotFound, Unavailable
from gateway.services import health
from gateway.services.health import Check, Finding, Health, Kind
from tests.fakes_administration import some_checks


async def refuses() -> Finding:
    return Finding(name="accepting", ok=False, text="storage-low", reasons=("storage-low", "locked"))


async def raises() -> Finding:
    raise Unavailable("The database is away.")


async def never() -> Finding:
    await asyncio.Event().wait()
    raise AssertionError


async def further() -> list[Check]:
    return [Check(key="directory ad", run=raises, kind=Kind.CONNECTION)]


async def test_only_states_are_told_at_once() -> None:
    told = await Health(some_checks, further).quick()
    assert {key: one.ok for key, one in told.items()} == {"storage": True, "backup": False}


async def test_kinds_are_run_side_by_side_also_those_that_rows_tell_of() -> None:
    told = await Health(some_checks, further).all(Kind.CONNECTION)
    assert {key: one.text for key, one in told.items()} == {
        "mail": "No route to host.",
        "directory ad": "The database is away.",
    }
    assert (Kind.CONNECTION, "directory ad") in await Health(some_checks, further).keys()


async def test_a_look_at_nothing_is_told() -> None:
    with pytest.raises(NotFound):
        await Health(some_checks).look("directory ad")
    assert not (await Health(some_checks, further).look("directory ad")).ok


async def test_only_gates_refuse_work_and_no_row_is_read_for_it() -> None:
    async def away() -> list[Check]:
        raise AssertionError("rows were read")

    assert await Health(some_checks, away).refusing() == ()
    gates = (Check(key="accepting", run=refuses, gate=True), Check(key="other", run=raises, gate=True))
    assert await Health(lambda: gates, away).refusing() == ("storage-low", "locked", "other")


async def test_a_look_that_gives_no_answer_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "PATIENCE", 0.01)
    told = await Health(lambda: (Check(key="slow", run=never),)).look("slow")
    assert (told.ok, told.text) == (False, "It gave no answer in time.")
