"""What the routes are given; everything is an argument of `create_api`."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from starlette.requests import Request

from gateway.domain.device import Device
from gateway.domain.user import Actor, Session
from gateway.services.access_log import AccessLog
from gateway.services.administration import Administration
from gateway.services.api_tokens import ApiTokens
from gateway.services.credit import Credit
from gateway.services.csv_import import CsvImports
from gateway.services.directories import DirectoryBook
from gateway.services.house import House
from gateway.services.identity import Identity
from gateway.services.network_doctor import NetworkDoctor
from gateway.services.phone_services import PhoneServices
from gateway.services.ports import AnswerStore, Clock, Hasher
from gateway.services.preview import Preview
from gateway.services.printers import Printers
from gateway.services.queues import Queues
from gateway.services.registration import Registrations
from gateway.services.release import Release
from gateway.services.shares import Shares
from gateway.services.sites import Sites
from gateway.services.statistics import Statistics
from gateway.services.terminals import Terminals
from gateway.services.tracing import TraceLinks
from gateway.services.uploads import Uploads
from gateway.services.webhooks import Webhooks
from gateway.settings import Settings
from mobile_api.events import EventWindow
from mobile_api.figures import ApiFigures


class Portal(Protocol):
    """The portal's sessions, so that its pages may use the API."""

    def is_private(self, request: Request) -> bool:
        """Whether secrets may travel on this connection."""

    async def session(self, request: Request) -> tuple[Session, Actor] | None:
        """The live session of the request's cookie."""

    def check_origin(self, request: Request) -> None:
        """Forbidden when a browser says that another site's page sent this."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """`learn` asks a device what it can do; `health` gives the reasons why no work is accepted now, `connected` says
    whether a terminal is there now. `base` is what links that leave this house begin with.

    Without `preview` there are thumbnails alone.
    """

    settings: Settings
    clock: Clock
    hasher: Hasher
    portal: Portal
    figures: ApiFigures
    events: EventWindow
    house: House
    administration: Administration
    registrations: Registrations
    imports: CsvImports
    identity: Identity
    tokens: ApiTokens
    answers: AnswerStore
    access: AccessLog
    sites: Sites
    printers: Printers
    queues: Queues
    phone: PhoneServices
    release: Release
    uploads: Uploads
    statistics: Statistics
    credit: Credit
    webhooks: Webhooks
    network: NetworkDoctor
    preview: Preview | None
    learn: Callable[[str], Awaitable[Device]]
    terminals: Terminals
    connected: Callable[[UUID], bool]
    directories: DirectoryBook
    shares: Shares
    traces: TraceLinks
    base: Callable[[], str]
    health: Callable[[], Awaitable[tuple[str, ...]]]
