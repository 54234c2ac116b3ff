"""The meeting place: gateways prove themselves, browsers are introduced, and nothing is kept."""

import asyncio
import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient, WebSocketTestSession
from starlette.websockets import WebSocketDisconnect

from gateway.adapters.remote import P256Keys, verify
from gateway.services.remote_messages import LONGEST, gateway_id
from mobile_api.remote.relay import NOT_HERE, NOT_LET_IN, REPLACED, TOO_MUCH, Relay, create_relay
from mobile_api.remote.wire import challenge_text
from tests.fakes import FakeClock

HOST = "testserver"


@pytest.fixture
def keys(tmp_path: Path) -> P256Keys:
    return P256Keys(tmp_path)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(keys: P256Keys, clock: FakeClock) -> Iterator[TestClient]:
    relay = Relay(gateways=[gateway_id(keys.public_key)], browsers=2, per_minute=3, verify=verify, clock=clock)
    with TestClient(create_relay(relay)) as client:
        yield client


def prove(socket: WebSocketTestSession, keys: P256Keys, *, host: str = HOST, key: bytes | None = None) -> None:
    challenge = socket.receive_json()["challenge"]
    signature = keys.sign(challenge_text(host, challenge).encode())
    told = {"key": base64.b64encode(key or keys.public_key), "signature": base64.b64encode(signature)}
    socket.send_json({name: value.decode() for name, value in told.items()})


def closed(socket: WebSocketTestSession) -> int:
    with pytest.raises(WebSocketDisconnect) as gone:
        socket.receive_text()
    return gone.value.code


def address(keys: P256Keys) -> str:
    return f"/relay/browser/{gateway_id(keys.public_key)}"


def test_texts_go_both_ways_between_a_gateway_and_its_browsers(client: TestClient, keys: P256Keys) -> None:
    with client.websocket_connect("/relay/gateway") as gateway:
        prove(gateway, keys)
        assert gateway.receive_json() == {"welcome": gateway_id(keys.public_key)}
        with client.websocket_connect(address(keys)) as one, client.websocket_connect(address(keys)) as two:
            one.send_text("I am one")
            first = gateway.receive_json()
            two.send_text("I am two")
            second = gateway.receive_json()
            assert (first["text"], second["text"]) == ("I am one", "I am two")
            gateway.send_json({"to": second["from"], "text": "hello, two"})
            gateway.send_json({"to": "nobody", "text": "lost"})
            gateway.send_json({"to": first["from"], "text": "hello, one"})
            assert (one.receive_text(), two.receive_text()) == ("hello, one", "hello, two")


def test_nobody_is_let_in_with_another_key_signature_or_relay(
    client: TestClient, keys: P256Keys, tmp_path: Path
) -> None:
    stranger = P256Keys(tmp_path / "stranger")
    for values in ({"keys": stranger}, {"keys": stranger, "key": keys.public_key}, {"keys": keys, "host": "other"}):
        with client.websocket_connect("/relay/gateway") as gateway:
            prove(gateway, **values)  # type: ignore[arg-type]  # reason: three ways to be wrong
            assert closed(gateway) == NOT_LET_IN
    for text in ("", "[]", "{}", '{"key": 5, "signature": 5}'):
        with client.websocket_connect("/relay/gateway") as gateway:
            gateway.receive_json()
            gateway.send_text(text)
            assert closed(gateway) == NOT_LET_IN


def test_a_gateway_that_comes_again_replaces_its_dead_connection(client: TestClient, keys: P256Keys) -> None:
    with client.websocket_connect("/relay/gateway") as old:
        prove(old, keys)
        old.receive_json()
        with client.websocket_connect("/relay/gateway") as new:
            prove(new, keys)
            new.receive_json()
            assert closed(old) == REPLACED
            with client.websocket_connect(address(keys)) as browser:
                browser.send_text("still there")
                assert new.receive_json()["text"] == "still there"


def test_without_its_gateway_a_browser_is_sent_away(client: TestClient, keys: P256Keys) -> None:
    with client.websocket_connect(address(keys)) as browser:
        assert closed(browser) == NOT_HERE
    with client.websocket_connect("/relay/gateway") as gateway:
        prove(gateway, keys)
        gateway.receive_json()
        with client.websocket_connect(address(keys)) as browser:
            browser.send_text("hello")
            gateway.receive_json()
            gateway.close()
            assert closed(browser) == NOT_HERE


def test_so_many_browsers_and_so_many_messages(client: TestClient, keys: P256Keys, clock: FakeClock) -> None:
    with client.websocket_connect("/relay/gateway") as gateway:
        prove(gateway, keys)
        gateway.receive_json()
        with client.websocket_connect(address(keys)) as one, client.websocket_connect(address(keys)) as two:
            with client.websocket_connect(address(keys)) as three:
                assert closed(three) == TOO_MUCH
            for _ in range(3):
                one.send_text("again")
                gateway.receive_json()
            asyncio.run(clock.advance(61))
            one.send_text("a minute later")
            assert gateway.receive_json()["text"] == "a minute later"
            for _ in range(3):
                one.send_text("again")
            assert closed(one) == TOO_MUCH
            two.send_text("x" * (LONGEST + 1))
            assert closed(two) == TOO_MUCH


@pytest.mark.parametrize("text", ["", "[]", "{}", json.dumps({"to": "x"})])
def test_a_gateway_that_talks_nonsense_is_let_go(client: TestClient, keys: P256Keys, text: str) -> None:
    with client.websocket_connect("/relay/gateway") as gateway:
        prove(gateway, keys)
        gateway.receive_json()
        gateway.send_text(text)
        if text == json.dumps({"to": "x"}):
            gateway.close()  # to nobody: nothing happens
        else:
            assert closed(gateway) == 1000


def test_it_says_that_it_lives(client: TestClient) -> None:
    assert client.get("/healthz").text == "ok\n"
