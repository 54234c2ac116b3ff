"""Wires terminals: their registry, what is done at them, and the protocol that they speak."""

import logging

from gateway.adapters.probing import SnmpMeter
from gateway.app.administration import egress_of
from gateway.app.build import Gateway, snmp_access
from gateway.app.personal import site_url
from gateway.domain.letter import Letter
from gateway.domain.rights import Role
from gateway.domain.terminal import Terminal
from gateway.errors import Refusal
from gateway.services.copier_dues import CopierDues
from gateway.services.copiers import Copiers
from gateway.services.kiosk import Kiosk
from gateway.services.offline_logins import OfflineLogins
from gateway.services.phone_sign_in import PhoneSignIn
from gateway.services.rotating_codes import RotatingCodes
from gateway.services.screens import Screens
from gateway.services.terminal_desk import TerminalDesk
from gateway.services.terminals import Terminals
from mobile_api.terminals import TerminalHub

log = logging.getLogger(__name__)


def terminals_of(gateway: Gateway) -> Terminals:
    """The registry alone, as the command line needs it."""
    return Terminals(
        store=gateway.database.terminals,
        limits=gateway.identity.limits,
        clock=gateway.clock,
        check_station=lambda name: _station(gateway, name),
    )


def terminal_hub(gateway: Gateway, kiosk: Kiosk) -> TerminalHub:
    """`base` of links is the setting's, else this machine's name: a phone has to reach it."""
    settings, clock, limits = gateway.settings, gateway.clock, gateway.identity.limits
    codes = RotatingCodes(hasher=gateway.hasher, used=gateway.database.used_codes, clock=clock)
    desk = TerminalDesk(
        terminals=terminals_of(gateway),
        kiosk=kiosk,
        identity=gateway.identity,
        cards=gateway.personal.cards,
        printers=gateway.printers,
        release=gateway.release,
        jobs=gateway.database.jobs,
        screens=Screens(clock=clock),
        phones=PhoneSignIn(codes=codes, limits=limits, clock=clock),
        offline=OfflineLogins(users=gateway.database.users, hasher=gateway.hasher, settings=settings.terminals),
        copiers=copiers_of(gateway),
        charging=gateway.house.charging,
        used=gateway.database.used_codes,
        clock=clock,
        currency=settings.site.currency,
        credit=gateway.personal.credit,
        base=lambda: site_url(settings),
        tell=lambda terminal: _tell(gateway, terminal),
    )
    return TerminalHub(desk=desk, limits=limits, events=gateway.events, clock=clock)


def copiers_of(gateway: Gateway) -> Copiers:
    settings = gateway.settings
    meter = SnmpMeter(resolver=egress_of(settings), access=snmp_access(settings), port=settings.devices.snmp_port)
    return Copiers(
        store=gateway.database.copiers,
        meter=meter,
        device_of=gateway.printers.device,
        clock=gateway.clock,
        dues=CopierDues(printers=gateway.printers, credit=gateway.personal.credit),
    )


def _station(gateway: Gateway, name: str) -> object:
    if name in {device.name for device in gateway.printers.devices()}:
        return name
    return gateway.printers.get(name)


async def _tell(gateway: Gateway, terminal: Terminal) -> None:
    """A letter to every administrator with an address; the log in any case."""
    log.warning("terminal %s locked itself: %s", terminal.name, terminal.alert)
    if not gateway.mailer.enabled:
        return
    url = f"{site_url(gateway.settings)}/admin/terminals/{terminal.name}"
    for user in await gateway.identity.users(limit=10_000):
        if user.role is Role.ADMINISTRATOR and user.email and not user.disabled:
            letter = Letter(
                kind="terminal-locked", to=user.email, values={"terminal": terminal.info or terminal.name, "url": url}
            )
            try:
                await gateway.mailer.send(letter)
            except Refusal as refusal:
                log.warning("no letter about terminal %s: %s", terminal.name, refusal)
