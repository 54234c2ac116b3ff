"""From a decoded message to its answer: the checks that every request passes, in RFC 8011's order, then the table."""

import logging
from collections.abc import Callable, Mapping

from gateway.domain.printer import Printer
from gateway.errors import NotAuthenticated, NotFound, Refusal
from ipp.server.authentication import Authentication, Challenge
from ipp.server.body import Body, ClientGone
from ipp.server.operation import Row, Services, Table
from ipp.server.request import Call, Reply, Request, refusal
from ipp.server.status import Refused, bad_request, status_of
from ipp.server.ticket import word
from ipp.server.where import names_in_uri
from ipp.wire import Attribute, GroupTag, Message, Operation, Status, ValueTag

NEWEST = {1: (1, 1), 2: (2, 2)}
UNTOLD = (1, 1)
ROOT = ("ipp", "print")
PERSONAL = ("ipp", "u")

log = logging.getLogger(__name__)


def answer_version(version: tuple[int, int]) -> tuple[int, int]:
    """The version of the response: the request's own, or the nearest that is known (RFC 8011 section 4.1.8)."""
    newest = NEWEST.get(version[0])
    return UNTOLD if newest is None else min(version, newest)


class Dispatcher:
    """Answers messages. `virtual_host` tells the Printer that /ipp/print means at a host name."""

    def __init__(
        self,
        *,
        table: Table,
        services: Services,
        authentication: Authentication,
        virtual_host: Callable[[str], str | None],
    ) -> None:
        self._table = table
        self._services = services
        self._authentication = authentication
        self._virtual_host = virtual_host

    async def answer(self, message: Message, call: Call, body: Body) -> Reply:
        """The reply, whatever comes; Challenge and ClientGone are for HTTP."""
        try:
            return await self._answer(message, call, body)
        except Refused as refused:
            return refusal(refused)
        except NotAuthenticated as error:
            # A service asks for more than the policy did, such as a Printer that only a group may use.
            if call.where.secure and not call.authorization:
                raise Challenge(error.message) from error
            return Reply(status=status_of(error), message=error.message)
        except Refusal as error:
            return Reply(status=status_of(error), message=error.message)
        except (Challenge, ClientGone):
            raise
        except Exception:
            log.exception("operation 0x%04x failed", message.code)
            return Reply(status=Status.SERVER_ERROR_INTERNAL_ERROR, message="Something went wrong here. Try again.")

    async def _answer(self, message: Message, call: Call, body: Body) -> Reply:
        operation, row = self._row(message)
        attributes = operation_attributes(message)
        target, job_id = self.target(call, attributes)
        claimed = word(attributes["requesting-user-name"]) if "requesting-user-name" in attributes else None
        actor = await self._authentication.actor(call, claimed, row.policy, target, operation)
        request = Request(
            message=message,
            operation=operation,
            call=call,
            printer=target,
            actor=actor,
            body=body,
            attributes=attributes,
            job_id=job_id,
        )
        return await row.handler(request)

    def _row(self, message: Message) -> tuple[Operation, Row]:
        major, minor = message.version
        if major not in NEWEST:
            raise Refused(
                Status.SERVER_ERROR_VERSION_NOT_SUPPORTED,
                f"IPP {major}.{minor} is not spoken here. Use IPP 1.0 to 2.2.",
            )
        if message.request_id < 1:
            raise bad_request("request-id must be 1 or more.")
        try:
            operation = Operation(message.code)
            return operation, self._table[operation]
        except (ValueError, KeyError) as error:
            raise Refused(
                Status.SERVER_ERROR_OPERATION_NOT_SUPPORTED, f"Operation 0x{message.code:04x} is not supported."
            ) from error

    def target(self, call: Call, attributes: Mapping[str, Attribute]) -> tuple[Printer, int | None]:
        """The addressed Printer and job. The path of the request leads; at `/` the target attribute does."""
        printer_uri, job_uri = attributes.get("printer-uri"), attributes.get("job-uri")
        given = printer_uri or job_uri
        if given is None or given.tag != ValueTag.URI or not isinstance(given.value, str):
            raise bad_request("printer-uri is missing: say which printer is meant.")
        in_uri = names_in_uri(given.value)
        in_path = tuple(part for part in call.path.split("/") if part)
        name, path_job = _split(in_path or in_uri)
        printer = self._printer(name, call)
        job_id = attributes.get("job-id")
        if job_id is not None and printer_uri is not None:
            if not isinstance(job_id.value, int) or isinstance(job_id.value, bool):
                raise bad_request("job-id must be an integer.")
            return printer, job_id.value
        return printer, _split(in_uri)[1] if job_uri is not None else path_job

    def _printer(self, name: str | None, call: Call) -> Printer:
        wanted = name or self._virtual_host(call.where.host)
        return self._services.printers.get(wanted) if wanted else self._services.printers.default()


def operation_attributes(message: Message) -> dict[str, Attribute]:
    """The operation group by names, after the checks of RFC 8011 section 4.1.4."""
    groups = message.groups
    if not groups or groups[0].tag != GroupTag.OPERATION:
        raise bad_request("The operation attributes must come first.")
    if any(group.tag == GroupTag.OPERATION for group in groups[1:]):
        raise bad_request("There must be one group of operation attributes.")
    given = groups[0].attributes
    if [a.name for a in given[:2]] != ["attributes-charset", "attributes-natural-language"]:
        raise bad_request("attributes-charset and attributes-natural-language must come first, in this order.")
    if given[0].tag != ValueTag.CHARSET or given[1].tag != ValueTag.LANGUAGE:
        raise bad_request("attributes-charset and attributes-natural-language have the wrong syntax.")
    if str(given[0].value).lower() not in {"utf-8", "us-ascii"}:
        raise Refused(Status.CLIENT_ERROR_CHARSET_NOT_SUPPORTED, "Only utf-8 and us-ascii are understood here.")
    attributes: dict[str, Attribute] = {}
    for attribute in given:
        if attribute.name in attributes:
            raise bad_request(f"{attribute.name[:80]} is given twice.")
        attributes[attribute.name] = attribute
    return attributes


def _split(names: tuple[str, ...]) -> tuple[str | None, int | None]:
    """(name of the Printer, job) of `ipp/print[/name[/job]]`; a bare host means the default Printer, too."""
    if names[:2] == PERSONAL and names[3:4] == ROOT[1:]:
        names = (*ROOT, "", *names[4:])  # ipp/u/<token>/print[/job]: the Printer is known by the path of the request
    if not names or names == ROOT[:1]:
        return None, None
    if names[:2] != ROOT or len(names) > 4:
        raise NotFound("There is no printer at this address. Printers are at /ipp/print and /ipp/print/<name>.")
    name = names[2] or None if len(names) > 2 else None
    if len(names) < 4:
        return name, None
    if not (names[3].isascii() and names[3].isdigit() and len(names[3]) < 12):
        raise NotFound("There is no job at this address.")
    return name, int(names[3])
