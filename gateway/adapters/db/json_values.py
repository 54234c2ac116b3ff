"""Nested domain values as JSON text: what a row keeps of a ticket, of documents, of what a device can do."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from gateway.domain.conversion import ConversionChoice
from gateway.domain.document import Document
from gateway.domain.ticket import JobTicket, MediaCol, PagePick, Stamp

# One encoder for all calls: json.dumps with options builds a new one each time.
dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
load = json.JSONDecoder().decode

_TICKET_DEFAULTS = tuple((f.name, getattr(JobTicket(), f.name)) for f in fields(JobTicket))
_DOCUMENT_FIELDS = tuple(f.name for f in fields(Document))
_MEDIA_COL_FIELDS = tuple(f.name for f in fields(MediaCol))
_NO_TICKET = JobTicket()
_LISTS: dict[str, type[PagePick | Stamp]] = {"page_picks": PagePick, "stamps": Stamp}
_LISTED = _LISTS.keys()


def as_object(value: Any, names: Iterable[str]) -> dict[str, Any]:
    """The named fields of a dataclass as a JSON object."""
    return {name: getattr(value, name) for name in names}


def dump_ticket(ticket: JobTicket) -> str:
    """Only what was asked: most tickets are short."""
    asked = {name: value for name, default in _TICKET_DEFAULTS if (value := getattr(ticket, name)) != default}
    if ticket.media_col is not None:
        asked["media_col"] = as_object(ticket.media_col, _MEDIA_COL_FIELDS)
    if "conversion" in asked:
        asked["conversion"] = asdict(ticket.conversion)
    for name in _LISTED & asked.keys():
        asked[name] = [asdict(each) for each in asked[name]]
    return dump(asked) if asked else "{}"


def load_ticket(text: str) -> JobTicket:
    if text == "{}":
        return _NO_TICKET
    asked: dict[str, Any] = load(text)
    if "media_col" in asked:
        asked["media_col"] = MediaCol(**asked["media_col"])
    if "page_ranges" in asked:
        asked["page_ranges"] = tuple((low, high) for low, high in asked["page_ranges"])
    if "conversion" in asked:
        chosen = asked["conversion"]
        asked["conversion"] = ConversionChoice(**chosen | {"sheets": tuple(chosen["sheets"])})
    for name in ("printer_resolution", "finishings", "page_words"):
        if name in asked:
            asked[name] = tuple(asked[name])
    for name in _LISTED & asked.keys():
        asked[name] = tuple(_LISTS[name](**each) for each in asked[name])
    return JobTicket(**asked)


def dump_document(document: Document | None) -> str | None:
    return None if document is None else dump(as_object(document, _DOCUMENT_FIELDS))


def load_document(text: str | None) -> Document | None:
    return None if text is None else Document(**load(text))


def dump_documents(documents: tuple[Document, ...]) -> str:
    return dump([as_object(document, _DOCUMENT_FIELDS) for document in documents]) if documents else "[]"


def load_documents(text: str) -> tuple[Document, ...]:
    return () if text == "[]" else tuple(Document(**each) for each in load(text))


def dump_texts(texts: tuple[str, ...]) -> str:
    return dump(list(texts)) if texts else "[]"


def load_texts(text: str) -> tuple[str, ...]:
    return () if text == "[]" else tuple(load(text))


def dump_map(values: Mapping[str, str]) -> str:
    return dump(dict(values))


def load_map(text: str) -> dict[str, str]:
    return dict(load(text))
