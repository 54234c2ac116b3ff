"""From the row to jobs and an answer: who prints, who waits, who is told, and what a crash changes: nothing."""

import asyncio
from dataclasses import dataclass, field, replace

import pytest

from emailprint.printing import NOTHING, UNKNOWN
from gateway.domain.job import JobState
from gateway.domain.mail import MailState
from gateway.domain.mailbox import MailParts, Strangers
from gateway.domain.user import is_guest
from gateway.errors import FormatError, NotFound, StorageFull, TooLarge, Unavailable
from gateway.services.mail_links import MailAction
from gateway.services.ports import ConverterCrashed, MailPart
from tests.emailprint.mail_house import ADA, BASE, PDF, MailHouse, a_message, rows_of, token_of
from tests.fakes import fake_pdf


async def test_a_known_sender_prints_and_is_answered() -> None:
    house = await MailHouse.built()
    mail = await house.receive(a_message(Subject="Report [2x bw gold]"), recipients=("find-me+2s+room@print.example",))
    await house.worked()
    [job] = await house.jobs()
    assert (job.owner, job.printer, job.name, job.source) == ("ada", "find-me", "report.pdf", "mail")
    assert (job.ticket.copies, job.ticket.sides, job.ticket.print_color_mode) == (
        2,
        "two-sided-long-edge",
        "monochrome",
    )
    assert job.state is JobState.PENDING_HELD
    row = await house.row(mail)
    assert (row.state, row.owner, row.object_id, row.answered) == (MailState.DONE, "ada", None, 1)
    [letter] = house.letters
    assert (letter.kind, letter.to, letter.values["summary"]) == ("mail-answer", ADA, "ready")
    assert letter.values["remarks"] == "room, gold"
    assert letter.values["reply_to"] == "<1@example.org>"
    assert letter.values["code"] == ""
    assert letter.values["open_url"] == f"{BASE}/jobs"
    [file] = rows_of(letter)
    assert (file["name"], file["tone"]) == ("report.pdf", "good")
    assert file["fate"].startswith("Ready: 3 pages")
    assert letter.values["pictures"] == "1/1 1/2 1/3"
    assert await house.house.spool.sweep(frozenset(), older_than=-1) >= 0


async def test_the_text_asks_where_subject_and_address_do_not() -> None:
    house = await MailHouse.built()
    body = MailPart(kind="body", name="Report", format="text/plain", size=50, options="3x color 2s staple silver")
    house.opener.parts = [(body, b"The report."), (PDF, fake_pdf(3))]
    await house.receive(a_message(Subject="Report [2x]"), recipients=("find-me+bw@print.example",))
    await house.worked()
    [job] = await house.jobs()
    found = (job.ticket.copies, job.ticket.sides, job.ticket.print_color_mode)
    assert found == (2, "two-sided-long-edge", "monochrome")
    assert "silver" in house.letters[0].values["remarks"].split(", ")


async def test_the_same_mail_twice_is_one() -> None:
    house = await MailHouse.built()
    first = await house.receive(a_message())
    again = await house.receive(b"Received: by another way\r\n" + a_message().as_bytes())
    assert again.id == first.id
    await house.worked()
    late = await house.receive(a_message())
    await house.worked()
    assert late.id == first.id
    assert len(await house.jobs()) == 1
    assert len(house.letters) == 1


async def test_a_mail_is_known_for_seven_days() -> None:
    house = await MailHouse.built()
    first = await house.receive(a_message())
    await house.worked()
    for days, known in ((6.9, True), (0.2, False)):
        await house.clock.advance(days * 86400.0)
        await house.worked()
        assert ((await house.receive(a_message())).id == first.id) is known


