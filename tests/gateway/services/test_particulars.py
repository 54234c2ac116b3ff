"""What sheets say of a job, and whose documents may meet in one worker."""

import re
from dataclasses import replace

import pytest

from gateway.domain.document import Document
from gateway.domain.job import Job
from gateway.services.particulars import batch_of, particulars
from tests.fakes import a_released_job

AT = 1_772_000_000.0


def _job(**fields: object) -> Job:
    return replace(a_released_job(name="Plan B.pdf"), **fields)  # type: ignore[arg-type]  # fields of a Job


def test_the_variables() -> None:
    said = dict(particulars(_job(owner="anna"), at=AT).variables)
    assert (said["user"], said["name"]) == ("anna", "Plan B.pdf")
    assert re.fullmatch(r"2026-02-2[45]", said["date"])
    assert re.fullmatch(r"\d\d:\d\d", said["time"])
    assert said["job"] == str(_job().id)
    unclaimed = _job(owner=None, requested_name="guest")
    assert dict(particulars(unclaimed, at=AT).variables)["user"] == "guest"


def test_the_documents() -> None:
    documents = tuple(Document(id=str(n), format="application/pdf", size=1, sha256="", pages=n) for n in (3, 2))
    assert particulars(_job(documents=documents), at=AT).documents == (3, 2)
    assert particulars(_job(documents=documents[:1]), at=AT).documents == ()


@pytest.mark.parametrize(
    "other",
    [
        {"owner": "bert"},
        {"printer": "elsewhere"},
        {"owner": None, "requested_name": "anna"},
        {"owner": None, "requested_name": "anna", "address": "192.0.2.9"},
    ],
)
def test_nobody_shares_a_worker_with_another(other: dict[str, object]) -> None:
    mine = _job(owner="anna", requested_name="anna", address="192.0.2.1")
    assert batch_of(mine) == batch_of(replace(mine, id=mine.id + 1))
    assert batch_of(replace(mine, **other)) != batch_of(mine)  # type: ignore[arg-type]  # fields of a Job


def test_a_claimed_name_counts_only_with_its_address() -> None:
    here = _job(owner=None, requested_name="anna", address="192.0.2.1")
    assert batch_of(here) == batch_of(replace(here))
    assert batch_of(here) != batch_of(replace(here, address="192.0.2.2"))
