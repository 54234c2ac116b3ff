"""Puts the pages together; everything they need is an argument."""

from collections.abc import Callable, Collection

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

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
from webprint.account import AccountPages
from webprint.account_addresses import AddressPages
from webprint.account_cards import CardPages
from webprint.account_notices import NoticePages
from webprint.account_proofs import ProofPages
from webprint.admin.routes import admin_routes
from webprint.answers import SecureHeaders
from webprint.approve import approve_rows
from webprint.data import DataPages
from webprint.delegates import DelegatePages
from webprint.desk import DeskPages
from webprint.desk_credit import DeskCreditPages
from webprint.guard import Guard, Handler
from webprint.guest import GuestPages
from webprint.history import HistoryPages
from webprint.jobs import JobPages
from webprint.kiosk import KioskPages
from webprint.kiosk_door import KioskGuard
from webprint.kiosk_jobs import KioskJobs
from webprint.kiosk_phone import KioskPhone
from webprint.kiosk_reader import KioskReader
from webprint.later import LaterPages
from webprint.live import LiveJobs
from webprint.mail import mail_rows
from webprint.phone_routes import account_rows, app_rows, place_rows, screen_rows, share_route
from webprint.projects import project_rows
from webprint.register import register_rows
from webprint.remote import remote_rows
from webprint.second import SecondPages
from webprint.security import SecurityPages
from webprint.setup import setup_routes
from webprint.setup_tools import SetUp
from webprint.shares import SharePages
from webprint.signin import SignInPages
from webprint.signin_confirm import ConfirmPages
from webprint.signin_mail import MailPages
from webprint.signin_oidc import OidcPages
from webprint.signin_passkey import PasskeyPages
from webprint.site import Ports, Site, make_templates, read_static
from webprint.start import StartPages
from webprint.statement import statement_rows
from webprint.tus import TusPages
from webprint.upload import UploadPages
from webprint.upload_door import UploadGuard


def create_app(
    *,
    release: Release,
    preview: Preview | None = None,
    kiosk: Kiosk | None = None,
    terminals: TerminalDesk | None = None,
    doctor: Doctor | None = None,
    network: NetworkDoctor | None = None,
    uploads: Uploads | None = None,
    guests: Guests | None = None,
    desk: Desk | None = None,
    shares: Shares | None = None,
    delegates: Delegates | None = None,
    statistics: Statistics | None = None,
    live: LiveJobs | None = None,
    personal: Personal | None = None,
    people: People | None = None,
    mail_links: MailLinks | None = None,
    mail_desk: MailDesk | None = None,
    administration: Administration,
    programs: Programs | None = None,
    printers: Printers,
    sites: Sites | None = None,
    setup: SetUp | None = None,
    identity: Identity,
    settings: Settings,
    clock: Clock,
    ca_certificate: Callable[[], bytes],
    ports: Callable[[], Ports] | None = None,
    challenge: Callable[[str], str | None] = lambda _: None,
    public_name: Callable[[str], bool] = lambda _: False,
    lan_host: Callable[[], str | None] = lambda: None,
    sign_in: SignInMethods | None = None,
    phone: PhoneServices | None = None,
    remote: RemoteAccess | None = None,
    profiles: Callable[[], Profiles] | None = None,
    hosts: Callable[[], Collection[str]] = tuple,
    house: House | None = None,
    plain_sign_in: bool = False,
) -> Starlette:
    """The pages as one ASGI application.

    Without `preview` the pages tell that there is none and show thumbnails. `ca_certificate` gives PEM octets, empty where there is none to offer. `ports` gives what is really listened on
    (without it the settings' ports); `challenge` the answer to a certificate authority by its token; `public_name` says
    which hosts are shown a certificate of such an authority; `lan_host` a name or address of this machine that other devices can reach, for
    visitors who came by localhost. Without `sign_in` there are passwords and PINs alone; `hosts` gives the names of this
    server, to which links may lead. `plain_sign_in` lets people sign in over plain HTTP from other machines too.
    """
    site = Site(
        release=release,
        preview=preview,
        kiosk=kiosk,
        terminals=terminals,
        doctor=doctor,
        network=network,
        uploads=uploads,
        guests=guests,
        desk=desk,
        shares=shares,
        delegates=delegates,
        statistics=statistics,
        live=live,
        personal=personal,
        people=people,
        mail_links=mail_links,
        mail_desk=mail_desk,
        printers=printers,
        sites=sites,
        administration=administration,
        setup=setup,
        programs=programs,
        identity=identity,
        settings=settings,
        clock=clock,
        ca_certificate=ca_certificate,
        ports=ports or (lambda: _configured_ports(settings)),
        challenge=challenge,
        lan_host=lan_host,
        sign_in=sign_in,
        phone=phone,
        remote=remote,
        profiles=profiles,
        hosts=hosts,
        house=house,
        plain_sign_in=plain_sign_in,
        static=read_static(),
        templates=make_templates(settings.site.name),
    )
    guard = Guard(site)
    app = Starlette(
        routes=[
            *_routes(guard, site),
            share_route(site),
            *_sign_in_routes(guard, site),
            *_account_routes(guard, site),
            *_desk_routes(guard, site),
            *_upload_routes(UploadGuard(site), site),
            *_kiosk_routes(KioskGuard(site), site),
            *admin_routes(guard, site),
            *setup_routes(guard, site),
        ],
        middleware=[Middleware(SecureHeaders, public_name=public_name)],
        exception_handlers={HTTPException: guard.on_http_exception},
    )
    app.state.guard = guard  # further pages go through the same guard
    return app


