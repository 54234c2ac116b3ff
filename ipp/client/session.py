"""The client itself: IPP requests with the attributes that each one needs, over connections that are reused."""

import asyncio
import base64
import itertools
import ssl
from collections.abc import AsyncIterable, Awaitable, Callable, Iterable
from types import TracebackType
from typing import Self

from ipp.client.connection import Connection, Patience
from ipp.client.errors import Interrupted, TlsFailure, Unreachable
from ipp.client.target import Target
from ipp.client.tls import Pin, TlsPolicy
from ipp.wire import Attribute, Group, GroupTag, Message, Operation, Status, build, encode

# Asking twice does no harm, so these may go out on a connection that the printer is perhaps just closing.
_READ_ONLY = frozenset(
    operation for operation in Operation if operation.name.startswith("GET_") or operation is Operation.VALIDATE_JOB
)
_DEFAULT_POLICY = TlsPolicy()
_DEFAULT_PATIENCE = Patience()

Resolve = Callable[[str, int], Awaitable[str]]
"""From host and port to the address to connect to; it may refuse by raising. The place for an egress policy."""


class IppClient:
    """A client of one printer, for one request at a time; further ones wait. Use it with `async with`, or `aclose`.

    `uri` is ipp:// (plain) or ipps:// (TLS). `user` and `password` go out as HTTP Basic, over TLS alone; `user` is
    also the requesting-user-name unless a request names another. Redirects are not followed.
    """

    def __init__(
        self,
        uri: str,
        *,
        tls: TlsPolicy | None = None,
        timeout: Patience = _DEFAULT_PATIENCE,
        user: str | None = None,
        password: str | None = None,
        resolve: Resolve | None = None,
    ) -> None:
        self._target = Target.parse(uri)
        self._policy = tls or _DEFAULT_POLICY
        self._pin = Pin(self._policy)
        self._patience = timeout
        self._user = user
        self._password = password
        self._resolve = resolve
        self._version = (2, 0)
        self._request_ids = itertools.count(1)
        self._context: ssl.SSLContext | None = None
        self._connection: Connection | None = None
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connection that is kept for the next request."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def request(
        self,
        operation: Operation,
        attributes: Iterable[Group | Attribute] = (),
        document: AsyncIterable[bytes] | None = None,
    ) -> Message:
        """Send one request; give the response, whatever its status-code. Errors: see `ipp.client.errors`.

        Bare attributes and those of OPERATION groups form the operation group, behind attributes-charset,
        attributes-natural-language, the target (RFC 8011 section 4.1.5) and requesting-user-name, which are added
        unless given. Other groups
        follow as they are. `document` is read as the network takes it; what it raises passes through and cuts the
        upload off.
        """
        items = tuple(attributes)
        async with self._turn:
            response = await self._ask(operation, items, document)
            if response.code == Status.SERVER_ERROR_VERSION_NOT_SUPPORTED and self._version != (1, 1):
                self._version = (1, 1)
                if document is None:
                    response = await self._ask(operation, items, None)
            return response

    async def get_printer_attributes(self, requested: Iterable[str] = ()) -> Message:
        """Get-Printer-Attributes (RFC 8011 section 4.2.5)."""
        return await self.request(Operation.GET_PRINTER_ATTRIBUTES, _requested(requested))

    async def validate_job(self, operation: Iterable[Attribute] = (), job: Iterable[Attribute] = ()) -> Message:
        """Validate-Job (RFC 8011 section 4.2.3): `operation` and `job` are the attributes of the two groups."""
        return await self.request(Operation.VALIDATE_JOB, _groups(operation, job))

    async def print_job(
        self, document: AsyncIterable[bytes], operation: Iterable[Attribute] = (), job: Iterable[Attribute] = ()
    ) -> Message:
        """Print-Job (RFC 8011 section 4.2.1): `operation` and `job` are the attributes of the two groups."""
        return await self.request(Operation.PRINT_JOB, _groups(operation, job), document)

    async def create_job(self, operation: Iterable[Attribute] = (), job: Iterable[Attribute] = ()) -> Message:
        """Create-Job (RFC 8011 section 4.2.4): `operation` and `job` are the attributes of the two groups."""
        return await self.request(Operation.CREATE_JOB, _groups(operation, job))

    async def send_document(
        self, job_id: int, document: AsyncIterable[bytes], operation: Iterable[Attribute] = (), *, last: bool = True
    ) -> Message:
        """Send-Document (RFC 8011 section 4.3.1)."""
        attributes = (build.integer("job-id", job_id), *operation, build.boolean("last-document", last))
        return await self.request(Operation.SEND_DOCUMENT, attributes, document)

    async def get_job_attributes(self, job_id: int, requested: Iterable[str] = ()) -> Message:
        """Get-Job-Attributes (RFC 8011 section 4.3.4)."""
        attributes = (build.integer("job-id", job_id), *_requested(requested))
        return await self.request(Operation.GET_JOB_ATTRIBUTES, attributes)

    async def get_jobs(
        self,
        *,
        which: str = "not-completed",
        limit: int | None = None,
        mine: bool = False,
        requested: Iterable[str] = (),
    ) -> Message:
        """Get-Jobs (RFC 8011 section 4.2.6); `which` is a which-jobs keyword."""
        limited = () if limit is None else (build.integer("limit", limit),)
        attributes = (*limited, *_requested(requested), build.keyword("which-jobs", which))
        return await self.request(Operation.GET_JOBS, (*attributes, build.boolean("my-jobs", mine)))

    async def cancel_job(self, job_id: int) -> Message:
        """Cancel-Job (RFC 8011 section 4.3.3)."""
        return await self.request(Operation.CANCEL_JOB, (build.integer("job-id", job_id),))

    async def _ask(
        self, operation: Operation, items: tuple[Group | Attribute, ...], document: AsyncIterable[bytes] | None
    ) -> Message:
        groups = (Group(GroupTag.OPERATION, self._operation_attributes(items)), *_other_groups(items))
        body = encode(Message(self._version, operation, next(self._request_ids), groups))
        head = self._head(None if document is not None else len(body))
        if operation in _READ_ONLY and document is None and self._connection is not None and self._connection.usable:
            try:
                return await self._exchange(self._connection, head, body, None)
            except (Unreachable, Interrupted) as error:
                if isinstance(error.__cause__, TimeoutError):
                    raise
                # Else the printer had closed the idle connection; a new one tells how it really is.
        await self.aclose()
        self._connection = await self._connect()
        return await self._exchange(self._connection, head, body, document)

    async def _exchange(
        self, connection: Connection, head: bytes, body: bytes, document: AsyncIterable[bytes] | None
    ) -> Message:
        reader = await connection.exchange(head, body, document)
        assert reader.message is not None
        return reader.message

    async def _connect(self) -> Connection:
        target = self._target
        context = await self._tls_context() if target.tls else None
        address = await self._resolve(target.host, target.port) if self._resolve else target.host
        connection = await Connection.open(address, target.port, self._patience, context=context, name=target.host)
        if context is not None:
            try:
                self._pin.check(connection.certificate)
            except BaseException:
                connection.close()
                raise
        return connection

    async def _tls_context(self) -> ssl.SSLContext:
        if self._context is None:
            try:
                self._context = await asyncio.to_thread(self._policy.context)
            except OSError as error:
                msg = f"the certificate authorities in {self._policy.ca_file} cannot be read: {error}"
                raise TlsFailure(msg) from error
        return self._context

    def _head(self, length: int | None) -> bytes:
        lines = [
            f"POST {self._target.path} HTTP/1.1",
            f"Host: {self._target.authority}",
            "Content-Type: application/ipp",
            "Accept: application/ipp",
            "User-Agent: papertap IPP/2.0",
        ]
        if self._target.tls and self._user is not None and self._password is not None:
            token = base64.b64encode(f"{self._user}:{self._password}".encode()).decode()
            lines.append(f"Authorization: Basic {token}")
        if length is None:
            lines += ["Transfer-Encoding: chunked", "Expect: 100-continue"]
        else:
            lines.append(f"Content-Length: {length}")
        return "\r\n".join((*lines, "", "")).encode("ascii")

    def _operation_attributes(self, items: tuple[Group | Attribute, ...]) -> tuple[Attribute, ...]:
        given: list[Attribute] = []
        for item in items:
            if isinstance(item, Attribute):
                given.append(item)
            elif item.tag == GroupTag.OPERATION:
                given += item.attributes
        by_name = {attribute.name: attribute for attribute in given}
        leading = [
            by_name.pop("attributes-charset", build.charset("attributes-charset", "utf-8")),
            by_name.pop("attributes-natural-language", build.language("attributes-natural-language", "en")),
        ]
        if "job-uri" not in by_name:
            by_name.setdefault("printer-uri", build.uri("printer-uri", self._target.uri))
        leading += [by_name.pop(name) for name in ("job-uri", "printer-uri", "job-id") if name in by_name]
        if self._user is not None and "requesting-user-name" not in by_name:
            leading.append(build.name("requesting-user-name", self._user))
        return (*leading, *by_name.values())


def _requested(names: Iterable[str]) -> tuple[Attribute, ...]:
    names = tuple(names)
    return (build.keyword("requested-attributes", *names),) if names else ()


def _groups(operation: Iterable[Attribute], job: Iterable[Attribute]) -> tuple[Group, ...]:
    operation_group, job_group = Group(GroupTag.OPERATION, tuple(operation)), Group(GroupTag.JOB, tuple(job))
    return (operation_group, job_group) if job_group.attributes else (operation_group,)


def _other_groups(items: tuple[Group | Attribute, ...]) -> tuple[Group, ...]:
    return tuple(item for item in items if isinstance(item, Group) and item.tag != GroupTag.OPERATION)
