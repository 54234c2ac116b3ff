"""Every route below /admin, and the one that opens set-up: each area gives its own rows."""

from starlette.routing import Route

from webprint.admin.backup_pages import backup_rows, backup_upload
from webprint.admin.certificate_pages import certificate_rows
from webprint.admin.dashboard import dashboard_rows
from webprint.admin.device_pages import device_rows
from webprint.admin.directories import directory_rows
from webprint.admin.doctor import doctor_rows
from webprint.admin.finding import find_rows
from webprint.admin.groups import group_rows
from webprint.admin.imports import import_rows, import_upload
from webprint.admin.mail_pages import mail_rows
from webprint.admin.printer_pages import printer_rows
from webprint.admin.program_pages import program_rows
from webprint.admin.projects import project_rows, project_upload
from webprint.admin.registrations import registration_rows
from webprint.admin.rights import rights_rows
from webprint.admin.setup_pages import setup_rows
from webprint.admin.site_pages import site_rows
from webprint.admin.stickers import sticker_rows
from webprint.admin.terminals import terminal_rows
from webprint.admin.user_credit import user_credit_rows
from webprint.admin.users import user_rows
from webprint.admin.welcome import welcome_rows
from webprint.admin.why_pages import why_rows
from webprint.guard import Guard, Handler
from webprint.site import Site


def admin_routes(guard: Guard, site: Site) -> list[Route]:
    house = site.administration
    table: list[tuple[str, str, Handler]] = [
        *dashboard_rows(site, house),
        *directory_rows(site),
        *import_rows(site),
        *registration_rows(site),
        *printer_rows(site, house),
        *device_rows(site, house),
        *site_rows(site, house),
        *project_rows(site),
        *find_rows(site, house),
        *why_rows(site, house),
        *program_rows(site, site.programs),
        *setup_rows(site),
        *certificate_rows(site, house),
        *backup_rows(site, house),
        *mail_rows(site, house),
        *welcome_rows(site, house),
        *terminal_rows(site),
        *doctor_rows(site),
        *sticker_rows(site),
        *user_rows(site),
        *user_credit_rows(site),
        *group_rows(site),
        *rights_rows(site),
    ]
    return [
        *(guard.route(method, path, handler) for method, path, handler in table),
        import_upload(site),
        project_upload(site),
        backup_upload(site, house),
    ]
