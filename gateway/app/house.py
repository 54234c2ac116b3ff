"""Wires roles, groups, the audit log, second steps, and what staff does with all of it.

In two steps: what signing in asks of them is needed before anybody can be signed in, the rest stands on the accounts.
"""

from dataclasses import dataclass

from gateway.adapters.audit_seal import FileAuditSeal
from gateway.adapters.db import Database
from gateway.adapters.one_time_codes import Totp
from gateway.services.audit import Audit
from gateway.services.charging import Charging
from gateway.services.groups import Groups
from gateway.services.house import House
from gateway.services.identity import Identity
from gateway.services.kept_files import KeptFiles
from gateway.services.lockouts import Lockouts
from gateway.services.people import People
from gateway.services.personal import Personal
from gateway.services.ports import Clock, Hasher, Keyring
from gateway.services.project_import import ProjectImports
from gateway.services.projects import Projects
from gateway.services.roles import Roles
from gateway.services.second_factor import SecondFactors
from gateway.services.standing import Standings
from gateway.services.user_admin import UserAdmin
from gateway.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class Foundation:
    audit: Audit
    roles: Roles
    groups: Groups
    second: SecondFactors


async def lay_foundation(
    *, settings: Settings, database: Database, keyring: Keyring, hasher: Hasher, standings: Standings, clock: Clock
) -> Foundation:
    """The key of the audit log is made once, as long as no row was ever sealed with one."""
    sealed = bool(await database.audit.entries(limit=1)) or await database.audit.anchor() is not None
    audit = Audit(
        store=database.audit,
        seal=FileAuditSeal(settings.data / "keys", create_if_new=not sealed),
        clock=clock,
        kept_seconds=settings.audit.keep_days * 86400,
    )
    roles = Roles(
        store=database.roles,
        users=database.users,
        groups=database.groups,
        standings=standings,
        audit=audit,
        clock=clock,
    )
    groups = Groups(store=database.groups, users=database.users, roles=roles, audit=audit, clock=clock)
    second = SecondFactors(
        store=database.second_factors,
        codes=Totp(keyring),
        users=database.users,
        credentials=database.credentials,
        hasher=hasher,
        audit=audit,
        clock=clock,
        settings=settings.identity,
        issuer=settings.site.name,
    )
    return Foundation(audit=audit, roles=roles, groups=groups, second=second)


def house_services(
    foundation: Foundation,
    *,
    database: Database,
    identity: Identity,
    personal: Personal,
    people: People,
    charging: Charging,
    files: KeptFiles,
    clock: Clock,
    time_zone: str,
) -> House:
    audit, roles, groups, second = foundation.audit, foundation.roles, foundation.groups, foundation.second
    projects = Projects(store=database.projects, audit=audit, clock=clock, time_zone=time_zone)
    return House(
        audit=audit,
        roles=roles,
        groups=groups,
        second=second,
        users=UserAdmin(
            users=database.users,
            identity=identity,
            roles=roles,
            groups=groups,
            second=second,
            cards=personal.cards,
            pins=people.pins,
            privacy=personal.privacy,
            audit=audit,
        ),
        lockouts=Lockouts(limits=identity.limits, audit=audit),
        projects=projects,
        project_imports=ProjectImports(projects=projects, store=database.projects, files=files, audit=audit),
        charging=charging,
    )
