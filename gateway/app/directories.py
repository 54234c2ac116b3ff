"""Wires directories: their rows, what reaches them, the engine, and sign-in by their passwords."""

from dataclasses import dataclass

from gateway.adapters.db import Database
from gateway.adapters.directory.makers import DirectoryMakers
from gateway.adapters.radius import RadiusServers
from gateway.adapters.sealer import KeyringSealer
from gateway.services.directories import DirectoryBook
from gateway.services.directory_groups import DirectoryGroups
from gateway.services.directory_sign_in import DirectorySignIn
from gateway.services.directory_sync import DirectorySync
from gateway.services.password_keepers import PasswordKeepers, RadiusSignIn
from gateway.services.ports import Clock, Hasher, Keyring, PasswordElsewhere
from gateway.services.standing import Standings
from gateway.settings import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class DirectoryServices:
    book: DirectoryBook
    sync: DirectorySync
    groups: DirectoryGroups
    sign_in: DirectorySignIn


def keepers_of(settings: Settings, directories: DirectoryServices, standings: Standings) -> PasswordElsewhere:
    """Whoever keeps passwords beside us; StartupError for settings of RADIUS that cannot be meant."""
    radius = settings.identity.radius
    if not radius.servers:
        return directories.sign_in
    asked = RadiusSignIn(RadiusServers(radius), groups=radius.groups, standings=standings)
    return PasswordKeepers(directories.sign_in, asked)


def directory_services(
    *, database: Database, keyring: Keyring, hasher: Hasher, clock: Clock, worker: str
) -> DirectoryServices:
    sync = DirectorySync(rows=database.user_rows, users=database.users, hasher=hasher, clock=clock)
    groups = DirectoryGroups(store=database.groups, clock=clock)
    book = DirectoryBook(
        store=database.directories,
        makers=DirectoryMakers(clock=clock),
        sync=sync,
        groups=groups,
        sealer=KeyringSealer(keyring),
        clock=clock,
        worker=worker,
    )
    sign_in = DirectorySignIn(book=book, store=database.directories, hasher=hasher, clock=clock)
    return DirectoryServices(book=book, sync=sync, groups=groups, sign_in=sign_in)
