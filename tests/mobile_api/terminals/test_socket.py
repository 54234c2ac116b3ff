"""The terminal protocol over a real listener, spoken by a client that none of us wrote."""

import asyncio
import json
from typing import Any

import httpx2
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from gateway.domain.device import DeviceState, DeviceStatus
from gateway.domain.job import JobState
from gateway.domain.terminal import OnTap
from gateway.services.limits import Kind
from tests.gateway.adapters.http.serving import until
from tests.terminal_house import CARD, OTHER, TerminalHouse, a_terminal_house, talking
from tests.webprint.web_house import PASSWORD, PIN


@pytest.fixture
async def rooms() -> TerminalHouse:
    return await a_terminal_house(terminals={"offline_hours": 8})


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    return [message["type"] for message in messages]


async def test_a_visit_from_badge_to_paper(rooms: TerminalHouse) -> None:
    jobs = [await rooms.house.add(name=f"Job {n}") for n in range(3)]
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url, talking(url, key) as peer:
        assert peer.socket.subprotocol == "papertap.terminal.v1"
        (state,) = await peer.ask("hello", version=1)
        assert (state["station"]["title"], state["ready"], state["signed_in"]) == ("Copy room", True, None)
        feedback, signed_in, found = await peer.ask("card", raw="04:a2:19:7f")
        assert (feedback["code"], feedback["tone"]) == ("signed-in", "good")
        assert (signed_in["user"], signed_in["name"]) == ("alice", "Alice Ode")
        assert [job["id"] for job in found["jobs"]] == [job.id for job in reversed(jobs)]
        assert all(job["here"] for job in found["jobs"])
        (chosen,) = await peer.ask("select", jobs=[jobs[0].id, jobs[1].id])
        assert (chosen["jobs"], chosen["sheets"]) == ([jobs[0].id, jobs[1].id], 2)
        feedback, result, queue = await peer.ask("release", jobs=[jobs[0].id])
        assert (feedback["code"], result["sent"], queue["position"]) == ("sent", [jobs[0].id], 1)
        _, result, queue = await peer.ask("release")
        assert (result["sent"], queue["position"]) == ([jobs[2].id, jobs[1].id], 2)
        (nothing,) = await peer.ask("release")
        assert nothing["code"] == "nothing-to-print"
        assert kinds(await peer.ask("sign-out")) == ["feedback", "signed-out"]
        (error,) = await peer.ask("list")
        assert error["kind"] == "not-authenticated"
    released = await rooms.house.jobs.get(jobs[0].id)
    assert released is not None
    assert (released.state, released.output_device) == (JobState.PENDING, "copy-room")


