"""A browser without scripts: keeps cookies, reads tokens out of pages, sends forms as browsers send them."""

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx2
from starlette.applications import Starlette

from tests.webprint.web_house import PASSWORD

LOCAL = "http://127.0.0.1:8080"
SECURE = "https://print.example:8443"


class Visitor:
    """`site` is what stands in the address bar; `address` is where the visitor sits."""

    def __init__(self, client: httpx2.AsyncClient, site: str) -> None:
        self.client = client
        self.site = site
        self.token = ""

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        answer = await self.client.get(path, headers=headers)
        self._learn(answer)
        return answer

    async def post(
        self,
        path: str,
        fields: Mapping[str, str | list[str]] | None = None,
        *,
        token: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """A form of the page that was seen last."""
        data = {"csrf": self.token if token is None else token, **(fields or {})}
        sent = {"origin": self.site, "sec-fetch-site": "same-origin"} | dict(headers or {})
        answer = await self.client.post(path, data=data, headers=sent)
        self._learn(answer)
        return answer

    async def sign_in(self, name: str = "alice", password: str = PASSWORD) -> httpx2.Response:
        await self.get("/signin")
        answer = await self.post("/signin", {"with": "password", "name": name, "password": password})
        if answer.status_code == 303:
            await self.get("/jobs")
        return answer

    def _learn(self, answer: httpx2.Response) -> None:
        found = (
            re.search(r'name="csrf" value="([^"]+)"', answer.text)
            if "html" in answer.headers.get("content-type", "")
            else None
        )
        if found:
            self.token = found[1]


@asynccontextmanager
async def visiting(app: Starlette, *, site: str = LOCAL, address: str = "127.0.0.1") -> AsyncIterator[Visitor]:
    transport = httpx2.ASGITransport(app=app, client=(address, 50123))
    async with httpx2.AsyncClient(transport=transport, base_url=site) as client:
        yield Visitor(client, site)