def _routes(guard: Guard, site: Site) -> list[Route]:
    start, jobs = StartPages(site), JobPages(site)
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/", start.show),
        ("GET", "/qr.svg", start.qr),
        ("GET", "/ca.pem", start.ca),
        ("GET", "/.well-known/acme-challenge/{token}", start.challenge),
        ("GET", "/static/{name}", start.static),
        ("GET", "/language", start.language),
        *app_rows(site),
        ("GET", "/jobs", jobs.show),
        ("POST", "/jobs/release", jobs.release),
        ("POST", "/jobs/release-all", jobs.release_all),
        ("POST", "/jobs/delete", jobs.delete_selected),
        ("GET", "/jobs/{id:int}", jobs.detail),
        ("GET", "/jobs/{id:int}/pages/{number:int}.png", jobs.thumbnail),
        ("GET", "/jobs/{id:int}/sides/{number:int}.png", jobs.side),
        ("POST", "/jobs/{id:int}/delete", jobs.delete),
        ("POST", "/jobs/{id:int}/reprint", jobs.reprint),
        ("POST", "/jobs/{id:int}/favourite", jobs.favourite),
        ("POST", "/jobs/{id:int}/extend", jobs.extend),
        ("POST", "/jobs/{id:int}/take", jobs.take),
        ("POST", "/jobs/{id:int}/unlock", jobs.unlock),
        ("POST", "/jobs/{id:int}/convert", jobs.convert),
        ("POST", "/jobs/{id:int}/later", LaterPages(site).hold),
        ("POST", "/jobs/{id:int}/came-out", jobs.came_out),
        ("POST", "/jobs/{id:int}/not-out", jobs.not_out),
        *_job_rows(site, jobs),
        *approve_rows(site),
    ]
    return [guard.route(method, path, handler) for method, path, handler in table]


def _job_rows(site: Site, jobs: JobPages) -> list[tuple[str, str, Handler]]:
    """What goes beyond one's own list: live news, quotes, links, delegates, history."""
    shares, delegates, history = SharePages(site, jobs.one), DelegatePages(site), HistoryPages(site)
    return [
        ("GET", "/jobs/events", jobs.events),
        ("GET", "/jobs/quote", jobs.quote),
        ("POST", "/jobs/{id:int}/release", jobs.release_one),
        ("POST", "/jobs/{id:int}/proof", jobs.proof),
        ("POST", "/jobs/{id:int}/private", jobs.hide),
        ("POST", "/jobs/{id:int}/charge", jobs.charge),
        ("POST", "/jobs/{id:int}/share", shares.make),
        ("POST", "/jobs/{id:int}/shares/{share:int}/revoke", shares.revoke),
        ("GET", "/s/{token}", shares.show),
        ("POST", "/s/{token}", shares.use),
        ("GET", "/s/{token}/page.png", shares.picture),
        ("GET", "/history", history.show),
        ("GET", "/account/delegates", delegates.show),
        ("POST", "/account/delegates", delegates.grant),
        ("POST", "/account/delegates/{id:int}/remove", delegates.remove),
    ]


