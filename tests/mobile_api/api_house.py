"""A whole gateway on SQLite behind the API, in this process: no socket, nothing that prepares or prints."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2
from fastapi import FastAPI

from gateway.adapters.backups import BackupFolder
from gateway.adapters.metrics import Metrics
from gateway.app.administration import administration
from gateway.app.api import api_figures, api_services, event_window
from gateway.app.build import Gateway, build
from gateway.app.network_doctor import network_doctor
from gateway.app.terminals import terminals_of
from gateway.app.tls import certificates_of
from gateway.domain.document import Document
from gateway.domain.job import Job
from gateway.domain.printer import ReleasePolicy
from gateway.domain.rights import Role
from gateway.domain.user import SYSTEM, Actor
from gateway.services.health import Health
from gateway.services.limits import Kind, Policy
from gateway.services.queues import Queues, Reach
from gateway.settings import Settings
from mobile_api.app import create_api
from mobile_api.events import EventWindow
from tests.builders import a_document, a_held_job
from tests.fakes_administration import some_checks
from webprint.sessions import Sessions

SECURE = "https://print.example:8443"
ROLES = {"alice": Role.USER, "bob": Role.USER, "olga": Role.OPERATOR, "root": Role.ADMINISTRATOR}
PDF = b"%PDF-1.7 as sent"


@dataclass(kw_only=True)
class ApiHouse:
    """`reasons` is what health tells."""

    gateway: Gateway
    app: FastAPI
    reasons: list[str]
    events: EventWindow
    metrics: Metrics

    @asynccontextmanager
    async def client(self, *, token: str = "", address: str = "192.0.2.7") -> AsyncIterator[httpx2.AsyncClient]:
        transport = httpx2.ASGITransport(app=self.app, client=(address, 50000), root_path="/api/v1")
        headers = {"authorization": f"Bearer {token}"} if token else {}
        async with httpx2.AsyncClient(transport=transport, base_url=f"{SECURE}/api/v1/", headers=headers) as client:
            yield client

    async def token(self, user: str, *scopes: str, **given: Any) -> str:
        """Of all that the user may, unless scopes are named."""
        actor = await self._actor(user)
        usual = ("jobs:own", *(p.value for p in _permissions(actor)))
        return (await self.gateway.tokens.add(actor, "test", scopes or usual, **given))[0]

    def actor(self, user: str) -> Actor:
        return Actor(user=user, role=ROLES[user], claimed=user, via="test")

    async def _actor(self, user: str) -> Actor:
        return await self.gateway.identity.actor_of(await self.gateway.identity.get(user), address="", via="test")

    async def session(self, user: str, *, method: str = "password") -> tuple[dict[str, str], str]:
        """(headers of a page that is signed in, its cookie)."""
        found = await self.gateway.identity.get(user)
        cookie, session = await self.gateway.identity.open_session(found, method=method, address="192.0.2.7")
        headers = {
            "cookie": f"__Host-papertap={cookie}",
            "x-csrf": session.csrf,
            "origin": SECURE,
            "sec-fetch-site": "same-origin",
        }
        return headers, cookie

    async def job(self, **fields: Any) -> Job:
        """A held job of alice unless said otherwise, with a document under a key of its own."""
        plain, wrapped = self.gateway.keyring.new_key()
        document = await self.sealed(plain, PDF)
        given = {
            "documents": (document,),
            "printable": await self.sealed(plain, PDF),
            "thumbnails": (await self.sealed(plain, b"\x89PNG page 1"),),
            "key": wrapped,
            "created_at": self.gateway.clock.now() - 300,
            "expires_at": self.gateway.clock.now() + 3600,
        }
        return (await self.gateway.database.jobs.add([a_held_job(**given | fields)]))[0]

    async def sealed(self, key: bytes, data: bytes) -> Document:
        writer = await self.gateway.spool.create(key)
        await writer.write(data)
        object_id, size, sha256 = await writer.commit()
        return a_document(id=object_id, size=size, sha256=sha256, format="application/pdf")


def _permissions(actor: Actor) -> list[Any]:
    from gateway.domain.rights import Permission

    return [permission for permission in Permission if actor.may_somewhere(permission)]


def _queues(gateway: Gateway) -> Queues:
    return Queues(
        sites=gateway.sites,
        host_names=gateway.host_names,
        settings=gateway.settings,
        reach=lambda: Reach(ipp=8631, https=8443),
        hosts=lambda: ("print.example",),
        own_host=lambda: "192.0.2.1",
    )


@asynccontextmanager
async def api_house(settings: Settings, *, patient: bool = True) -> AsyncIterator[ApiHouse]:
    """`patient`: no caller is too fast."""
    async with build(settings) as gateway:
        if patient:
            gateway.identity.limits.table[Kind.API] = Policy(tries=10**6, window=1.0, lock=1.0, message="")
        for name, role in ROLES.items():
            await gateway.identity.add_user(name, role=role)
        await gateway.printers.add_device("laser", "socket://192.0.2.9", info="Copy room")
        await gateway.printers.add_printer("find-me", info="Find me", devices=("laser",), is_default=True)
        await gateway.printers.add_printer("direct", policy=ReleasePolicy.DIRECT, devices=("laser",))
        await gateway.intake.start()
        reasons: list[str] = []

        async def health() -> tuple[str, ...]:
            return tuple(reasons)

        sessions = Sessions(gateway.identity, plain_allowed=False)
        window = event_window(gateway)
        metrics = Metrics(version="test")
        figures = api_figures(metrics, window)
        certificates = certificates_of(settings, gateway.clock, tuple)
        await asyncio.to_thread(certificates.load)
        app = create_api(
            api_services(
                gateway,
                portal=sessions,
                queues=_queues(gateway),
                network=network_doctor(
                    gateway,
                    queues=_queues(gateway),
                    reach=lambda: Reach(ipp=8631, https=8443),
                    hosts=lambda: ("192.0.2.1",),
                    authority=lambda: b"",
                ),
                preview=None,
                administration=administration(gateway, certificates, BackupFolder(settings), Health(some_checks)),
                terminals=terminals_of(gateway),
                connected=lambda _: False,
                health=health,
                figures=figures,
                events=window,
            )
        )
        listening = asyncio.create_task(window.run())
        try:
            yield ApiHouse(gateway=gateway, app=app, reasons=reasons, events=window, metrics=metrics)
        finally:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)
            await gateway.intake.stop()


__all__ = ["PDF", "ROLES", "SECURE", "SYSTEM", "ApiHouse", "api_house"]
