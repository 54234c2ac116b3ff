"""Resumable uploads over HTTP: tus 1.0.0 with creation, termination, expiration and checksum (tus.io/protocols).

Octets go from the socket into the sealed spool; what this module keeps of them is a number.
"""

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from email.utils import formatdate
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from gateway.domain.ticket import JobTicket
from gateway.domain.upload import Upload
from gateway.errors import BadRequest, Refusal
from gateway.services.multipart import plain_name
from gateway.services.upload_pieces import Piece, Wanted
from webprint.charge import read_charge
from webprint.site import Site, Visit
from webprint.upload_door import FILES, TOKEN, TUS, guests_of, keep_guest, uploads_of

EXTENSIONS = "creation,termination,expiration,checksum"
OCTETS = "application/offset+octet-stream"
HASHES = ("sha1", "sha256")
MAX_METADATA = 8 * 1024
_BATCH = re.compile(r"[A-Za-z0-9_-]{0,64}")
_NUMBER = re.compile(r"\d{1,15}")
BROKE_OFF = "The connection broke before everything had arrived. What is here is kept: go on from there."


class TusPages:
    def __init__(self, site: Site) -> None:
        self._site = site

    async def options(self, visit: Visit) -> Response:
        """What this server can; asked before anything else, and of everybody."""
        largest = uploads_of(self._site).rules.largest(visit.actor)
        headers = {
            "Tus-Version": TUS,
            "Tus-Extension": EXTENSIONS,
            "Tus-Max-Size": str(largest),
            "Tus-Checksum-Algorithm": ",".join(HASHES),
        }
        return _answer(204, headers)

    async def create(self, visit: Visit) -> Response:
        """A stranger becomes a guest with the first file, if the Printer takes guests."""
        request = visit.request
        if (refused := _version(request)) is not None:
            return refused
        said = read_metadata(request.headers.get("upload-metadata", ""))
        charge = await read_charge(self._site, visit, {name: [value] for name, value in said.items()})
        wanted = self._wanted(said, _length(request), charge)
        visit, cookie, token = await self._known(visit, wanted.printer, said)
        upload = await uploads_of(self._site).begin(visit.actor, wanted)
        headers = {"Location": f"{FILES}/{upload.id}", "Papertap-Job": str(upload.job_id), **_offset(upload)}
        response = _answer(201, headers)
        if cookie:
            response.headers[TOKEN] = token
            keep_guest(request, response, cookie, self._site.settings.guests.hold_seconds)
        return response

    async def look(self, visit: Visit) -> Response:
        """HEAD, and for people who look: how far an upload is."""
        upload = await uploads_of(self._site).find(visit.request.path_params["id"], visit.actor)
        headers = {**_offset(upload), "Upload-Length": str(upload.size), "Cache-Control": "no-store"}
        if visit.request.method == "HEAD":
            return _answer(200, headers)
        told = {"received": upload.received, "size": upload.size, "job": upload.job_id, "done": upload.done}
        return JSONResponse(told, headers={**headers, "Tus-Resumable": TUS})

    async def append(self, visit: Visit) -> Response:
        request = visit.request
        if (refused := _version(request)) is not None:
            return refused
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() != OCTETS:
            return PlainTextResponse(f"Send {OCTETS}.", 415, {"Tus-Resumable": TUS})
        length = request.headers.get("upload-length")
        piece = Piece(
            offset=_number(request.headers.get("upload-offset", ""), "Upload-Offset"),
            body=arriving(request),
            size=None if length is None else _number(length, "Upload-Length"),
            seam=_digest(request.headers.get("papertap-seam"), ("sha256",)),
            checksum=_checksum(request.headers.get("upload-checksum")),
        )
        upload = await uploads_of(self._site).write(request.path_params["id"], visit.actor, piece)
        return _answer(204, {**_offset(upload), "Papertap-Job": str(upload.job_id)})

    async def forget(self, visit: Visit) -> Response:
        if (refused := _version(visit.request)) is not None:
            return refused
        await uploads_of(self._site).drop(visit.request.path_params["id"], visit.actor)
        return _answer(204, {})

    # -- within

    def _wanted(self, said: Mapping[str, str], size: int, charge: Mapping[str, Any]) -> Wanted:
        batch = said.get("batch", "")
        if not _BATCH.fullmatch(batch):
            raise BadRequest("A batch is named by at most 64 letters, digits, dashes and underscores.")
        name = said.get("printer") or self._site.printers.default().name
        return Wanted(
            printer=name,
            name=plain_name(said.get("filename", "")),
            format=said.get("filetype") or "application/octet-stream",
            size=size,
            batch=batch,
            last=said.get("last", "yes") != "no",
            ticket=ticket_for(self._site, name).with_changes(**charge),
        )

    async def _known(self, visit: Visit, printer: str, said: Mapping[str, str]) -> tuple[Visit, str, str]:
        """(the visit of somebody who owns what follows; the new guest's cookie and token, else empty)."""
        if visit.actor.user is not None:
            return visit, "", ""
        guests = guests_of(self._site)
        try:
            uploads_of(self._site).rules.check_address(visit.actor.address)
            cookie, guest = await guests.open(
                self._site.printers.get(printer),
                address=visit.actor.address,
                label=said.get("guest", ""),
                place=said.get("place", ""),
            )
        except Refusal as refusal:
            uploads_of(self._site).note_refused(visit.actor, printer, said.get("filename", ""), refusal)
            raise
        actor = guests.actor_of(guest, address=visit.actor.address, via="guest")
        return replace(visit, actor=actor), cookie, guest.csrf