@pytest.mark.parametrize("separate", [True, False])
async def test_a_crash_at_any_step_repeats_nothing(separate: bool) -> None:
    """The worker dies after each write in turn, and another one begins from the row."""
    house = await MailHouse.built()
    await house.rules(separate=separate)
    parts = [replace(PDF, name=f"{number}.pdf") for number in range(3)]
    house.opener.parts = [(part, fake_pdf(1, pad=number)) for number, part in enumerate(parts)]
    mail = await house.receive(a_message())
    for dies_after in range(12):
        house.work = house.worker()
        store, count = house.house.jobs, 0
        update, add = type(store).update, type(store).add

        async def dying(*args: object, work: object, limit: int = dies_after, **kwargs: object) -> object:
            nonlocal count
            count += 1
            result = await work(*args, **kwargs)  # type: ignore[operator]  # reason: one of the store's methods
            if count == limit:
                raise Unavailable("the process died")
            return result

        store.update = lambda *a, u=update, d=dying, s=store: d(s, *a, work=u)  # type: ignore[method-assign]  # reason: a fault
        store.add = lambda *a, u=add, d=dying, s=store: d(s, *a, work=u)  # type: ignore[method-assign]  # reason: a fault
        await house.mails.change(mail.id, lambda row: replace(row, due_at=0.0, claimed_until=None))
        task = asyncio.ensure_future(house.work.run_once())
        await house.until_asleep(task)
        del store.update, store.add  # type: ignore[attr-defined]  # reason: the class's own again
        if not task.done():
            task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    await house.mails.change(mail.id, lambda row: replace(row, due_at=0.0, claimed_until=None))
    house.work = house.worker()
    await house.worked()
    jobs = await house.jobs()
    documents = [document.name for job in jobs for document in job.documents]
    assert documents == ["0.pdf", "1.pdf", "2.pdf"]
    assert len(jobs) == (3 if separate else 1)
    assert {job.state for job in jobs} == {JobState.PENDING_HELD}
    assert (await house.row(mail)).state is MailState.DONE
    assert len(house.letters) == 1


async def test_nobody_vouches_and_the_known_address_is_asked() -> None:
    house = await MailHouse.built()
    mail = await house.receive(a_message(), address="198.51.100.9")
    await house.worked()
    assert await house.jobs() == []
    [letter] = house.letters
    assert (letter.kind, letter.to) == ("mail-confirm", ADA)
    row = await house.row(mail)
    assert row.state is MailState.ASKED
    assert row.object_id in await house.mails.spool_objects()
    token = token_of(letter.values["url"])
    with pytest.raises(NotFound):
        await house.links.use(MailAction.CONFIRM, token_of(letter.values["not_me_url"]))
    await house.links.look(MailAction.CONFIRM, token)
    assert (await house.row(mail)).state is MailState.ASKED  # looking changes nothing
    await house.links.use(MailAction.CONFIRM, token)
    with pytest.raises(NotFound):
        await house.links.use(MailAction.CONFIRM, token)
    await house.clock.advance(61)
    await house.worked()
    [job] = await house.jobs()
    assert job.owner == "ada"


async def test_it_was_not_me_before_anything_was_printed() -> None:
    house = await MailHouse.built()
    mail = await house.receive(a_message(), address="198.51.100.9")
    await house.worked()
    await house.links.use(MailAction.NOT_ME, token_of(house.letters[0].values["not_me_url"]))
    row = await house.row(mail)
    assert (row.state, row.object_id) == (MailState.REFUSED, None)
    with pytest.raises(NotFound):
        await house.links.use(MailAction.CONFIRM, token_of(house.letters[0].values["url"]))


async def test_an_unasked_link_expires_with_its_mail() -> None:
    house = await MailHouse.built()
    mail = await house.receive(a_message(), address="198.51.100.9")
    await house.worked()
    await house.clock.advance(25 * 3600.0)
    await house.work.run_once()
    assert (await house.row(mail)).state is MailState.REFUSED
    assert await house.mails.spool_objects() == frozenset()


@pytest.mark.parametrize(
    ("strangers", "letters", "owner"),
    [
        (Strangers.REFUSE, [], None),
        (Strangers.TELL, ["mail-refused"], None),
        (Strangers.VERIFY, ["mail-confirm"], None),
        (Strangers.GUEST, ["mail-answer"], "guest"),
    ],
)
async def test_strangers_by_policy(strangers: Strangers, letters: list[str], owner: str | None) -> None:
    house = await MailHouse.built()
    await house.rules(strangers=strangers)
    await house.receive(a_message(From="bob@nowhere.example"), sender="bob@nowhere.example")
    await house.worked()
    assert [letter.kind for letter in house.letters] == letters
    jobs = await house.jobs()
    assert [is_guest(job.owner) for job in jobs] == ([True] if owner else [])
    if letters == ["mail-refused"]:
        assert house.letters[0].values["reason"] == UNKNOWN


