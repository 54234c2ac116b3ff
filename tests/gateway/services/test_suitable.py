"""Which device suits: what a device lacks, what is near to it, and what to change."""

from typing import Any

import pytest

from gateway.domain.capabilities import A4, Capabilities, Media
from gateway.domain.device import Device, DeviceState, DeviceStatus
from gateway.domain.job import Job
from gateway.domain.ticket import JobTicket
from gateway.services.suitable import Change, advise, nearest
from tests.builders import a_device, a_held_job

A3 = "iso_a3_297x420mm"
ONLY_A4 = (Media(name=A4, x=21000, y=29700),)


def grey(name: str = "grey", **fields: Any) -> Device:
    return a_device(name, capabilities=Capabilities(color=False), **fields)


def wanted(job: Job | None = None, **ticket: Any) -> list[tuple[Job, JobTicket]]:
    return [(job or a_held_job(), JobTicket(**ticket))]


def test_a_device_that_does_needs_no_advice() -> None:
    device = a_device()
    advice = advise(device, wanted(print_color_mode="color", sides="two-sided-long-edge"), [device])
    assert (advice.obstacles, advice.instead, advice.changes) == ((), None, ())


def test_a_stopped_device_has_a_neighbour_and_nothing_to_change() -> None:
    stopped = grey(status=DeviceStatus(state=DeviceState.STOPPED, message="Out of paper."))
    other = a_device("other")
    advice = advise(stopped, wanted(a_held_job(color=True)), [stopped, other])
    assert advice.stopped
    assert advice.obstacles == ("Out of paper", "colour")
    assert (advice.instead, advice.changes) == (other, ())


@pytest.mark.parametrize(
    ("capabilities", "ticket", "missing", "change"),
    [
        (Capabilities(color=False), {"print_color_mode": "color"}, "colour", Change.GREY),
        (Capabilities(duplex=False), {"sides": "two-sided-long-edge"}, "two-sided printing", Change.ONE_SIDED),
        (Capabilities(), {"finishings": (4,)}, "that finishing", Change.UNFINISHED),
        (Capabilities(media=ONLY_A4), {"media": A3}, f"the paper {A3}", Change.OTHER_PAPER),
    ],
)
def test_what_a_device_lacks_can_be_done_without(
    capabilities: Capabilities, ticket: dict[str, Any], missing: str, change: Change
) -> None:
    device = a_device(capabilities=capabilities)
    advice = advise(device, wanted(**ticket), [device])
    assert (advice.obstacles, advice.changes, advice.instead) == ((missing,), (change,), None)
    changed = JobTicket(**ticket).with_changes(**change.changes)
    assert advise(device, [(a_held_job(), changed)], [device]).obstacles == ()


def test_a_document_in_colour_wants_colour_unless_it_was_asked_for_black_and_white() -> None:
    colored = a_held_job(color=True)
    assert advise(grey(), wanted(colored), []).changes == (Change.GREY,)
    assert advise(grey(), wanted(colored, print_color_mode="auto"), []).obstacles == ("colour",)
    assert advise(grey(), wanted(colored, print_color_mode="monochrome"), []).obstacles == ()
    assert advise(grey(), wanted(a_held_job(color=False)), []).obstacles == ()


def test_of_several_jobs_the_neighbour_suits_all() -> None:
    plain = a_device("plain", capabilities=Capabilities(duplex=False))
    all_of_it = a_device("all")
    several = [*wanted(a_held_job(color=True)), *wanted(sides="two-sided-long-edge")]
    advice = advise(grey(), several, [plain, all_of_it])
    assert advice.instead == all_of_it
    assert advice.changes == (Change.GREY,)


def test_the_neighbour_can_print_now() -> None:
    away = a_device("away", status=DeviceStatus(state=DeviceState.UNREACHABLE))
    assert advise(grey(), wanted(print_color_mode="color"), [away]).instead is None


def test_near_is_the_same_place_then_the_same_floor_then_the_order() -> None:
    here = a_device("here", location="2nd floor, B-204")
    first = a_device("first", location="Ground floor")
    floor = a_device("floor", location="2nd FLOOR, B-210")
    same = a_device("same", location="2nd floor, b-204 ")
    assert nearest(here, [first, floor, same]) == same
    assert nearest(here, [first, floor]) == floor
    assert nearest(here, [first]) == first
    assert nearest(a_device("nowhere"), [first, floor]) == first
    assert nearest(None, [first, floor]) == first
    assert nearest(here, []) is None
