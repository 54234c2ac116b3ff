"""Somebody at a release station, in a browser without scripts."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from starlette.applications import Starlette

from tests.webprint.visitor import LOCAL, Visitor, visiting
from tests.webprint.web_house import PIN

COPY_ROOM = "/kiosk/copy-room"


class Person(Visitor):
    async def enter(self, at: str = COPY_ROOM, **fields: str) -> httpx2.Response:
        """Without `fields`: alice by her PIN. Afterwards the page that one is led to has been seen."""
        if self.inside:
            await self.leave(at)
        await self.get(f"{at}?mode={fields.get('mode', 'own')}&with={fields.get('with', 'pin')}")
        answer = await self.post(f"{at}/in", {"with": "pin", "pin": PIN} | fields)
        if answer.status_code == 303:
            await self.get(answer.headers["location"])
        return answer

    async def leave(self, at: str = COPY_ROOM) -> httpx2.Response:
        await self.get(at)
        return await self.post(f"{at}/out")

    @property
    def inside(self) -> bool:
        return "papertap-kiosk" in self.client.cookies or "__Secure-papertap-kiosk" in self.client.cookies


@asynccontextmanager
async def standing(app: Starlette, *, site: str = LOCAL, address: str = "127.0.0.1") -> AsyncIterator[Person]:
    async with visiting(app, site=site, address=address) as visitor:
        yield Person(visitor.client, site)
