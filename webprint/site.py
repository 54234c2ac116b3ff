"""What every page needs: the services, the templates, and the static files with their versions."""

import gzip
import hashlib
import mimetypes
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from gateway import i18n
from gateway.domain.printer import Printer
from gateway.domain.second_factor import Step
from gateway.domain.user import Actor, Session, is_guest
from gateway.services.administration import Administration
from gateway.services.delegates import Delegates
from gateway.services.desk import Desk
from gateway.services.doctor import Doctor
from gateway.services.guests import Guests
from gateway.services.house import House
from gateway.services.identity import Identity
from gateway.services.kiosk import Kiosk
from gateway.services.mail_desk import MailDesk
from gateway.services.mail_links import MailLinks
from gateway.services.network_doctor import NetworkDoctor
from gateway.services.people import People
from gateway.services.personal import Personal
from gateway.services.phone_services import PhoneServices
from gateway.services.ports import Clock, Profiles
from gateway.services.preview import Preview
from gateway.services.printers import Printers
from gateway.services.programs import Programs
from gateway.services.release import Release
from gateway.services.remote_access import RemoteAccess
from gateway.services.shares import Shares
from gateway.services.signin_methods import SignInMethods
from gateway.services.sites import Sites
from gateway.services.statistics import Statistics
from gateway.services.terminal_desk import TerminalDesk
from gateway.services.uploads import Uploads
from gateway.settings import Settings
from webprint import words
from webprint.live import LiveJobs
from webprint.requests import Form
from webprint.setup_tools import SetUp

HERE = Path(__file__).parent


@dataclass(frozen=True, kw_only=True, slots=True)
class Ports:
    """The ports that listeners really have; None where there is none."""

    http: int | None
    https: int | None
    ipp: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class StaticFile:
    """One file of the design system, small enough to stay in memory; `packed` by gzip, once."""

    body: bytes
    packed: bytes
    media_type: str
    version: str


@cache
def read_static() -> dict[str, StaticFile]:
    """By name; only what lies in the folder at the start is ever served: our own files and vendored scripts."""
    found, folder = {}, HERE / "static"
    for path in sorted([*(p for p in folder.iterdir() if p.is_file()), *(folder / "vendor").glob("*.js")]):
        body = path.read_bytes()
        kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        found[path.name] = StaticFile(
            body=body,
            packed=gzip.compress(body, mtime=0),
            media_type=kind,
            version=hashlib.sha256(body).hexdigest()[:12],
        )
    return found


@lru_cache(maxsize=8)
def make_templates(site_name: str) -> Environment:
    """Everything is escaped; a name that a page forgot is an error, not an empty place.

    Kept, since each template is compiled once for an environment, which takes longer than all else about an app.
    """
    static = read_static()
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    templates.install_gettext_callables(i18n.translated, i18n.translated_plural, newstyle=True)  # type: ignore[attr-defined]  # reason: added by the extension
    templates.globals.update(
        site_name=site_name,
        words=words,
        i18n=i18n,
        static=lambda name: f"/static/{name}?v={static[name].version}",
    )
    return templates


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """The services and settings that the pages were given."""

    release: Release
    preview: Preview | None
    kiosk: Kiosk | None = None
    uploads: Uploads | None = None
    guests: Guests | None = None
    desk: Desk | None = None
    shares: Shares | None = None
    delegates: Delegates | None = None
    statistics: Statistics | None = None
    live: LiveJobs | None = None
    personal: Personal | None = None
    people: People | None = None
    mail_links: MailLinks | None = None
    terminals: TerminalDesk | None = None
    doctor: Doctor | None = None
    network: NetworkDoctor | None = None
    mail_desk: MailDesk | None = None
    printers: Printers
    sites: Sites | None = None
    administration: Administration
    setup: SetUp | None = None
    programs: Programs | None = None
    identity: Identity
    settings: Settings
    clock: Clock
    ca_certificate: Callable[[], bytes]
    ports: Callable[[], Ports]
    challenge: Callable[[str], str | None] = lambda _: None
    lan_host: Callable[[], str | None]
    sign_in: SignInMethods | None = None
    phone: PhoneServices | None = None
    remote: RemoteAccess | None = None
    profiles: Callable[[], Profiles] | None = None
    hosts: Callable[[], Collection[str]] = tuple
    house: House | None = None
    plain_sign_in: bool
    static: dict[str, StaticFile]
    templates: Environment

    def printers_for(self, visit: "Visit") -> tuple[Printer, ...]:
        """Those that this visitor is shown where it is."""
        address = visit.actor.address
        return self.sites.printers_at(address, visit.actor) if self.sites else self.printers.all(address or None)

    def page(self, visit: "Visit", template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        text = self.templates.get_template(template).render(visit=visit, site_name=self.settings.site.name, **values)
        return HTMLResponse(text, status_code=status)


@dataclass(frozen=True, kw_only=True, slots=True)
class Visit:
    """One request: who asks, and the form if it is one. `csrf` is what this page's forms must carry."""

    request: Request
    actor: Actor
    session: Session | None = None
    csrf: str = ""
    form: Form = field(default_factory=dict)
    new_form_cookie: str | None = None
    step: Step = Step.NONE  # what signing in still lacks
    unread: int = 0  # notices that the visitor has not seen yet

    @property
    def signed_in(self) -> bool:
        return self.actor.user is not None and not is_guest(self.actor.user)
