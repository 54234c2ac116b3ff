"""One request as the operations see it, and the answer they give: no HTTP and no octets of the encoding in between."""

from collections.abc import Mapping
from dataclasses import dataclass

from gateway.domain.job import Job
from gateway.domain.printer import Printer
from gateway.domain.user import Actor
from gateway.errors import NotFound
from ipp.server.body import Body
from ipp.server.description import ALL, Requested
from ipp.server.status import Refused, bad_request
from ipp.server.ticket import number, word
from ipp.server.where import Where
from ipp.wire import (
    END,
    Attribute,
    Group,
    GroupTag,
    IntRange,
    Message,
    Operation,
    Status,
    build,
    encode_attributes,
    encode_group,
    encode_header,
)

STATUS_MESSAGE_MAX = 255
_OPERATION_HEAD = bytes([GroupTag.OPERATION]) + encode_attributes(
    [build.charset("attributes-charset", "utf-8"), build.language("attributes-natural-language", "en")]
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """What HTTP knows of a request: the path, where it arrived, from which address, and its Authorization header.

    `personal` is whose queue it is, where the address said that.
    """

    path: str
    where: Where
    address: str
    authorization: str
    personal: Actor | None = None


@dataclass(kw_only=True, slots=True)
class Request:
    """A request that passed all checks of form and right. `job_id` is the target of a job operation."""

    message: Message
    operation: Operation
    call: Call
    printer: Printer
    actor: Actor
    body: Body
    attributes: Mapping[str, Attribute]
    job_id: int | None = None

    @property
    def where(self) -> Where:
        return self.call.where

    @property
    def target_job(self) -> int:
        """The job of a job operation; bad-request when the client named none."""
        if self.job_id is None:
            raise bad_request("Say which job: give printer-uri with job-id, or job-uri.")
        return self.job_id

    def group(self, tag: GroupTag) -> Group:
        """The attributes of that group; an empty one when the client sent none."""
        return self.message.group(tag) or Group(tag)

    def word(self, name: str) -> str | None:
        attribute = self.attributes.get(name)
        if attribute is None:
            return None
        found = word(attribute)
        if found is None:
            raise bad_request(f"{name} must be one text.")
        return found

    def integer(self, name: str) -> int | None:
        attribute = self.attributes.get(name)
        if attribute is None:
            return None
        found = number(attribute)
        if found is None:
            raise bad_request(f"{name} must be one integer.")
        return found

    def boolean(self, name: str) -> bool | None:
        attribute = self.attributes.get(name)
        if attribute is None:
            return None
        if len(attribute.values) != 1 or not isinstance(attribute.value, bool):
            raise bad_request(f"{name} must be true or false.")
        return attribute.value

    def words(self, name: str) -> tuple[str, ...]:
        """All values of a 1setOf keyword or name; () when it is missing."""
        attribute = self.attributes.get(name)
        values = attribute.values if attribute is not None else ()
        if not all(isinstance(value, str) for value in values):
            raise bad_request(f"{name} must be keywords.")
        return tuple(value for value in values if isinstance(value, str))

    def integers(self, name: str, *, most: int = 1000) -> tuple[int, ...] | None:
        """All values of a 1setOf integer or range, each number once; None when it is missing."""
        attribute = self.attributes.get(name)
        if attribute is None:
            return None
        numbers: dict[int, None] = {}
        for value in attribute.values:
            several = range(value.lower, value.upper + 1) if isinstance(value, IntRange) else (value,)
            if len(numbers) + len(several) > most:
                raise bad_request(f"{name} names more than {most} numbers.")
            for one in several:
                if not isinstance(one, int) or isinstance(one, bool):
                    raise bad_request(f"{name} must be integers.")
                numbers[one] = None
        return tuple(numbers)

    @property
    def requested(self) -> Requested:
        """requested-attributes; a client that names none gets all."""
        return frozenset(self.words("requested-attributes")) or ALL

    def own(self, job: Job) -> Job:
        """The job if it is one of the addressed Printer's."""
        if job.printer != self.printer.name:
            raise NotFound(f"There is no job {job.id} on this printer.")
        return job


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An answer. `groups` are encoded, tags and all; `accepted` is a job that the client must learn of."""

    status: Status = Status.SUCCESSFUL_OK
    message: str = ""
    operation_attributes: tuple[Attribute, ...] = ()
    unsupported: tuple[Attribute, ...] = ()
    groups: tuple[bytes, ...] = ()
    accepted: Job | None = None


def refusal(refused: Refused) -> Reply:
    return Reply(status=refused.status, message=refused.message, unsupported=refused.unsupported)


def encode_reply(reply: Reply, *, version: tuple[int, int], request_id: int) -> bytes:
    """The octets of the response. The unsupported group stands before the objects' (RFC 8011 section 4.1.7)."""
    parts = [encode_header(version, reply.status, request_id), _OPERATION_HEAD]
    if reply.message:
        short = reply.message.encode()[:STATUS_MESSAGE_MAX].decode(errors="ignore")
        texts = [build.text("status-message", short)]
        if short != reply.message:
            texts.append(build.text("detailed-status-message", reply.message.encode()[:1023].decode(errors="ignore")))
        parts.append(encode_attributes(texts))
    parts.append(encode_attributes(reply.operation_attributes))
    if reply.unsupported:
        parts.append(encode_group(Group(GroupTag.UNSUPPORTED, reply.unsupported)))
    return b"".join((*parts, *reply.groups, END))


def encode_plain_success(group: bytes, *, version: tuple[int, int], request_id: bytes) -> bytes:
    """successful-ok with one group, the way most answers look; `request_id` as it came, 4 octets."""
    return b"".join((bytes((*version, 0, 0)), request_id, _OPERATION_HEAD, group, END))
