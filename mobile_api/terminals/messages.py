"""Messages as JSON texts: read with suspicion, written from values. Pure; docs/terminals.md is their description."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from gateway.domain.copier import Counter
from gateway.domain.kiosk import KioskProof
from gateway.errors import BadRequest, Refusal, Throttled, Unavailable
from gateway.services.terminal_answers import (
    Answer,
    Asked,
    Chosen,
    CopierTold,
    Listed,
    Projects,
    Queued,
    Result,
    Shown,
    SignedIn,
    SignedOut,
    Told,
    WaitingJob,
    Wished,
)

VERSION: Final = 1
SUBPROTOCOL: Final = "papertap.terminal.v1"
MOST_JOBS: Final = 200
MOST_STAMPS: Final = 500
LONGEST: Final = 1024  # characters of a text in a message
LONGEST_ID: Final = 40
_BIGGEST: Final = 2**53
_PROOFS: Final = (KioskProof.CARD, KioskProof.PIN, KioskProof.CARD_PIN)  # that a cache can check
_COUNTERS: Final = frozenset(Counter) - {Counter.IMPRESSIONS}  # that one is the device's own

Message = dict[str, Any]

# Type -> its fields; what is in brackets may be missing.
FIELDS: Final[dict[str, dict[str, str]]] = {
    "hello": {"version": "number", "agent": "[text]"},
    "card": {"raw": "text"},
    "pin": {"pin": "text"},
    "password": {"name": "[text]", "password": "text"},
    "code": {"code": "text"},
    "phone": {},
    "list": {},
    "select": {"jobs": "jobs"},
    "projects": {"text": "[text]"},
    "release": {"jobs": "[jobs]", "project": "[text]", "comment": "[text]"},
    "cancel": {"jobs": "jobs"},
    "copier-begin": {"key": "short", "counters": "[counters]"},
    "copier-end": {"key": "short", "counters": "[counters]"},
    "wish": {"key": "short", "stamp": "short", "at": "number", "proof": "proof"},
    "keep-card": {"days": "[number]", "replace": "[flag]"},
    "sign-out": {},
    "sync": {"stamps": "texts"},
    "ping": {},
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Incoming:
    """`id` is the terminal's own name for the message: sent again, it is answered alike and done once."""

    id: str
    type: str
    values: Mapping[str, Any]