async def test_a_guest_gets_a_code_and_a_page_and_nobody_elses() -> None:
    house = await MailHouse.built()
    await house.rules(strangers=Strangers.GUEST)
    mail = await house.receive(a_message(From="bob@nowhere.example"), sender="bob@nowhere.example")
    await house.worked()
    [letter] = house.letters
    code = letter.values["code"]
    assert len(code) == 6
    [job] = await house.jobs()
    actor = await house.house.guests.by_code(code, address="192.0.2.99")
    assert actor.user == job.owner
    row = await house.row(mail)
    found = await house.house.guests.session(house.links.guest_secret(row), address="192.0.2.99")
    assert found is not None
    assert found[1].user == job.owner
    other = await house.receive(a_message(From="eve@nowhere.example", Message_ID="<2@x>"), sender="eve@nowhere.example")
    await house.worked()
    assert (await house.row(other)).owner != job.owner
    stolen = token_of(letter.values["open_url"]).replace(f"{mail.id}-", f"{other.id}-", 1)
    with pytest.raises(NotFound):
        await house.links.look(MailAction.OPEN, stolen)


async def test_an_allowed_domain_prints_as_a_guest_only_when_proved() -> None:
    house = await MailHouse.built()
    await house.rules(strangers=Strangers.TELL, allowed_domains=("partner.example",))
    house.dns.records["partner.example", "TXT"] = ["v=spf1 ip4:192.0.2.7 -all"]
    given = {"From": "bob@partner.example"}
    await house.receive(a_message(**given), sender="bob@partner.example")
    await house.worked()
    assert [is_guest(job.owner) for job in await house.jobs()] == [True]
    await house.receive(a_message(**given, Message_ID="<2@x>"), sender="bob@partner.example", address="203.0.113.1")
    await house.clock.advance(61)
    await house.worked()
    assert len(await house.jobs()) == 1
    assert house.letters[-1].kind == "mail-refused"


async def test_whoever_signed_in_prints_whatever_the_from_line_says() -> None:
    house = await MailHouse.built()
    await house.receive(a_message(From="scanner@device.invalid"), address="203.0.113.1", user="ada")
    await house.worked()
    assert [job.owner for job in await house.jobs()] == ["ada"]
    assert [letter.to for letter in house.letters] == [ADA]


async def test_a_disowned_mail_is_silent() -> None:
    house = await MailHouse.built()
    house.dns.records["_dmarc.example.org", "TXT"] = ["v=DMARC1; p=reject"]
    mail = await house.receive(a_message(), address="203.0.113.1")
    await house.worked()
    assert (await house.row(mail)).state is MailState.REFUSED
    assert house.letters == []
    assert await house.jobs() == []


@pytest.mark.parametrize(
    ("headers", "sender", "printed"),
    [
        ({"Auto_Submitted": "auto-replied"}, ADA, 0),
        ({"List_Id": "<team.example.org>"}, ADA, 0),
        ({}, "", 0),
        ({"Auto_Submitted": "auto-generated"}, ADA, 1),
        ({"Precedence": "bulk"}, ADA, 0),
    ],
)
async def test_machines_are_not_answered(headers: dict[str, str], sender: str, printed: int) -> None:
    house = await MailHouse.built()
    await house.receive(a_message(**headers), sender=sender)
    await house.worked()
    assert len(await house.jobs()) == printed
    assert house.letters == []


