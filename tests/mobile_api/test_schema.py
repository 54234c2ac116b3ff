"""schemathesis over the OpenAPI document: no server error, and every answer is one that the document describes.

The API answers in a loop of its own thread; the examples are the same each time, and few, so that this stays short.
"""

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from gateway.domain.user import Actor
from gateway.settings import Settings
from tests.mobile_api.api_house import SECURE, ApiHouse, api_house

pytestmark = pytest.mark.xdist_group("schema")
EXAMPLES = 4
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
SKIPPED = {"/events"}  # does not end; test_events.py reads it


@dataclass
class Running:
    """A house whose loop runs in another thread."""

    loop: asyncio.AbstractEventLoop
    house: ApiHouse
    headers: list[dict[str, str]]
    document: dict[str, Any]

    def ask(self, case: schemathesis.Case, headers: dict[str, str]) -> httpx2.Response:
        return asyncio.run_coroutine_threadsafe(self._ask(case, headers), self.loop).result(30)

    async def _ask(self, case: schemathesis.Case, headers: dict[str, str]) -> httpx2.Response:
        """Encoded as schemathesis would send it, without what no header can carry."""
        sent = requests.Request(**case.as_transport_kwargs(base_url=f"{SECURE}/api/v1")).prepare()
        plain = {name: value for name, value in sent.headers.items() if _fits(value)} | headers
        body = sent.body.encode() if isinstance(sent.body, str) else sent.body
        async with self.house.client() as client:
            return await client.request(case.method, str(sent.url), headers=plain, content=body)


def _fits(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable()


async def _furnished(house: ApiHouse) -> list[dict[str, str]]:
    """Something of each kind, so that lists are not empty; (as a program, as a page)."""
    root: Actor = house.actor("root")
    await house.job(owner="root")
    await house.gateway.house.groups.add(root, "staff")
    await house.gateway.sites.add("berlin")
    await house.gateway.webhooks.kept.add(root, "hook", "http://198.51.100.7/", ["job-completed"])
    page, _ = await house.session("root")
    return [{"authorization": f"Bearer {await house.token('root')}"}, page]


@pytest.fixture(scope="module")
def running(sqlite_template: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    import shutil

    data = tmp_path_factory.mktemp("schema")
    shutil.copy(sqlite_template, data / "papertap.db")
    ready, ends, found = threading.Event(), asyncio.Event(), list[Any]()
    loop = asyncio.new_event_loop()

    async def live() -> None:
        async with api_house(Settings(data=data)) as house:
            found.extend((house, await _furnished(house)))
            ready.set()
            await ends.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(live()), daemon=True)
    thread.start()
    assert ready.wait(60)
    house, headers = found
    yield Running(loop=loop, house=house, headers=headers, document=house.app.openapi())
    loop.call_soon_threadsafe(ends.set)
    thread.join(30)
    loop.close()


def test_every_answer_is_one_that_the_document_describes(running: Running) -> None:
    schema = schemathesis.openapi.from_dict(running.document)
    asked = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path in SKIPPED:
            continue
        for mode in (schemathesis.GenerationMode.POSITIVE, schemathesis.GenerationMode.NEGATIVE):
            asked += _try(running, operation, mode)
    assert asked > 400, "hardly anything was asked"


def _try(running: Running, operation: Any, mode: schemathesis.GenerationMode) -> int:
    asked = 0

    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case: schemathesis.Case) -> None:
        nonlocal asked
        asked += 1
        as_page = operation.path == "/tokens" and case.method == "POST"
        answer = running.ask(case, running.headers[as_page])
        case.validate_response(answer, checks=CHECKS)  # type: ignore[arg-type]  # reason: its own functions

    try:
        one()
    except Exception as error:
        if "Unsatisfiable" in type(error).__name__:
            return asked
        raise
    return asked
