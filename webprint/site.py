"""What every page needs: the services, the templates, and the static files with their versions."""

import gzip
import hashlib
import mimetypes
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

from gateway import i18n
from gateway.domain.user import Actor, Session, is_guest
from gateway.services.delegates import Delegates
from gateway.services.desk import Desk
from gateway.services.guests import Guests
from gateway.services.identity import Identity
from gateway.services.kiosk import Kiosk
from gateway.services.personal import Personal
from gateway.services.ports import Clock
from gateway.services.preview import Preview
from gateway.services.printers import Printers
from gateway.services.release import Release
from gateway.services.shares import Shares
from gateway.services.signin_methods import SignInMethods
from gateway.services.statistics import Statistics
from gateway.services.uploads import Uploads
from gateway.settings import Settings
from webprint import words
from webprint.live import LiveJobs
from webprint.requests import Form

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


def read_static(folder: Path = HERE / "static") -> dict[str, StaticFile]:
    """By name; only what lies in the folder at the start is ever served: our own files and vendored scripts."""
    found = {}
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


def make_templates(static: dict[str, StaticFile], site_name: str) -> Environment:
    """Everything is escaped; a name that a page forgot is an error, not an empty place."""
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
        site_name=site_name, words=words, i18n=i18n, static=lambda name: f"/static/{name}?v={static[name].version}"
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
    printers: Printers
    identity: Identity
    settings: Settings
    clock: Clock
    ca_certificate: Callable[[], bytes]
    ports: Callable[[], Ports]
    lan_host: Callable[[], str | None]
    sign_in: SignInMethods | None = None
    hosts: Callable[[], Collection[str]] = tuple
    plain_sign_in: bool
    static: dict[str, StaticFile] = field(default_factory=read_static)
    templates: Environment

    def page(self, visit: "Visit", template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
        text = self.templates.get_template(template).render(visit=visit, **values)
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
    unread: int = 0  # notices that the visitor has not seen yet

    @property
    def signed_in(self) -> bool:
        return self.actor.user is not None and not is_guest(self.actor.user)