def _sign_in_routes(guard: Guard, site: Site) -> list[Route]:
    """All ways in, and what proves a person."""
    sign_in, mail, passkey, confirm = SignInPages(site), MailPages(site), PasskeyPages(site), ConfirmPages(site)
    security = SecurityPages(site)
    oidc, second = OidcPages(site, security), SecondPages(site, security)
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/signin", sign_in.show),
        ("POST", "/signin", sign_in.sign_in),
        ("POST", "/signout", sign_in.sign_out),
        ("GET", "/signin/oidc/{provider}", oidc.begin),
        ("GET", "/signin/oidc/{provider}/callback", oidc.callback),
        ("GET", "/signin/mail", mail.show),
        ("POST", "/signin/mail", mail.ask),
        ("GET", "/signin/mail/{secret}", mail.open),
        ("POST", "/signin/mail/{secret}", mail.use),
        ("POST", "/signin/passkey/options", passkey.options),
        ("POST", "/signin/passkey", passkey.sign_in),
        ("GET", "/signin/confirm", confirm.show),
        ("POST", "/signin/confirm", confirm.confirm),
        ("POST", "/signin/confirm/mail", mail.confirm),
        ("GET", "/signin/confirm/oidc/{provider}", oidc.confirm),
        ("GET", "/signin/second", second.ask),
        ("POST", "/signin/second", second.check),
        ("GET", "/account/security/second", second.show),
        ("POST", "/account/security/second/begin", second.begin),
        ("POST", "/account/security/second/confirm", second.confirm),
        ("POST", "/account/security/second/codes", second.renew),
        ("POST", "/account/security/second/remove", second.remove),
        ("GET", "/account/security", security.show),
        ("POST", "/account/security/passkeys/options", security.passkey_options),
        ("POST", "/account/security/passkeys", security.add_passkey),
        ("POST", "/account/security/passkeys/{id}/rename", security.rename_passkey),
        ("POST", "/account/security/passkeys/{id}/remove", security.remove_passkey),
        ("GET", "/account/security/link/{provider}", oidc.link),
        ("POST", "/account/security/identities/{id}/remove", security.unlink),
        ("POST", "/account/security/app-passwords", security.add_app_password),
        ("POST", "/account/security/app-passwords/{id}/remove", security.remove_app_password),
        ("POST", "/account/security/sessions/{tag}/end", security.end_session),
        ("POST", "/account/security/sessions/end-others", security.end_others),
        *register_rows(site),
    ]
    return [guard.route(method, path, handler) for method, path, handler in table]


def _account_routes(guard: Guard, site: Site) -> list[Route]:
    """What people see and settle about themselves."""
    account, proofs, cards = AccountPages(site), ProofPages(site), CardPages(site)
    addresses, notices, data = AddressPages(site), NoticePages(site), DataPages(site)
    table: list[tuple[str, str, Handler]] = [
        *account_rows(site),
        *statement_rows(site),
        *project_rows(site),
        ("GET", "/account", account.show),
        ("POST", "/account", account.save),
        ("GET", "/account/pin", proofs.show_pin),
        ("POST", "/account/pin", proofs.change_pin),
        ("GET", "/account/password", proofs.show_password),
        ("POST", "/account/password", proofs.change_password),
        ("GET", "/account/cards", cards.show),
        ("POST", "/account/cards", cards.add),
        ("POST", "/account/cards/remove", cards.remove),
        ("GET", "/account/addresses", addresses.show),
        ("POST", "/account/addresses", addresses.add),
        ("POST", "/account/addresses/primary", addresses.make_primary),
        ("POST", "/account/addresses/remove", addresses.remove),
        ("GET", "/account/addresses/confirm", addresses.asked),
        ("POST", "/account/addresses/confirm", addresses.confirm),
        ("GET", "/account/notices", notices.show),
        ("POST", "/account/notices", notices.read),
        *mail_rows(site),
        *remote_rows(site),
        ("GET", "/keep", notices.asked_to_keep),
        ("POST", "/keep", notices.keep),
        ("GET", "/account/data", data.show),
        ("POST", "/account/data/export", data.export),
        ("GET", "/account/data/erase", data.ask_to_erase),
        ("POST", "/account/data/erase", data.erase),
    ]
    return [guard.route(method, path, handler) for method, path, handler in table]