def read(text: str) -> Incoming:
    """BadRequest for anything but a message of FIELDS."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadRequest("A message is one JSON object.") from error
    return checked(found)


def checked(found: object) -> Incoming:
    """A message that is JSON already."""
    if not isinstance(found, dict):
        raise BadRequest("A message is one JSON object.")
    name, kind = found.get("id"), found.get("type")
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_ID:
        raise BadRequest(f"A message has an id of 1 to {LONGEST_ID} characters.")
    if not isinstance(kind, str) or kind not in FIELDS:
        raise BadRequest(f"The type of a message is one of: {', '.join(FIELDS)}.")
    unknown = found.keys() - {"id", "type", *FIELDS[kind]}
    if unknown:
        raise BadRequest(f'A message of type "{kind}" has no field "{min(map(str, unknown))[:40]}".')
    return Incoming(id=name, type=kind, values={f: _value(kind, f, found) for f in FIELDS[kind]})


def _value(kind: str, field: str, found: Mapping[str, Any]) -> Any:
    wanted = FIELDS[kind][field]
    if field not in found and wanted.startswith("["):
        return None
    value = found.get(field)
    fits: dict[str, Callable[[], bool]] = {
        "text": lambda: isinstance(value, str) and len(value) <= LONGEST,
        "short": lambda: _is_short(value) and value != "",
        "number": lambda: _is_number(value),
        "flag": lambda: isinstance(value, bool),
        "proof": lambda: value in _PROOFS,
        "counters": lambda: _is_reading(value),
        "jobs": lambda: isinstance(value, list) and len(value) <= MOST_JOBS and all(map(_is_number, value)),
        "texts": lambda: isinstance(value, list) and len(value) <= MOST_STAMPS and all(map(_is_short, value)),
    }
    if not fits[wanted.strip("[]")]():
        raise BadRequest(f'The field "{field}" of a message of type "{kind}" is missing or cannot be used.')
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _BIGGEST


def _is_reading(value: object) -> bool:
    return (
        isinstance(value, dict)
        and 0 < len(value) <= len(Counter)
        and value.keys() <= _COUNTERS
        and all(map(_is_number, value.values()))
    )


def _is_short(value: object) -> bool:
    return isinstance(value, str) and len(value) <= 100


# --- to the terminal


def written(answer: Answer) -> Message:
    """One answer as a message, without the id that it belongs to."""
    match answer:
        case Listed() | Projects() | Chosen() | Result() | Queued():
            return _of_jobs(answer)
        case Told():
            wait = {} if answer.retry_after is None else {"retry_after": round(answer.retry_after, 1)}
            known = _plain(answer, "name", "remember") if answer.remember else {}
            code, tone = answer.feedback.value, answer.feedback.tone
            return {"type": "feedback", "code": code, "tone": tone, "text": answer.text, **wait, **known}
        case SignedIn():
            return {"type": "signed-in", **_plain(answer, "user", "name", "seconds", "remember", "new_card")}
        case SignedOut():
            return {"type": "signed-out", "text": answer.text}
        case Asked() | Shown() | CopierTold() | Wished():
            return _of_box(answer)


def _of_box(answer: Asked | Shown | CopierTold | Wished) -> Message:
    match answer:
        case Asked():
            return {"type": "ask", "for": answer.second.value}
        case Shown():
            return {"type": "code", **_plain(answer, "what", "link", "number", "seconds")}
        case Wished():
            return {"type": "wish", "key": answer.key, "state": answer.state.value}
        case CopierTold():
            session = answer.session
            counts = {counter.value: count for counter, count in session.counts.items()}
            return {
                "type": "copier",
                **_plain(session, "key", "device"),
                "state": session.state.value,
                "counts": counts,
            }


def _of_jobs(answer: Listed | Projects | Chosen | Result | Queued) -> Message:
    match answer:
        case Projects():
            return {"type": "projects", "preset": answer.preset, "projects": _projects(answer)}
        case Listed():
            jobs, total = [_job(job) for job in answer.jobs], _money(answer.total)
            credit = _money(answer.credit)
            return {"type": "list", "jobs": jobs, "total": total, "currency": answer.currency, "credit": credit}
        case Chosen():
            price = _money(answer.price)
            return {
                "type": "selected",
                "jobs": list(answer.jobs),
                "price": price,
                "credit_after": _money(answer.credit_after),
                **_plain(answer, "sheets", "currency"),
            }
        case Result():
            refused = [
                {"job": one.job, "kind": one.refusal.kind, "text": one.refusal.message} for one in answer.refused
            ]
            return {
                "type": "result",
                "sent": list(answer.sent),
                "refused": refused,
                "canceled": list(answer.canceled),
            }
        case Queued():
            return {"type": "queue", **_plain(answer, "position", "device")}


def _projects(answer: Projects) -> list[Message]:
    return [
        {"code": one.code, "title": one.title, "favourite": one.code in answer.favourites} for one in answer.projects
    ]


def _plain(value: object, *names: str) -> Message:
    return {name: getattr(value, name) for name in names}


def refused(refusal: Refusal) -> Message:
    wait = refusal.retry_after if isinstance(refusal, Throttled | Unavailable) else None
    more = {} if wait is None else {"retry_after": round(wait, 1)}
    return {"type": "error", "kind": refusal.kind, "text": refusal.message, **more}


def _job(job: WaitingJob) -> Message:
    return {
        "id": job.id,
        "name": job.name,
        "sheets": job.sheets,
        "impressions": job.impressions,
        "color": job.color,
        "created_at": job.created_at,
        "here": job.here,
        "why": job.why,
        "price": _money(job.price),
        "project": job.project,
        "needs_project": job.needs_project,
    }


def _money(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{amount:.2f}"
