"""Tests of what Papertap depends on: the database, the store of documents, directories, and providers of sign-in."""

import time
from collections.abc import Sequence
from functools import partial

from gateway.app.build import Gateway
from gateway.errors import PapertapError
from gateway.services.health import Check, Finding, Kind
from gateway.settings import OpenId, Radius, Settings

TRIED = "health.tried"  # the name of the value that a test of the database writes
SAMPLE = bytes(range(256)) * 256  # 64 KiB: more than one sealed chunk in any store


def connection_checks(gateway: Gateway) -> Sequence[Check]:
    radius = gateway.settings.identity.radius
    return (
        Check(key="database", run=partial(_database, gateway), kind=Kind.CONNECTION),
        Check(key="spool", run=partial(_spool, gateway), kind=Kind.CONNECTION),
        *(
            Check(key=f"provider {one.name}", run=partial(_provider, gateway, one), kind=Kind.CONNECTION)
            for one in gateway.settings.identity.providers
        ),
        *((Check(key="radius", run=partial(_radius, radius), kind=Kind.CONNECTION),) if radius.servers else ()),
    )


async def directory_checks(gateway: Gateway) -> Sequence[Check]:
    """By the rows that there are now."""
    names = [directory.name for directory in await gateway.people.directories.all()]
    return [
        Check(key=f"directory {name}", run=partial(_directory, gateway, name), kind=Kind.CONNECTION) for name in names
    ]


async def _database(gateway: Gateway) -> Finding:
    """A row is written, to its end on the disk."""
    where = place_of(gateway.settings)
    begun = time.perf_counter()
    try:
        await gateway.database.house.put({TRIED: f"{gateway.clock.now():.0f}"})
    except PapertapError as error:
        return Finding(name="database", ok=False, text=str(error), mend="Start the database, or make room on its disk.")
    spent = (time.perf_counter() - begun) * 1000
    return Finding(name="database", ok=True, text=f"{where} took a write in {spent:.0f} ms.")


def place_of(settings: Settings) -> str:
    """Where the rows are; of an address never the part with a password."""
    return settings.database.url.partition("@")[2] or "SQLite"


async def _spool(gateway: Gateway) -> Finding:
    """A document is kept, read again and destroyed, sealed like each."""
    key, _ = gateway.keyring.new_key()
    begun = time.perf_counter()
    try:
        writer = await gateway.spool.create(key)
        try:
            await writer.write(SAMPLE)
            stored = await writer.commit()
        finally:
            await writer.abort()
        try:
            read = b"".join([chunk async for chunk in gateway.spool.read(stored.object_id, key)])
        finally:
            await gateway.spool.destroy([stored.object_id])
    except PapertapError as error:
        return Finding(name="spool", ok=False, text=str(error), mend="Look at the disk or the object store.")
    spent = (time.perf_counter() - begun) * 1000
    if read != SAMPLE:
        return Finding(name="spool", ok=False, text="A document came back damaged.", mend="Look at the disk.")
    return Finding(name="spool", ok=True, text=f"A document was kept and read again in {spent:.0f} ms.")


async def _directory(gateway: Gateway, name: str) -> Finding:
    """Reaches it, signs in and searches, up to the first step that fails."""
    steps = await gateway.people.directories.test(name)
    wrong = next((step for step in steps if not step.ok), None)
    if wrong is not None:
        return Finding(name=name, ok=False, text=f"{wrong.what}: {wrong.text}", needed=False)
    return Finding(name=name, ok=True, text=steps[-1].text if steps else "It answers.", needed=False)


async def _radius(settings: Radius) -> Finding:
    """Asks whether a server is there (RFC 5997); nobody is signed in."""
    from gateway.adapters.radius import RadiusServers  # noqa: PLC0415 - only where it is used

    try:
        return Finding(name="radius", ok=True, text=await RadiusServers(settings).check(), needed=False)
    except PapertapError:
        return Finding(
            name="radius",
            ok=False,
            text="No RADIUS server answers.",
            needed=False,
            mend="Check addresses and the secret, and that the servers answer Status-Server.",
        )


async def _provider(gateway: Gateway, settings: OpenId) -> Finding:
    """Asks for the discovery document and the keys; nobody is signed in."""
    from gateway.adapters.oidc import OidcProvider  # noqa: PLC0415 - 11 MB, which a site without providers needs not

    name = settings.label or settings.name
    try:
        return Finding(name=name, ok=True, text=await OidcProvider(settings, clock=gateway.clock).check(), needed=False)
    except PapertapError as error:
        return Finding(name=name, ok=False, text=str(error), needed=False)
