"""What a row calls for telling its owner, state by state."""

from typing import Any
from uuid import UUID

import pytest

from gateway.domain.job import JobState, Reason
from gateway.domain.personal import NoticeKind
from gateway.services.occasions import occasions, question
from tests.fakes import a_held_job

RELEASE = UUID(int=9)


@pytest.mark.parametrize(
    ("fields", "kinds"),
    [
        ({}, ["ready"]),
        ({"printable": None}, []),
        ({"expiry_warned": True}, ["ready", "expiring/0"]),
        ({"expiry_warned": True, "extensions": 2}, ["ready", "expiring/2"]),
        ({"expiry_warned": True, "expires_at": None}, ["ready"]),
        ({"reasons": (Reason.DOCUMENT_PASSWORD_ERROR,)}, ["password"]),
        ({"reasons": (Reason.JOB_HOLD_UNTIL_SPECIFIED,)}, []),
        ({"message": "Not printed, as you said. Release it again."}, ["ready"]),
        ({"state": JobState.PENDING}, []),
        ({"state": JobState.PROCESSING}, []),
        ({"state": JobState.PROCESSING_STOPPED, "reasons": (Reason.PRINTER_STOPPED,)}, []),
        (
            {
                "state": JobState.PROCESSING_STOPPED,
                "reasons": (Reason.OUTCOME_UNKNOWN,),
                "release_id": RELEASE,
            },
            [f"printed?/{RELEASE}"],
        ),
        ({"state": JobState.COMPLETED, "reasons": ()}, ["printed"]),
        ({"state": JobState.ABORTED, "reasons": (Reason.ABORTED_BY_SYSTEM,)}, ["failed"]),
        ({"state": JobState.CANCELED, "reasons": (Reason.JOB_CANCELED_AFTER_TIMEOUT,)}, ["failed"]),
        ({"state": JobState.CANCELED, "reasons": (Reason.JOB_CANCELED_BY_OPERATOR,)}, ["failed"]),
        ({"state": JobState.CANCELED, "reasons": (Reason.JOB_CANCELED_BY_USER,)}, []),
    ],
)
def test_each_state_calls_for_its_notices(fields: dict[str, Any], kinds: list[str]) -> None:
    assert [occasion for _, occasion in occasions(a_held_job(**fields))] == kinds


def test_a_job_that_is_held_again_needs_a_word_once_for_each_reason() -> None:
    [(kind, one)] = occasions(a_held_job(message="laser cannot be reached. Release it again."))
    [(_, same)] = occasions(a_held_job(message="laser cannot be reached. Release it again.", extensions=1))
    [(_, other)] = occasions(a_held_job(message="Tray 2 is empty."))
    assert kind is NoticeKind.NEEDS_WORD
    assert one == same != other


def test_the_question_is_known_from_the_row() -> None:
    assert question(a_held_job(reasons=(Reason.OUTCOME_UNKNOWN,))) == "printed"
    assert question(a_held_job(reasons=(Reason.DOCUMENT_PASSWORD_ERROR,))) == "password"
    assert question(a_held_job(message="Tray 2 is empty.")) == "Tray 2 is empty."
