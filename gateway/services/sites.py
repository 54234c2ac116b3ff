"""Sites and their zones, kept at hand: which Printers are shown at an address, for every front-end alike.

As with the Printers, the rows are the truth and a snapshot answers without waiting. Where no site is defined, the
Printers' own subnets alone decide.
"""

import logging
from collections.abc import Iterable
from dataclasses import replace
from itertools import combinations
from typing import Any
from uuid import uuid4
from zoneinfo import available_timezones

from gateway.domain.events import Event, Happening
from gateway.domain.printer import Printer
from gateway.domain.rights import Permission
from gateway.domain.site import Network, Place, Site, Zone, place_of
from gateway.domain.user import Actor, in_one_of
from gateway.errors import BadRequest, Conflict, NotFound, PapertapError
from gateway.i18n import LANGUAGES
from gateway.services.ports import Clock, EventBus, SiteStore
from gateway.services.printers import REFRESH_SECONDS, Printers, check_name, sees

log = logging.getLogger(__name__)


class Sites:
    """The snapshot of all sites, and the only way to change them."""

    def __init__(self, *, store: SiteStore, printers: Printers, events: EventBus, clock: Clock) -> None:
        self._store = store
        self._printers = printers
        self._events = events
        self._clock = clock
        self._sites: tuple[Site, ...] = ()
        self._generation = 0

    # -- reading, from the snapshot

    @property
    def generation(self) -> tuple[int, int]:
        """Another one whenever `printers_at` may answer otherwise."""
        return self._generation, self._printers.generation

    def all(self) -> tuple[Site, ...]:
        """In the order of their names."""
        return self._sites

    def get(self, name: str) -> Site:
        found = next((site for site in self._sites if site.name == name), None)
        if found is None:
            raise NotFound(f'There is no site "{name[:80]}".')
        return found

    def place_of(self, address: str) -> Place | None:
        return place_of(address, self._sites)

    def printers_at(self, address: str, actor: Actor | None = None) -> tuple[Printer, ...]:
        """What is shown to `actor` at `address`: the zone's Printers in its order, elsewhere those of no site.

        Groups hide something only from who is signed in: of a stranger nobody knows what it may use, and a Printer
        for a group asks for a password anyway. Without an address everything is shown that the groups allow.
        """
        place = self.place_of(address)
        if place is not None and not _member(place.zone.groups, actor, place.site.name):
            return ()
        shown = self._shown(place) if address else self._printers.all()
        return tuple(p for p in shown if (not address or sees(address, p.subnets)) and _member(p.groups, actor, p.site))

    def printers_in(self, site: Site, zone: Zone) -> tuple[Printer, ...]:
        """Those of a zone, whoever asks: for lists of people who run the printers."""
        return self._shown(Place(site=site, zone=zone))

    def printers_of_zone(self, where: str) -> tuple[Printer, ...]:
        """`where` is SITE/ZONE; "" are all Printers."""
        if not where:
            return self._printers.all()
        name, _, wanted = where.partition("/")
        site = self.get(name)
        zone = next((zone for zone in site.zones if zone.name == wanted), None)
        if zone is None:
            raise NotFound(f'"{name}" has no zone "{wanted[:80]}".')
        return self.printers_in(site, zone)

    def _shown(self, place: Place | None) -> tuple[Printer, ...]:
        every = {printer.name: printer for printer in self._printers.all()}
        if place is not None and place.zone.printers:
            return tuple(every[name] for name in place.zone.printers if name in every)
        if not self._sites:
            return tuple(every.values())
        here = {"", place.site.name} if place is not None else {""}
        return tuple(printer for printer in every.values() if printer.site in here)

    def overlaps(self) -> tuple[str, ...]:
        """Sentences on networks that lie within each other: right where meant, since the smaller one counts."""
        named = [(f"{site.name}/{zone.name}", n) for site in self._sites for zone in site.zones for n in zone.networks]
        pairs = (sorted(pair, key=lambda row: row[1].prefixlen) for pair in combinations(named, 2))
        return tuple(
            f"{inner[1]} of {inner[0]} lies within {outer[1]} of {outer[0]}: there {inner[0]} counts."
            for outer, inner in pairs
            if outer[0] != inner[0] and _overlap(outer[1], inner[1])
        )

    # -- keeping the snapshot

    async def refresh(self) -> None:
        """Read all rows; the generation grows only where something differs."""
        found = tuple(await self._store.sites())
        if found != self._sites:
            self._sites = found
            self._generation += 1

    async def run(self) -> None:
        """Refresh each second for as long as the process serves."""
        while True:
            await self._clock.sleep(REFRESH_SECONDS)
            try:
                await self.refresh()
            except PapertapError as error:  # the database is away: the snapshot stays, the next second tries again
                log.warning("sites not refreshed: %s", error)

    # -- changing

    async def add(self, name: str, **fields: Any) -> Site:
        """Fields of `Site`. BadRequest for a bad name or value, Conflict when the name or a network is taken."""
        check_name(name)
        if await self._store.site(name) is not None:
            raise Conflict(f'A site "{name}" exists already.')
        plain: dict[str, Any] = {"info": name, "uuid": uuid4(), "created_at": self._clock.now()}
        return await self._save(Site(**plain | fields, name=name))

    async def change(self, name: str, **changes: Any) -> Site:
        """Fields of `Site`; `zones` replaces all of them."""
        return await self._save(replace(await self._stored(name), **changes))

    async def delete(self, name: str) -> None:
        """Conflict while something belongs to it."""
        await self._stored(name)
        used = [p.name for p in self._printers.all() if p.site == name]
        used += [d.name for d in self._printers.devices() if d.site == name]
        if used:
            raise Conflict(f'{", ".join(used)} belong to "{name}". Give them another site first.')
        await self._store.delete_site(name)
        await self._changed(name)

    async def put_zone(self, site: str, zone: Zone) -> Site:
        """Adds the zone, or replaces the one with its name where it stands."""
        stored = await self._stored(site)
        there = any(one.name == zone.name for one in stored.zones)
        zones = (
            tuple(zone if one.name == zone.name else one for one in stored.zones) if there else (*stored.zones, zone)
        )
        return await self._save(replace(stored, zones=zones), check=(zone,))

    async def delete_zone(self, site: str, zone: str) -> Site:
        stored = await self._stored(site)
        left = tuple(one for one in stored.zones if one.name != zone)
        if left == stored.zones:
            raise NotFound(f'"{site}" has no zone "{zone[:80]}".')
        return await self._save(replace(stored, zones=left), check=())

    async def _stored(self, name: str) -> Site:
        found = await self._store.site(name)
        if found is None:
            raise NotFound(f'There is no site "{name[:80]}".')
        return found

    async def _save(self, site: Site, check: Iterable[Zone] | None = None) -> Site:
        """`check` are the zones that are new; None are all of them."""
        _check_words(site)
        for zone in site.zones if check is None else check:
            check_name(zone.name)
            for printer in zone.printers:
                self._printers.get(printer)
        _check_networks((*(other for other in await self._store.sites() if other.name != site.name), site))
        saved = await self._store.save_site(site)
        await self._changed(site.name)
        return saved

    async def _changed(self, name: str) -> None:
        await self.refresh()
        self._events.publish(Happening(event=Event.SITES_CHANGED, at=self._clock.now(), text=name))