def ticket_for(site: Site, printer: str) -> JobTicket:
    """What a Printer that prints at once holds here: whoever uploads sees what comes out before it does."""
    return JobTicket() if site.printers.get(printer).holds else JobTicket(job_hold_until="indefinite")


def read_metadata(header: str) -> dict[str, str]:
    """Upload-Metadata: comma-separated keys, each with a value in Base64 (creation extension)."""
    if len(header) > MAX_METADATA:
        raise BadRequest("Upload-Metadata is too long.")
    found: dict[str, str] = {}
    for part in filter(None, (piece.strip() for piece in header.split(","))):
        key, _, value = part.partition(" ")
        try:
            found[key] = b64decode(value, validate=True).decode()
        except (Base64Error, UnicodeDecodeError) as error:
            raise BadRequest("Upload-Metadata is not Base64 of UTF-8.") from error
    return found


async def arriving(request: Request) -> AsyncIterator[bytes]:
    """The body as it comes. BadRequest when the connection breaks: what was handed on before stays."""
    try:
        async for chunk in request.stream():
            if chunk:
                yield chunk
    except ClientDisconnect as error:
        raise BadRequest(BROKE_OFF) from error


def _version(request: Request) -> Response | None:
    if request.headers.get("tus-resumable") == TUS:
        return None
    return PlainTextResponse(f"Send Tus-Resumable: {TUS}.", 412, {"Tus-Version": TUS, "Tus-Resumable": TUS})


def _length(request: Request) -> int:
    if "upload-defer-length" in request.headers:
        raise BadRequest("Say how long the file is: Upload-Length.")
    return _number(request.headers.get("upload-length", ""), "Upload-Length")


def _number(text: str, name: str) -> int:
    if not (text.isascii() and _NUMBER.fullmatch(text)):
        raise BadRequest(f"{name} is no number of octets.")
    return int(text)


def _digest(text: str | None, known: tuple[str, ...]) -> bytes | None:
    """The value of "sha256 <Base64>"."""
    found = None if text is None else _named(text, known)
    return None if found is None else found[1]


def _checksum(text: str | None) -> tuple[str, bytes] | None:
    return None if text is None else _named(text, HASHES)


def _named(text: str, known: tuple[str, ...]) -> tuple[str, bytes]:
    name, _, value = text.partition(" ")
    if name not in known:
        raise BadRequest(f"This checksum is not known here. Send {' or '.join(known)}.")
    try:
        return name, b64decode(value, validate=True)
    except Base64Error as error:
        raise BadRequest("The checksum is not Base64.") from error


def _offset(upload: Upload) -> dict[str, str]:
    return {"Upload-Offset": str(upload.received), "Upload-Expires": formatdate(upload.expires_at, usegmt=True)}


def _answer(status: int, headers: Mapping[str, str]) -> Response:
    return Response(status_code=status, headers={**headers, "Tus-Resumable": TUS})
