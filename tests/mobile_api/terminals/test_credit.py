"""Credit at a terminal: the list tells it, a choice tells what is left, and too little is said as such."""

from decimal import Decimal

from gateway.domain.credit import Entry, EntryKind
from gateway.domain.price import Tariff
from tests.terminal_house import CARD, a_terminal_house, talking

D = Decimal


async def test_a_list_tells_what_is_there_and_a_choice_what_will_be() -> None:
    rooms = await a_terminal_house(credit={"enabled": True})
    house = rooms.house
    await house.printers.change_printer("find-me", tariff=Tariff(grey=D("0.05"), currency="EUR"))
    await house.jobs.credit.post(
        Entry(owner="alice", amount=D("0.20"), currency="EUR", kind=EntryKind.TOP_UP, key="k", at=house.clock.now())
    )
    first, second = [await house.add(pages=3) for _ in range(2)]
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url, talking(url, key) as peer:
        (listed,) = [told for told in await peer.ask("card", raw=CARD) if told["type"] == "list"]
        assert (listed["total"], listed["credit"], listed["currency"]) == ("0.30", "0.20", "EUR")
        (both,) = await peer.ask("select", jobs=[first.id, second.id])
        (one,) = await peer.ask("select", jobs=[first.id])
        assert (both["credit_after"], one["credit_after"]) == ("-0.10", "0.05")
        told = {one["type"]: one for one in await peer.ask("release", jobs=[first.id, second.id])}
        assert (len(told["result"]["sent"]), told["feedback"]["code"]) == (1, "sent")
        (refused,) = told["result"]["refused"]
        assert (refused["kind"], refused["text"].startswith("0.10 EUR are missing")) == ("limit-reached", True)
        told = {one["type"]: one for one in await peer.ask("release", jobs=[refused["job"]])}
        assert (told["feedback"]["code"], told["feedback"]["tone"]) == ("over-limit", "bad")


async def test_where_nothing_is_paid_by_credit_nothing_is_told_of_it() -> None:
    rooms = await a_terminal_house()
    job = await rooms.house.add(pages=3)
    key, _ = await rooms.enrolled()
    async with rooms.listening() as url, talking(url, key) as peer:
        (listed,) = [told for told in await peer.ask("card", raw=CARD) if told["type"] == "list"]
        (chosen,) = await peer.ask("select", jobs=[job.id])
    assert listed["credit"] is chosen["credit_after"] is None
