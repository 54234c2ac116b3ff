"""Valid domain values with as little said as a test needs to say."""

from typing import Any
from uuid import uuid4

from gateway.domain.device import Device
from gateway.domain.document import Document
from gateway.domain.job import Job, JobState, Reason
from gateway.domain.printer import Printer, ReleasePolicy
from gateway.domain.user import User

NOW = 1_800_000_000.0


def a_document(**fields: Any) -> Document:
    plain: dict[str, Any] = {"id": uuid4().hex, "format": "application/pdf", "size": 1000, "sha256": "0" * 64}
    return Document(**plain | fields)


def a_job(**fields: Any) -> Job:
    """A job as intake leaves it: pending, one document, nothing prepared."""
    plain: dict[str, Any] = {
        "uuid": uuid4(),
        "printer": "find-me",
        "state": JobState.PENDING,
        "name": "Report",
        "owner": "alice",
        "source": "ipp",
        "documents": (a_document(),),
        "key": b"wrapped-key",
        "created_at": NOW,
    }
    return Job(**plain | fields)


def a_held_job(**fields: Any) -> Job:
    """A job as preparation leaves it on a Printer that holds."""
    held: dict[str, Any] = {
        "state": JobState.PENDING_HELD,
        "reasons": (Reason.JOB_QUEUED_FOR_MARKER, Reason.JOB_RELEASE_WAIT),
        "printable": a_document(),
        "pages": 1,
        "impressions": 1,
        "media_sheets": 1,
        "color": False,
        "processing_at": NOW,
        "expires_at": NOW + 3600.0,
    }
    return a_job(**held | fields)


def a_released_job(device: str = "laser", **fields: Any) -> Job:
    """A job that a worker may deliver."""
    released: dict[str, Any] = {
        "state": JobState.PENDING,
        "reasons": (Reason.JOB_QUEUED_FOR_MARKER,),
        "output_device": device,
        "release_id": uuid4(),
        "released_by": "alice",
        "released_at": NOW,
    }
    return a_held_job(**released | fields)


def a_printer(name: str = "find-me", **fields: Any) -> Printer:
    plain: dict[str, Any] = {"name": name, "uuid": uuid4(), "info": name.title(), "policy": ReleasePolicy.PULL}
    return Printer(**plain | fields)


def a_device(name: str = "laser", **fields: Any) -> Device:
    plain: dict[str, Any] = {"name": name, "uuid": uuid4(), "uri": f"socket://127.0.0.1/{name}"}
    return Device(**plain | fields)


def a_user(name: str = "alice", **fields: Any) -> User:
    plain: dict[str, Any] = {"name": name, "uuid": uuid4()}
    return User(**plain | fields)