def _check_words(site: Site) -> None:
    if site.language and site.language not in LANGUAGES:
        raise BadRequest(f'"{site.language[:20]}" is not spoken here. Choose one of {", ".join(LANGUAGES)}.')
    if site.time_zone and site.time_zone not in available_timezones():
        raise BadRequest(f'"{site.time_zone[:60]}" is not a time zone. Write for example Europe/Berlin.')
    names = [zone.name for zone in site.zones]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise BadRequest(f'"{site.name}" has two zones "{twice[:80]}". Give each a name of its own.')


def _check_networks(sites: Iterable[Site]) -> None:
    """The same network in two zones could only be an error: which one counted would hang on their names."""
    taken: dict[Network, str] = {}
    for site in sites:
        for zone in site.zones:
            for network in zone.networks:
                here = f"{site.name}/{zone.name}"
                if taken.setdefault(network, here) != here:
                    raise Conflict(f"{network} belongs to {taken[network]} already. Take it away there first.")


def _overlap(one: Network, other: Network) -> bool:
    return one.version == other.version and one.overlaps(other)


def _member(groups: tuple[str, ...], actor: Actor | None, site: str) -> bool:
    if not groups or actor is None or actor.user is None or actor.may(Permission.PRINTERS, site):
        return True
    return in_one_of(groups, actor)
