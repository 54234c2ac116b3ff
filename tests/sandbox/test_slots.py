"""Gateways that start at the same moment do not take each other's sweep for a full machine."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from sandbox import slots
from sandbox.errors import Unavailable

GATEWAYS, EACH, TOTAL = 8, 4, 32


def test_many_that_start_at_once_all_get_their_slots(tmp_path: Path) -> None:
    for index in range(TOTAL):
        (tmp_path / f"slot-{index}").touch()
    together = Barrier(GATEWAYS)

    def start(_: int) -> list[slots.Slot]:
        together.wait()
        return slots.claim(tmp_path, wanted=EACH, total=TOTAL, uid_base=None)

    with ThreadPoolExecutor(GATEWAYS) as gateways:
        claimed = [slot for several in gateways.map(start, range(GATEWAYS)) for slot in several]
    assert sorted(slot.index for slot in claimed) == list(range(TOTAL))
    with pytest.raises(Unavailable, match="at the moment"):
        slots.claim(tmp_path, wanted=1, total=TOTAL, uid_base=None)
    slots.release(claimed[:1])
    assert slots.claim(tmp_path, wanted=1, total=TOTAL, uid_base=None)[0].index == claimed[0].index
    slots.release(claimed[1:])
