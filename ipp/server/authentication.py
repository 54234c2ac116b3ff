"""Who is asking (rows 13 and 15): Basic over TLS alone; without it a name is only what the client says of itself."""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import replace
from enum import Enum, auto
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address

from gateway.domain.printer import Authentication as PrinterAuthentication
from gateway.domain.printer import Printer
from gateway.domain.rights import Permission, Role
from gateway.domain.user import Actor
from gateway.errors import NotAuthenticated
from gateway.services.fresh_sign_in import FreshSignIn
from gateway.services.identity import Identity
from ipp.server.request import Call
from ipp.server.status import Refused
from ipp.wire import Operation, Status

Network = IPv4Network | IPv6Network
NAME_MAX = 255
_BEGINS = frozenset({Operation.PRINT_JOB, Operation.VALIDATE_JOB, Operation.CREATE_JOB})


class Policy(Enum):
    """Who may ask for an operation; every operation declares one."""

    PUBLIC = auto()  # everybody, and no credentials are looked at: clients must see a Printer before they sign in
    LISTING = auto()  # everybody, each sees the own things only
    USER = auto()  # whoever the Printer asks for: credentials where it wants them
    JOBS = auto()  # whoever looks after everybody's jobs at the Printer's site
    OPERATOR = auto()  # whoever runs the Printers of its site


_NEEDED = {Policy.JOBS: Permission.JOBS, Policy.OPERATOR: Permission.PRINTERS}


class Challenge(Exception):
    """HTTP 401: the client is to come again with name and password."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Authentication:
    """Tells the actor of each request. Addresses in `trusted_operators` are operators without a password."""

    def __init__(
        self,
        *,
        identity: Identity,
        trusted_operators: Iterable[Network],
        require_tls: bool,
        fresh: FreshSignIn | None = None,
    ) -> None:
        self._identity = identity
        self._fresh = fresh
        self._trusted = tuple(trusted_operators)
        self._require_tls = require_tls

    async def actor(
        self, call: Call, claimed: str | None, policy: Policy, printer: Printer, operation: Operation | None = None
    ) -> Actor:
        """Raises Challenge over TLS, Refused over cleartext, when the policy asks for more than was shown."""
        stranger = Actor(address=call.address, claimed=_clean(claimed), via="ipp")
        if policy is Policy.PUBLIC:
            return stranger
        if call.personal is not None:
            return self._owner(call, call.personal, policy, printer)
        self._check_cleartext(call, printer)
        actor = await self._signed_in(call, stranger) if call.authorization else stranger
        if policy in _NEEDED:
            return self._staff(call, actor, printer, _NEEDED[policy])
        if policy is Policy.USER and actor.user is None and printer.authentication is PrinterAuthentication.BASIC:
            self._note_asked(call, printer)
            raise self._ask(call, printer)
        if actor.user is not None and operation in _BEGINS:
            self._check_fresh(call, actor.user, printer, operation)
        return actor

    def _owner(self, call: Call, owner: Actor, policy: Policy, printer: Printer) -> Actor:
        """A personal queue is its owner's, and never an operator's."""
        if self._require_tls and not call.where.secure:
            raise Refused(
                Status.CLIENT_ERROR_FORBIDDEN, f"Only encrypted connections are taken. Use {_tls_uri(call, printer)}."
            )
        if policy is Policy.OPERATOR:
            raise Refused(Status.CLIENT_ERROR_NOT_AUTHORIZED, "Only operators may do this.")
        return owner

    def _note_asked(self, call: Call, printer: Printer) -> None:
        if self._fresh is not None:
            self._fresh.note_asked(printer, call.address)

    def _check_fresh(self, call: Call, user: str, printer: Printer, operation: Operation) -> None:
        """A password that the device only kept is asked for again where the Printer, or its owner, wants that."""
        job = operation is not Operation.VALIDATE_JOB
        if self._fresh is not None and not self._fresh.accepts(printer, user, call.address, job=job):
            raise Challenge("Type your name and password again.")

    def _check_cleartext(self, call: Call, printer: Printer) -> None:
        if call.where.secure:
            return
        if call.authorization:
            raise Refused(
                Status.CLIENT_ERROR_NOT_AUTHENTICATED,
                f"Your password came without encryption and was not looked at. Use {_tls_uri(call, printer)}.",
            )
        if self._require_tls:
            raise Refused(
                Status.CLIENT_ERROR_FORBIDDEN, f"Only encrypted connections are taken. Use {_tls_uri(call, printer)}."
            )

    async def _signed_in(self, call: Call, stranger: Actor) -> Actor:
        name, password = _credentials(call.authorization)
        try:
            actor = await self._identity.basic(name, password, address=call.address)
        except NotAuthenticated as error:
            raise Challenge(str(error)) from error
        return replace(actor, address=call.address, claimed=stranger.claimed, via="ipp")

    def _staff(self, call: Call, actor: Actor, printer: Printer, needed: Permission) -> Actor:
        if actor.may(needed, printer.site):
            return actor
        if actor.user is not None:
            raise Refused(Status.CLIENT_ERROR_NOT_AUTHORIZED, "Only operators may do this.")
        if self.trusts(call.address):
            return replace(actor, user=f"operator at {call.address}", role=Role.OPERATOR)
        raise self._ask(call, printer)

    def trusts(self, address: str) -> bool:
        try:
            own = ip_address(address)
        except ValueError:
            return False
        if isinstance(own, IPv6Address) and own.ipv4_mapped is not None:
            own = own.ipv4_mapped
        return any(own in network for network in self._trusted if network.version == own.version)

    def _ask(self, call: Call, printer: Printer) -> Exception:
        text = "Sign in with your name and password."
        if call.where.secure:
            return Challenge(text)
        return Refused(
            Status.CLIENT_ERROR_NOT_AUTHENTICATED,
            f"{text} They are taken only over an encrypted connection: use {_tls_uri(call, printer)}.",
        )


def _tls_uri(call: Call, printer: Printer) -> str:
    return replace(call.where, secure=True).printer_uri(printer)


def _credentials(authorization: str) -> tuple[str, str]:
    """RFC 7617. Whatever cannot be read as Basic is asked for again."""
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise Challenge("Only Basic authentication is known here.")
    try:
        text = base64.b64decode(token.strip(), validate=True).decode()
    except (binascii.Error, ValueError) as error:
        raise Challenge("The name and password could not be read.") from error
    name, _, password = text.partition(":")
    return name, password


def _clean(claimed: str | None) -> str:
    text = "".join(c for c in claimed or "" if c.isprintable())
    return text.encode()[:NAME_MAX].decode(errors="ignore").strip() or "anonymous"