def _upload_routes(guard: UploadGuard, site: Site) -> list[Route]:
    """Documents on their way in, and guests: behind a guard that knows guests, whom the rest of the portal does not."""
    pages, tus, guest = UploadPages(site), TusPages(site), GuestPages(site)
    job = "/guest/jobs/{id:int}"
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/upload", pages.show),
        ("POST", "/upload", pages.take),
        ("OPTIONS", "/upload/files", tus.options),
        ("POST", "/upload/files", tus.create),
        ("GET", "/upload/files/{id}", tus.look),
        ("PATCH", "/upload/files/{id}", tus.append),
        ("DELETE", "/upload/files/{id}", tus.forget),
        ("POST", "/upload/close", pages.close),
        ("GET", "/upload/jobs/{id:int}", pages.state),
        *place_rows(site),
        ("GET", "/p/{name}", guest.place),
        ("POST", "/p/{name}", guest.upload),
        ("GET", "/guest", guest.home),
        ("GET", "/guest/code.svg", guest.code),
        ("GET", job, guest.job),
        ("GET", job + "/pages/{number:int}.png", guest.page_picture),
        ("GET", job + "/sides/{number:int}.png", guest.side),
        ("GET", job + "/quote", guest.quote),
        ("POST", job + "/print", guest.print),
        ("POST", job + "/save", guest.save),
        ("POST", job + "/again", guest.again),
        ("POST", job + "/delete", guest.delete),
        ("POST", job + "/unlock", guest.unlock),
        ("POST", job + "/came-out", guest.came_out),
    ]
    return [guard.route(method, path, handler) for method, path, handler in table]


def _kiosk_routes(guard: KioskGuard, site: Site) -> list[Route]:
    """Release stations: behind a guard of their own, with sessions that the rest of the portal does not know."""
    jobs = KioskJobs(site)
    phone, reader = KioskPhone(site), KioskReader(site)
    pages = KioskPages(site, jobs, phone, reader)
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/kiosk", pages.choose),
        ("GET", "/kiosk/{station}", pages.show),
        ("GET", "/kiosk/{station}/last", pages.last),
        ("GET", "/kiosk/{station}/phone", phone.show),
        ("GET", "/kiosk/{station}/pair", reader.ask),
        ("POST", "/kiosk/{station}/pair", reader.pair),
        ("POST", "/kiosk/{station}/in", pages.enter),
        ("POST", "/kiosk/{station}/out", pages.leave),
        ("POST", "/kiosk/{station}/here", pages.stay),
        ("POST", "/kiosk/{station}/card", pages.add_card),
        *screen_rows(site),
        ("POST", "/kiosk/{station}/release", jobs.release),
        ("POST", "/kiosk/{station}/delete", jobs.delete),
        ("GET", "/kiosk/{station}/projects", jobs.projects),
        ("POST", "/kiosk/{station}/jobs/{id:int}/answer", jobs.answer),
        ("GET", "/kiosk/{station}/jobs/{id:int}/pages/{number:int}.png", jobs.thumbnail),
    ]
    desk = _desk_routes(guard, site, below="/kiosk/{station}")
    return [*(guard.route(method, path, handler) for method, path, handler in table), *desk]


def _desk_routes(guard: Guard, site: Site, *, below: str = "") -> list[Route]:
    """Twice: with a session of the portal, and with a short one at a station."""
    pages, credit = DeskPages(site, station=bool(below)), DeskCreditPages(site, station=bool(below))
    table: list[tuple[str, str, Handler]] = [
        ("GET", "/desk", pages.show),
        ("POST", "/desk/unlock", pages.unlock),
        ("GET", "/desk/credit", credit.show),
        ("POST", "/desk/credit", credit.add),
        ("GET", "/desk/jobs/{id:int}", pages.detail),
        ("GET", "/desk/jobs/{id:int}/pages/{number:int}.png", pages.picture),
        ("POST", "/desk/jobs/{id:int}/release", pages.release),
        ("POST", "/desk/jobs/{id:int}/paid", pages.paid),
        ("POST", "/desk/jobs/{id:int}/extend", pages.extend),
        ("POST", "/desk/jobs/{id:int}/delete", pages.delete),
        ("POST", "/desk/jobs/{id:int}/code", pages.code),
        ("POST", "/desk/jobs/{id:int}/look", pages.look),
    ]
    return [guard.route(method, below + path, handler) for method, path, handler in table]


def _configured_ports(settings: Settings) -> Ports:
    return Ports(
        http=settings.http.port if settings.http.enabled else None,
        https=settings.https.port if settings.https.enabled else None,
        ipp=settings.ipp.port if settings.ipp.enabled else None,
    )
