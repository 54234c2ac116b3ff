"""Wires how people come to have accounts."""

from gateway.adapters.db import Database
from gateway.app.directories import DirectoryServices
from gateway.app.personal import site_url
from gateway.domain.rights import PERMISSIONS, Permission
from gateway.domain.user import User
from gateway.services.audit import Audit
from gateway.services.csv_export import export_users
from gateway.services.csv_import import CsvImports
from gateway.services.directory_schedule import DirectorySchedule
from gateway.services.identity import Identity
from gateway.services.people import People
from gateway.services.personal import Personal
from gateway.services.pins import Pins
from gateway.services.ports import Clock, Keyring, Spool
from gateway.services.registration import Registrations
from gateway.settings import Settings


def people_services(
    *,
    settings: Settings,
    database: Database,
    identity: Identity,
    personal: Personal,
    directories: DirectoryServices,
    spool: Spool,
    keyring: Keyring,
    audit: Audit,
    clock: Clock,
) -> People:
    def base() -> str:
        return site_url(settings)

    async def staff(permission: Permission) -> list[User]:
        roles = [role for role, given in PERMISSIONS.items() if permission in given]
        return [user for user in await database.users.staff(roles) if user.email]

    pins = Pins(
        accounts=identity,
        mailer=personal.mailer,
        preferences=personal.preferences,
        base=base,
        language=settings.site.language,
    )
    return People(
        pins=pins,
        directories=directories.book,
        schedule=DirectorySchedule(
            book=directories.book,
            rows=database.user_rows,
            pins=pins,
            mailer=personal.mailer,
            staff=staff,
            clock=clock,
            base=base,
            time_zone=settings.site.time_zone,
            language=settings.site.language,
        ),
        imports=CsvImports(
            sync=directories.sync,
            groups=directories.groups,
            spool=spool,
            keyring=keyring,
            clock=clock,
            owned=directories.book.owned,
        ),
        export=lambda: export_users(database.users),
        audit=audit,
        registrations=Registrations(
            store=database.registrations,
            accounts=identity,
            pins=pins,
            mailer=personal.mailer,
            limits=identity.limits,
            clock=clock,
            settings=settings.registration,
            is_taken=personal.addresses.is_taken,
            staff=staff,
            base=base,
            language=settings.site.language,
        ),
    )
