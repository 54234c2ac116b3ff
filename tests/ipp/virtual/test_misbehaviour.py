"""Orders to misbehave, as written on the command line, and what they do to a stream."""

import pytest

from ipp.virtual import Lie, Misbehaviour
from ipp.virtual.misbehaviour import hindered
from tests.ipp.virtual.samples import QuickClock, in_pieces


def test_every_order_has_a_word() -> None:
    orders = Misbehaviour.parse(
        *("refuse", "stall:10", "reset:0", "slow:9600", "paper-out:2", "jam:3", "door:5", "reboot:1", "lie:aborted"),
        "busy:4",
    )
    assert orders == Misbehaviour(
        refuse=True, stall=10, reset=0, slow=9600, paper_out=2, jam=3, door=5, reboot=1, lie=Lie.ABORTED, busy=4
    )


@pytest.mark.parametrize("order", ["", "explode", "jam", "jam:-1", "jam:x", "lie:maybe", "refuse:1", "jam:²"])
def test_an_unknown_order_is_told_with_the_known_ones(order: str) -> None:
    with pytest.raises(ValueError, match=r"no misbehaviour.*paper-out:N"):
        Misbehaviour.parse(order)


async def _taken(orders: Misbehaviour, cut: list[str]) -> bytes:
    data = b""
    try:
        async for chunk in hindered(
            in_pieces(b"0123456789", 4), lambda: orders, QuickClock(), lambda: cut.append("cut")
        ):
            data += chunk
    except ConnectionResetError:
        cut.append("raised")
    return data


@pytest.mark.parametrize("at", [0, 1, 4, 9])
async def test_reset_lets_exactly_so_many_octets_through(at: int) -> None:
    cut: list[str] = []
    assert await _taken(Misbehaviour(reset=at), cut) == b"0123456789"[:at]
    assert cut == ["cut", "raised"]


async def test_a_reset_beyond_the_end_never_happens() -> None:
    cut: list[str] = []
    assert await _taken(Misbehaviour(reset=10), cut) == b"0123456789"
    assert cut == []


async def test_slow_takes_its_time() -> None:
    class Counting(QuickClock):
        slept = 0.0

        async def sleep(self, seconds: float) -> None:
            self.slept += seconds

    clock = Counting()
    chunks = [c async for c in hindered(in_pieces(b"x" * 100, 10), lambda: Misbehaviour(slow=50), clock, lambda: None)]
    assert b"".join(chunks) == b"x" * 100
    assert clock.slept == pytest.approx(2.0)
