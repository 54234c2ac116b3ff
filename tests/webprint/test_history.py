"""The history page: what became of jobs, when documents were destroyed, and the year in a picture and a table."""

from decimal import Decimal
from uuid import uuid4
from xml.etree import ElementTree as ET

from gateway.domain.account import Receipt
from gateway.domain.copier import Counter
from gateway.domain.events import JobRecord
from gateway.domain.job import JobState, Reason
from gateway.domain.user import Actor
from tests.terminal_house import TerminalHouse
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import House
from webprint.history import SHOWN

ENDED = {"reasons": (), "output_device": "lobby"}


def a_receipt(house: House, **fields: object) -> Receipt:
    counts = {"impressions": 10, "media_sheets": 5, "color": False, "confirmed": True, "at": house.clock.now()}
    plain = {"release_id": uuid4(), "job_id": 1, "owner": "alice", "printer": "find-me", "device": "lobby"}
    return Receipt(**plain | counts | fields)  # type: ignore[arg-type]  # reason: a test's own fields


async def test_what_became_of_jobs(alice: Visitor, house: House) -> None:
    now = house.clock.now()
    printed = await house.add(
        name="Invoice",
        state=JobState.COMPLETED,
        impressions_completed=3,
        sheets_completed=2,
        ended_at=now,
        key=None,
        **ENDED,
    )
    await house.change(printed.id, JobRecord(job_id=printed.id, at=now, what="document destroyed"))
    await house.add(name="Old", state=JobState.CANCELED, ended_at=now, reasons=(Reason.JOB_CANCELED_AFTER_TIMEOUT,))
    await house.add(name="Still waiting")
    await house.add(name="Not mine", owner="bob", state=JobState.COMPLETED, ended_at=now, **ENDED)
    text = (await alice.get("/history")).text
    for said in ("Invoice", "Printed · Lobby", "3 pages", "2 sheets", "Document destroyed Jan", "Expired and deleted"):
        assert said in text, said
    assert "Document still kept" in text
    assert "Still waiting" not in text
    assert "Not mine" not in text


async def test_pages_by_number_and_search(alice: Visitor, house: House) -> None:
    jobs = [
        await house.add(name=f"Report {n:03}", state=JobState.COMPLETED, ended_at=house.clock.now(), **ENDED)
        for n in range(SHOWN + 3)
    ]
    text = (await alice.get("/history")).text
    assert "Report 003" in text
    assert "Report 002" not in text
    assert f"before={jobs[3].id}" in text
    older = (await alice.get(f"/history?before={jobs[3].id}")).text
    assert "Report 002" in older
    assert "last twelve months" not in older
    found = (await alice.get("/history?q=rePORT+007")).text
    assert "Report 007" in found
    assert "Report 008" not in found
    assert "Nothing found for “%_”" in (await alice.get("/history?q=%25_")).text


async def test_an_empty_history_says_what_to_expect(alice: Visitor) -> None:
    text = (await alice.get("/history")).text
    assert "Nothing here yet" in text
    assert "You have printed nothing yet" in text
    assert '<svg class="chart chart-year"' not in text


async def test_the_year_as_picture_and_table(alice: Visitor, house: House) -> None:
    house.jobs.ledger += [
        a_receipt(house),
        a_receipt(house, color=True, impressions=10, media_sheets=10, amount=Decimal("2.50"), currency="EUR"),
        a_receipt(house, owner="bob", impressions=999),
        a_receipt(house, at=house.clock.now() - 40 * 86400, impressions=5, media_sheets=5),
    ]
    await house.add(state=JobState.CANCELED, ended_at=house.clock.now(), impressions=7)
    text = (await alice.get("/history")).text
    begin = text.index('<svg class="chart chart-year"')
    picture = ET.fromstring(text[begin : text.index("</svg>", begin) + 6])
    assert picture.get("role") == "img"
    assert "20 pages" in (picture.findtext("desc") or "")
    bars = [one for one in picture.iter("rect") if float(one.get("height") or 0) > 0]
    assert len(bars) == 3, "black and white, colour, and another month"
    assert "style=" not in text
    table = text[text.index("<table") : text.index("</table>")]
    assert "<td>2</td><td>20</td><td>15</td><td>50%</td><td>33%</td><td>€2.50</td><td>7</td>" in table
    assert '<tr class="sum"><th scope="row">All</th><td>3</td><td>25</td>' in table
    assert "999" not in text


async def test_numbers_are_written_as_the_language_does(house: House) -> None:
    house.jobs.ledger.append(a_receipt(house, impressions=12345, media_sheets=12345))
    async with visiting(house.app()) as visitor:
        await visitor.sign_in()
        assert "<td>12.345</td>" in (await visitor.get("/history", **{"accept-language": "de"})).text


async def test_what_was_copied_at_a_panel(house: House) -> None:
    rooms, device = TerminalHouse(house), house.printers.device("lobby")
    _, box = await rooms.enrolled("box", "lobby")
    readings = (("a", 10, 13, 1), ("b", 13, 13, 0), ("c", 13, 2, 0))
    for key, before, after, scans in readings:
        began = {Counter.COPIES: before, Counter.COLOR_COPIES: 5, Counter.SCANS: 0}
        await rooms.desk.copiers.begin(box, device, Actor(user="alice"), key, began)
        ended = {Counter.COPIES: after, Counter.COLOR_COPIES: 5, Counter.SCANS: scans}
        await rooms.desk.copiers.end(box, key, ended)
    await rooms.desk.copiers.begin(box, device, Actor(user="bob"), "d", {Counter.COPIES: 1})
    async with visiting(house.app()) as alice:
        await alice.sign_in()
        text = (await alice.get("/history")).text
        assert "Copied and scanned" not in (await alice.get("/history?q=x")).text
    for said in ("Copied and scanned", "3 copies, 1 scan", "Nothing was made.", "counters cannot tell"):
        assert said in text, said
    assert "Not counted yet" not in text, "that is bob's"
