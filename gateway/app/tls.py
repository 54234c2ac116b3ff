"""The gateway's certificates, for serving and for the command line alike."""

import socket
from collections.abc import Callable, Iterable

from discovery.interfaces import choose, host_name, interfaces
from gateway.adapters.certificates import Certificates, CustomerFiles, server_names
from gateway.adapters.public_chain import PublicChain
from gateway.app.acme import asked_of
from gateway.errors import StartupError
from gateway.services.ports import Clock
from gateway.settings import Settings


def own_host(settings: Settings) -> str:
    """The name under which clients in this network find us."""
    return f"{host_name(settings.mdns.host_name)}.local" if settings.mdns.enabled else socket.gethostname()


def certificates_of(settings: Settings, clock: Clock, further: Callable[[], Iterable[str]]) -> Certificates:
    """Nothing is loaded or made yet. `further`: names besides those of the machine and the settings."""
    asked, directory = asked_of(settings), settings.data / "tls"
    return Certificates(
        directory=directory,
        names=server_names(
            host_name=socket.gethostname(),
            further=(own_host(settings), *settings.https.names, *(asked.names if asked else ())),
            base_url=settings.site.base_url,
        ),
        addresses=choose((), interfaces()).tell,
        further=further,
        clock=clock,
        customer=_customer_files(settings),
        public=PublicChain(directory=directory, clock=clock) if asked else None,
    )


def _customer_files(settings: Settings) -> CustomerFiles | None:
    given = settings.https
    if given.certificate is None and given.private_key is None:
        return None
    if given.certificate is None or given.private_key is None:
        raise StartupError("Give https.certificate and https.private_key together, or neither.")
    return CustomerFiles(certificate=given.certificate, private_key=given.private_key)