async def test_a_box_without_a_screen_prints_all_and_lets_nobody_stay(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled(on_tap=OnTap.RELEASE)
    await rooms.house.add()
    async with rooms.listening() as url, talking(url, key) as peer:
        feedback, result, _ = await peer.ask("card", raw=CARD)
        assert (feedback["code"], len(result["sent"])) == ("sent", 1)
        (feedback,) = await peer.ask("card", raw=CARD)
        assert (feedback["code"], feedback["tone"]) == ("nothing-to-print", "ask")
        assert (await peer.ask("list"))[0]["kind"] == "not-authenticated"


@pytest.mark.parametrize(
    ("kind", "fields", "code"),
    [
        ("pin", {"pin": PIN}, "signed-in"),
        ("pin", {"pin": "0000000"}, "wrong"),
        ("password", {"name": "alice", "password": PASSWORD}, "signed-in"),
        ("password", {"name": "alice", "password": "no"}, "wrong"),
        ("card", {"raw": OTHER}, "unknown-card"),
        ("card", {"raw": "what is this"}, "wrong"),
        ("code", {"code": "123456"}, "wrong"),
    ],
)
async def test_each_proof(rooms: TerminalHouse, kind: str, fields: dict[str, str], code: str) -> None:
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url, talking(url, key) as peer:
        assert (await peer.ask(kind, **fields))[0]["code"] == code


async def test_card_and_pin_where_the_house_asks_for_both() -> None:
    rooms = await a_terminal_house(kiosk={"group_proofs": {"staff": ("card-pin",)}})
    await rooms.house.identity.change_user("alice", groups=("staff",))
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url, talking(url, key) as peer:
        feedback, ask = await peer.ask("card", raw=CARD)
        assert (feedback["code"], ask["for"]) == ("second-proof", "pin")
        assert kinds(await peer.ask("pin", pin=PIN)) == ["feedback", "signed-in", "list"]
        assert (await peer.ask("pin", pin=PIN))[0]["code"] == "wrong", "the card was used up"
        await peer.ask("card", raw=CARD)
        rooms.clock.tick(61)
        assert (await peer.ask("pin", pin=PIN))[0]["code"] == "wrong", "too long ago"


async def test_what_was_answered_is_answered_alike_and_done_once(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled(on_tap=OnTap.RELEASE)
    job = await rooms.house.add()
    async with rooms.listening() as url:
        async with talking(url, key) as peer:
            first = await peer.ask("card", message="tap-1", raw=CARD)
        async with talking(url, key) as peer:
            assert await peer.ask("card", message="tap-1", raw=CARD) == first
            assert first[1]["sent"] == [job.id]


async def test_whoever_was_signed_in_is_still_there_after_a_reconnect(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url:
        async with talking(url, key) as peer:
            await peer.ask("card", raw=CARD)
        async with talking(url, key) as peer:
            assert (await peer.ask("hello", version=1))[0]["signed_in"] == "alice"


async def test_a_terminal_has_one_connection_and_the_newest_wins(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url, talking(url, key) as old:
        await old.ask("hello", version=1)
        async with talking(url, key) as new:
            with pytest.raises(ConnectionClosed) as closed:
                await asyncio.wait_for(old.socket.recv(), 60)
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4409
            assert kinds(await new.ask("hello", version=1)) == ["state"]
            assert rooms.hub.connected == 1


async def test_a_key_that_was_taken_back_is_out_with_the_next_message(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url:
        async with talking(url, key) as peer:
            await peer.ask("card", raw=CARD)
            await rooms.terminals.revoke("box")
            with pytest.raises(ConnectionClosed) as closed:
                await peer.ask("list")
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == 4401
        with pytest.raises(InvalidStatus) as refused:
            async with talking(url, key):
                pass
    assert refused.value.response.status_code == 401


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer wrong", "Basic Ym94Ong=", "Bearer " + "x" * 5000])
async def test_forged_terminals_get_nothing(rooms: TerminalHouse, authorization: str) -> None:
    await rooms.enrolled()
    async with rooms.listening() as url, httpx2.AsyncClient() as client:
        headers = {"Authorization": authorization} if authorization else {}
        answer = await client.post(f"{url}/terminals/v1/messages", json={"messages": []}, headers=headers)
        assert answer.status_code == 401
        assert answer.json()["code"] == "not-authenticated"


async def test_wrong_keys_lock_their_address_out(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url, httpx2.AsyncClient() as client:

        async def tried(with_key: str) -> httpx2.Response:
            headers = {"Authorization": f"Bearer {with_key}"}
            return await client.post(f"{url}/terminals/v1/messages", json={}, headers=headers)

        assert [(await tried(f"wrong{n}")).status_code for n in range(21)] == [401] * 20 + [429]
        locked = await tried(key)
        assert locked.status_code == 429
        assert int(locked.headers["retry-after"]) > 0
        rooms.clock.tick(61)
        assert (await tried(key)).status_code == 200


async def test_a_key_over_an_open_wire_is_refused_unread(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled()
    headers = {"Authorization": f"Bearer {key}", "Host": "print.example"}
    async with rooms.listening() as url, httpx2.AsyncClient() as client:
        answer = await client.post(f"{url}/terminals/v1/messages", json={}, headers=headers)
        code = await client.post(f"{url}/terminals/v1/enrol", json={"code": "X"}, headers={"Host": "print.example"})
    assert (answer.status_code, code.status_code) == (403, 403)
    assert rooms.store.rows[next(iter(rooms.store.rows))].seen_at is None


async def test_enrolment_uses_a_code_up(rooms: TerminalHouse) -> None:
    await rooms.terminals.add("box", "lobby")
    code = await rooms.terminals.new_code("box")
    async with rooms.listening() as url, httpx2.AsyncClient() as client:
        answers = [
            await client.post(f"{url}/terminals/v1/enrol", json={"code": text})
            for text in (code.lower().replace("-", " "), code)
        ]
        assert [answer.status_code for answer in answers] == [200, 401]
        found = answers[0].json()
        assert (found["terminal"], found["station"]) == ("box", "lobby")
        async with talking(url, found["key"]) as peer:
            assert kinds(await peer.ask("hello", version=1)) == ["state"]
        for body in ({}, {"code": 5}, [], "x"):
            assert (await client.post(f"{url}/terminals/v1/enrol", json=body)).status_code == 400


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no json",
        "[]",
        "5",
        '{"type": "ping"}',
        '{"type": "ping", "id": ""}',
        '{"type": "ping", "id": "%s"}' % ("x" * 41),
        '{"type": "fly", "id": "1"}',
        '{"type": "card", "id": "1"}',
        '{"type": "card", "id": "1", "raw": 5}',
        '{"type": "card", "id": "1", "raw": "04", "sudo": true}',
        '{"type": "select", "id": "1", "jobs": [true]}',
        '{"type": "select", "id": "1", "jobs": [-1]}',
        '{"type": "select", "id": "1", "jobs": [1e400]}',
        '{"type": "release", "id": "1", "jobs": "all"}',
        "[" * 50_000,
    ],
)
async def test_a_malformed_message_is_told_so_and_the_line_goes_on(rooms: TerminalHouse, text: str) -> None:
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url, talking(url, key) as peer:
        await peer.socket.send(text)
        messages = await peer.ask("hello", version=1)
    assert kinds(messages) == ["error", "state"]
    assert messages[0]["kind"] == "bad-request"


async def test_who_talks_nothing_but_nonsense_is_hung_up_on(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url, talking(url, key) as peer:
        for _ in range(11):
            await peer.socket.send("nonsense")

        async def to_the_end() -> None:
            async for _ in peer.socket:
                pass

        with pytest.raises(ConnectionClosed) as closed:
            await to_the_end()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008


async def test_octets_and_giants_are_no_messages(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled()
    for data, code in ((b"octets", 1003), ("x" * 70_000, 1009)):
        async with rooms.listening() as url, talking(url, key) as peer:
            await peer.socket.send(data)
            with pytest.raises(ConnectionClosed) as closed:
                await peer.socket.recv()
            assert closed.value.rcvd is not None
            assert closed.value.rcvd.code == code


async def test_another_version_is_refused_in_words(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url, talking(url, key) as peer:
        (error,) = await peer.ask("hello", version=2)
    assert (error["type"], error["kind"]) == ("error", "not-possible")


async def test_a_flood_is_slowed_down_and_reaches_no_service(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url, talking(url, key) as peer:
        found = [(await peer.ask("card", raw=f"{n * 7919:08X}"))[0]["code"] for n in range(25)]
        assert found[:20] == ["unknown-card"] * 20 or "wait" in found[:20]
        assert found[-1] == "wait"
        rooms.clock.tick(61)
        assert (await peer.ask("card", raw=CARD))[0]["code"] == "signed-in"
        answers = []
        for number in range(310):
            await peer.socket.send(json.dumps({"type": "sync", "id": f"s{number}", "stamps": []}))
            answers.append(json.loads(await peer.socket.recv()))
        error = answers[-1]
        assert (error["type"], error["kind"]) == ("error", "throttled")
        assert error["retry_after"] > 0
    assert rooms.house.identity.limits.table[Kind.TERMINAL_PROOF].tries == 20


async def test_another_s_job_is_not_found(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled()
    other = await rooms.house.add(owner="bob")
    async with rooms.listening() as url, talking(url, key) as peer:
        await peer.ask("card", raw=CARD)
        assert (await peer.ask("select", jobs=[other.id]))[0]["kind"] == "not-found"
        assert (await peer.ask("release", jobs=[other.id]))[1]["refused"][0]["kind"] == "not-found"
        (result,) = await peer.ask("cancel", jobs=[other.id])
        assert result["refused"][0]["kind"] == "not-found"
        own = await rooms.house.add()
        (result,) = await peer.ask("cancel", jobs=[own.id])
        assert result["canceled"] == [own.id]


async def test_what_changes_is_told_unasked(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url, talking(url, key) as peer:
        await peer.ask("card", raw=CARD)
        running = asyncio.create_task(rooms.hub.run())
        await rooms.clock.until_sleeping()
        stopped = DeviceStatus(state=DeviceState.STOPPED, reasons=("media-empty",), message="No paper")
        await rooms.house.printers.set_device_status("copy-room", stopped)
        await asyncio.sleep(0)
        await rooms.hub.look()
        state = json.loads(await peer.socket.recv())
        assert (state["type"], state["ready"], state["message"]) == ("state", False, "No paper")
        rooms.clock.tick(31)
        await rooms.hub.look()
        assert json.loads(await peer.socket.recv())["type"] == "signed-out"
        running.cancel()


async def test_a_line_without_a_connection_is_forgotten_after_a_while(rooms: TerminalHouse) -> None:
    key, terminal = await rooms.enrolled()
    async with rooms.listening() as url:
        async with talking(url, key) as peer:
            await peer.ask("hello", version=1)
            assert rooms.hub.is_connected(terminal.uuid)
        await until(lambda: not rooms.hub.is_connected(terminal.uuid))
        rooms.clock.tick(121)
        await rooms.hub.look()
        assert not rooms.hub._lines


# --- without sockets


async def test_polling_speaks_the_same_protocol(rooms: TerminalHouse) -> None:
    key, _ = await rooms.enrolled()
    job = await rooms.house.add()
    headers = {"Authorization": f"Bearer {key}"}
    async with rooms.listening() as url, httpx2.AsyncClient(headers=headers) as client:

        async def said(*messages: object, wait: float = 0) -> Any:
            answer = await client.post(f"{url}/terminals/v1/messages", json={"messages": messages, "wait": wait})
            return answer.json().get("messages", answer.json())

        found = await said({"type": "hello", "id": "1", "version": 1}, {"type": "card", "id": "2", "raw": CARD})
        assert kinds(found) == ["state", "feedback", "signed-in", "list"]
        waiting = asyncio.create_task(said(wait=20))
        await until(lambda: rooms.hub.connected == 1)
        assert kinds(await said({"type": "release", "id": "3", "jobs": [job.id]})) == ["feedback", "result", "queue"]
        assert await waiting == [], "the newer request took over"
        assert (await said(wait="long"))["code"] == "bad-request"
        assert (await said(*({"type": "ping", "id": str(n)} for n in range(21))))["code"] == "bad-request"
        assert kinds(await said("nonsense")) == ["error"]
        await rooms.terminals.revoke("box")
        assert (await said({"type": "ping", "id": "9"}))["code"] == "not-authenticated"