async def test_one_answer_a_minute() -> None:
    house = await MailHouse.built()
    for number in range(3):
        await house.receive(a_message(Message_ID=f"<{number}@x>"))
    begun = house.clock.now()
    sent: list[float] = []
    for _ in range(200):
        await house.worked()
        sent += [house.clock.now() - begun] * (len(house.letters) - len(sent))
        await house.clock.advance(1)
        if len(sent) == 3:
            break
    assert len(sent) == 3
    assert sent[1] - sent[0] >= 59
    assert sent[2] - sent[1] >= 59
    assert len(await house.jobs()) == 3


@pytest.mark.parametrize("strangers", [Strangers.TELL, Strangers.VERIFY])
async def test_questions_and_refusals_are_no_more_than_one_a_minute(strangers: Strangers) -> None:
    house = await MailHouse.built()
    await house.rules(strangers=strangers)
    for number in range(3):
        message = a_message(From="bob@nowhere.example", Message_ID=f"<{number}@x>")
        await house.receive(message, sender="bob@nowhere.example")
    counts = []
    for _ in range(4):
        await house.worked()
        counts.append(len(house.letters))
        await house.clock.advance(61)
    assert counts == [1, 2, 3, 3]


async def test_a_slow_document_is_told_of_in_time_and_again_when_it_is_ready() -> None:
    house = await MailHouse.built()
    mail = await house.receive(a_message())
    task = asyncio.ensure_future(house.work.run_once())
    for _ in range(80):
        await house.until_asleep(task)
        await house.clock.advance(0.25)
        if house.letters:
            break
    assert house.clock.now() - mail.received_at < 20
    [letter] = house.letters
    assert letter.values["summary"] == "preparing"
    assert rows_of(letter)[0]["tone"] == "wait"
    await task
    for _ in range(20):
        await house.clock.advance(5)
        await house.worked()
    assert [letter.values["summary"] for letter in house.letters] == ["preparing", "ready"]
    assert (await house.row(mail)).state is MailState.DONE


async def test_each_file_has_its_fate() -> None:
    house = await MailHouse.built()
    film = MailPart(kind="file", name="film.mp4", format="video/mp4", size=99)
    locked = replace(PDF, name="locked.pdf")
    broken = replace(PDF, name="broken.pdf")
    house.opener.parts = [
        (PDF, fake_pdf(2)),
        (film, b"x"),
        (locked, fake_pdf(1, locked=True)),
        (broken, b"no pdf at all"),
    ]
    await house.receive(a_message())
    await house.worked()
    [letter] = house.letters
    assert [(row["name"], row["tone"]) for row in rows_of(letter)] == [
        ("report.pdf", "good"),
        ("film.mp4", "bad"),
        ("locked.pdf", "ask"),
        ("broken.pdf", "bad"),
    ]
    assert letter.values["summary"] == "partly"
    assert rows_of(letter)[2]["url"].startswith(f"{BASE}/jobs/")


async def test_nothing_to_print_is_said() -> None:
    house = await MailHouse.built()
    house.opener.parts = []
    await house.receive(a_message())
    await house.worked()
    [letter] = house.letters
    assert letter.values["summary"] == "nothing"
    assert NOTHING in rows_of(letter)[0]["fate"]


@pytest.mark.parametrize("error", [FormatError("The file is damaged."), TooLarge("Too many parts.")])
async def test_what_the_sandbox_refuses_is_said_and_not_tried_again(error: Exception) -> None:
    house = await MailHouse.built()
    house.opener.error = error
    await house.receive(a_message())
    await house.worked()
    assert house.opener.opened == 1
    assert str(error) in rows_of(house.letters[0])[0]["fate"]


async def test_a_mail_that_breaks_the_sandbox_is_given_up_after_three_tries() -> None:
    house = await MailHouse.built()
    house.opener.error = ConverterCrashed("it died")
    await house.receive(a_message())
    for _ in range(6):
        await house.worked()
        await house.clock.advance(60)
    assert house.opener.opened == 3
    assert "could not be read" in rows_of(house.letters[0])[0]["fate"]


async def test_a_full_disk_only_delays() -> None:
    house = await MailHouse.built()
    house.opener.error = StorageFull("full")
    mail = await house.receive(a_message())
    for _ in range(5):
        await house.worked()
        await house.clock.advance(700)
    assert (await house.row(mail)).state is MailState.RECEIVED
    house.opener.error = None
    await house.worked()
    assert len(await house.jobs()) == 1


