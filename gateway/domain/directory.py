"""Directories as rows: how one is reached, which of its attributes mean what here, and what its last runs came to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final
from uuid import UUID

from gateway.domain.person import FIELDS
from gateway.errors import BadRequest

CSV: Final = "csv"
"""What users come from that a file brought; no directory has this name."""
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,30}")
_ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9._;-]{0,99}|")


class Kind(StrEnum):
    LDAP = "ldap"
    GRAPH = "graph"


class Membership(StrEnum):
    """Where it is written who is in which group: with the person (memberOf), or with the group (member, memberUid)."""

    PERSON = "person"
    GROUP = "group"
    NONE = "none"


@dataclass(frozen=True, kw_only=True, slots=True)
class FieldMap:
    """Attributes by what they mean; "" is not told of, and stays as it is here."""

    name: str = "uid"
    external_id: str = "entryUUID"
    full_name: str = "cn"
    email: str = "mail"
    department: str = ""
    cost_centre: str = ""
    language: str = ""
    groups: str = "memberOf"
    cards: str = ""
    pin: str = ""
    aliases: str = ""

    @property
    def told(self) -> frozenset[str]:
        """The fields of a Person that this map gives."""
        return frozenset(name for name in FIELDS if getattr(self, name))


@dataclass(frozen=True, kw_only=True, slots=True)
class LdapSettings:
    """`urls` are tried in turn. `only_group`: DN of the group whose members, also nested ones, are taken; "" is all.

    `bind_dn` "" binds anonymously, or by the client certificate. `ca` and `certificate` are PEM; "" trusts what the
    machine trusts. `changed` is the attribute that grows with each change, for runs of changes alone.
    """

    urls: tuple[str, ...]
    starttls: bool = False
    bind_dn: str = ""
    base: str = ""
    user_filter: str = "(objectClass=inetOrgPerson)"
    group_base: str = ""
    group_filter: str = "(objectClass=groupOfNames)"
    group_name: str = "cn"
    group_member: str = "member"
    membership: Membership = Membership.GROUP
    only_group: str = ""
    changed: str = "modifyTimestamp"
    ca: str = ""
    certificate: str = ""
    page: int = 500
    seconds: float = 30.0


class UserName(StrEnum):
    """Which of Microsoft's names is the login here."""

    PRINCIPAL = "userPrincipalName"
    LOCAL_PART = "local-part"  # of the userPrincipalName, before its @
    NICKNAME = "mailNickname"
    SAM = "onPremisesSamAccountName"


@dataclass(frozen=True, kw_only=True, slots=True)
class GraphSettings:
    """Microsoft Entra by Graph; `login` and `graph` differ in national clouds only."""

    tenant: str
    client_id: str
    login: str = "https://login.microsoftonline.com"
    graph: str = "https://graph.microsoft.com/v1.0"
    user_name: UserName = UserName.PRINCIPAL
    guests: bool = False
    ca: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Directory:
    """`name` is its key and stands with its users. `secret` is sealed, None for none.

    `sign_in`: passwords of its users are checked there; `remember_hours`: while it is away, those that were right so
    lately are believed. `adopt`: users of our own with the same name become its users. `pins`: who has none gets one by
    mail. `most_disabled` is in percent, of one run.
    """

    name: str
    uuid: UUID
    kind: Kind
    info: str = ""
    preset: str = ""
    enabled: bool = True
    settings: LdapSettings | GraphSettings
    fields: FieldMap = FieldMap()
    secret: bytes | None = None
    interval: float = 900.0
    full_hour: int = 3
    sign_in: bool = True
    remember_hours: float = 0.0
    adopt: bool = False
    pins: bool = False
    most_disabled: float = 10.0
    created_at: float = 0.0
    version: int = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Secrets:
    """What is sealed: the password of the service account or the client's secret, and the key of the certificate."""

    password: str = ""
    key: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunState:
    """Where runs of one directory stand. `cursor` is its own word for "up to here"; `failing_since` None is fine."""

    cursor: str = ""
    full_at: float | None = None
    run_at: float | None = None
    failing_since: float | None = None


class RunEnd(StrEnum):
    """HELD: too many would have been disabled, and somebody must say whether."""

    DONE = "done"
    HELD = "held"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True, slots=True)
class RunRecord:
    """One run as it is remembered. `lines` are (outcome, name, what), problems first."""

    id: int = 0
    directory: UUID
    started_at: float
    ended_at: float
    by: str
    full: bool
    end: RunEnd
    counts: Mapping[str, int] = field(default_factory=dict)
    message: str = ""
    lines: tuple[tuple[str, str, str], ...] = ()


def check_name(name: str) -> str:
    """BadRequest unless it can be a directory's."""
    if not _NAME.fullmatch(name) or name == CSV:
        raise BadRequest("A directory's name has 1 to 31 lower-case letters, digits and dashes, and is not csv.")
    return name


def check_fields(fields: FieldMap) -> FieldMap:
    """BadRequest unless the values can be names of attributes and those that everything hangs on are given."""
    for name in ("name", "external_id", *FIELDS):
        if not _ATTRIBUTE.fullmatch(getattr(fields, name)):
            raise BadRequest(f'"{getattr(fields, name)[:60]}" is not the name of an attribute.')
    if not fields.name or not fields.external_id:
        raise BadRequest("The attributes of the user name and of the lasting identifier are needed.")
    return fields