async def test_links_do_what_they_say() -> None:
    house = await MailHouse.built()
    await house.receive(a_message())
    await house.worked()
    values = house.letters[0].values
    await house.links.use(MailAction.TWO_SIDED, token_of(values["two_sided_url"]))
    [job] = await house.jobs()
    assert job.ticket.sides == "two-sided-long-edge"
    await house.links.use(MailAction.EXTEND, token_of(values["extend_url"]))
    [job] = await house.jobs()
    assert job.extensions == 1
    await house.links.use(MailAction.DELETE, token_of(values["delete_url"]))
    [job] = await house.jobs()
    assert job.state is JobState.CANCELED
    for action, name in ((MailAction.DELETE, "delete_url"), (MailAction.EXTEND, "extend_url")):
        with pytest.raises(NotFound):
            await house.links.look(action, token_of(values[name]))
    for token in ("", "1", "1-x", "99-" + "A" * 43, token_of(values["delete_url"])[:-1] + "~"):
        with pytest.raises(NotFound):
            await house.links.look(MailAction.DELETE, token)


async def test_two_printers_get_their_own_jobs_and_rules() -> None:
    house = await MailHouse.built()
    body = MailPart(kind="body", name="Report", format="text/plain", size=50)
    house.opener.parts = [(body, b"The report."), (PDF, fake_pdf(1))]
    await house.rules("direct", parts=MailParts.BOTH, aliases=("desk",))
    await house.receive(a_message(), recipients=("print@print.example", "desk@print.example", "gone@print.example"))
    await house.worked()
    made = sorted((job.printer, job.name) for job in await house.jobs())
    assert made == [("direct", "Report"), ("direct", "report.pdf"), ("find-me", "report.pdf")]


async def test_no_answer_without_a_mail_server_and_no_guests() -> None:
    house = await MailHouse.built()
    house.mailer.enabled = False
    await house.rules(strangers=Strangers.GUEST)
    await house.receive(a_message())
    await house.receive(a_message(From="bob@nowhere.example", Message_ID="<2@x>"), sender="bob@nowhere.example")
    await house.worked()
    assert [job.owner for job in await house.jobs()] == ["ada"]
    assert {mail.state for mail in await house.mails.recent()} == {MailState.DONE, MailState.REFUSED}


async def test_the_answer_speaks_the_senders_language() -> None:
    house = await MailHouse.built()
    await house.receive(a_message(Accept_Language="fr, en"))
    await house.worked()
    assert house.letters[0].language == "fr"
    assert rows_of(house.letters[0])[0]["fate"].startswith("Prêt")


async def test_a_book_by_mail_is_too_long() -> None:
    house = await MailHouse.built()
    await house.rules(max_pages=2)
    await house.receive(a_message())
    await house.worked()
    [job] = await house.jobs()
    assert job.state is JobState.ABORTED
    assert "by mail at most 2 are printed" in rows_of(house.letters[0])[0]["fate"]


@dataclass
class Registering:
    """Of a house where people may register, what the worker asks for."""

    enabled: bool = True
    begun: list[tuple[str, str]] = field(default_factory=list)

    async def begin(self, mail: str, name: str, via: str, *, language: str = "") -> None:
        assert (name, language) == ("bob", "en")
        self.begun.append((mail, via))


async def test_whoever_proved_an_address_prints_as_a_guest_and_may_register() -> None:
    house = await MailHouse.built()
    house.registrations = Registering()
    house.work = house.worker()
    await house.rules(strangers=Strangers.VERIFY)
    await house.receive(a_message(From="bob@nowhere.example"), sender="bob@nowhere.example")
    await house.worked()
    assert house.registrations.begun == []
    await house.links.use(MailAction.CONFIRM, token_of(house.letters[0].values["url"]))
    await house.clock.advance(61)
    await house.worked()
    assert [is_guest(job.owner) for job in await house.jobs()] == [True]
    assert house.registrations.begun == [("bob@nowhere.example", "mail")]
