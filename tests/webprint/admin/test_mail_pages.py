"""/admin/mail: rules of a Printer's mailbox, buttons that try mailboxes and the mail server, and what came in."""

from typing import Any

from gateway.domain.mailbox import Strangers
from gateway.domain.rights import Role
from gateway.errors import NotPossible
from gateway.services.mail_desk import MailDesk
from gateway.services.mail_watch import MailWatch
from tests.fakes_mail import BoxStatus, FakeMailbox
from tests.webprint.test_mail_links import a_mail
from tests.webprint.visitor import visiting
from tests.webprint.web_house import PASSWORD, House


def the_app(house: House, *boxes: FakeMailbox, **more: Any) -> Any:
    desk = MailDesk(
        mails=house.mails,
        watch=MailWatch(mails=house.mails, clock=house.clock),
        addresses=lambda one: (f"{one.name}@print.example",),
        mailboxes=boxes,
        **more,
    )
    return house.app(mail_desk=desk)


async def test_rules_are_read_changed_and_refused(house: House) -> None:
    await house.identity.add_user("ada", password=PASSWORD, role=Role.ADMINISTRATOR)
    async with visiting(the_app(house)) as visitor:
        await visitor.sign_in("ada")
        shown = await visitor.get("/admin/mail")
        assert "find-me@print.example" in shown.text
        await visitor.get("/admin/mail/find-me")
        given = {"enabled": "yes", "aliases": "Desk, hall", "strangers": "guest", "parts": "both", "max_mib": "5"}
        given |= {"max_files": "3", "max_pages": "7", "allowed_domains": "partner.example"}
        assert (await visitor.post("/admin/mail/find-me", given)).status_code == 303
        rules = house.printers.get("find-me").mail
        assert (rules.aliases, rules.strangers, rules.separate) == (("desk", "hall"), Strangers.GUEST, False)
        assert (rules.max_size, rules.max_files, rules.max_pages) == (5 * 1024 * 1024, 3, 7)
        for wrong in ({"aliases": "a+b"}, {"allowed_domains": "nodots"}, {"max_pages": "0"}, {"strangers": "x"}):
            await visitor.get("/admin/mail/find-me")
            answer = await visitor.post("/admin/mail/find-me", given | wrong)
            assert answer.status_code == 400, wrong
        assert house.printers.get("find-me").mail == rules


async def test_a_mailbox_is_tried_and_mails_are_listed(house: House) -> None:
    await house.identity.add_user("ada", password=PASSWORD, role=Role.ADMINISTRATOR)
    await a_mail(house, message="It came by a mailing list.", from_address="<script>@x")
    looked = BoxStatus(ok=True, text="IMAP, IDLE", taken=3, at=house.clock.now() - 180)
    boxes = (
        FakeMailbox(status=looked),
        FakeMailbox(name="dead", broken=True, status=BoxStatus(ok=False)),
        FakeMailbox(name="new", status=BoxStatus(ok=None)),
    )
    async with visiting(the_app(house, *boxes, refused=lambda: {"550 5.1.1": 7.0})) as visitor:
        await visitor.sign_in("ada")
        shown = await visitor.get("/admin/mail")
        assert "IMAP, IDLE · last look 3 minutes ago · 3 mails taken since the start" in shown.text
        assert all(word in shown.text for word in ("Works", "Does not work", "Not looked at yet", "550 5.1.1"))
        assert "It came by a mailing list." in shown.text
        assert "<script>@x" not in shown.text
        assert "4 waiting" in (await visitor.post("/admin/mail", {"mailbox": "scans"})).text
        failed = await visitor.post("/admin/mail", {"mailbox": "dead"})
        assert (failed.status_code, "imap.example refuses: Authentication failed." in failed.text) == (409, True)
        assert (await visitor.post("/admin/mail", {"mailbox": "none"})).status_code == 404


async def test_a_letter_goes_to_whoever_asks_for_it(house: House) -> None:
    await house.identity.add_user("ada", password=PASSWORD, role=Role.ADMINISTRATOR, email="ada@example.org")
    await house.identity.add_user("abel", password=PASSWORD, role=Role.ADMINISTRATOR)
    written: list[tuple[str, str]] = []

    async def write(address: str, language: str) -> str:
        written.append((address, language))
        if len(written) > 1:
            raise NotPossible("mail.example cannot be reached.")
        return "250 2.0.0 queued as 4711"

    async with visiting(the_app(house, write=write)) as visitor:
        await visitor.sign_in("ada")
        await visitor.get("/admin/mail")
        sent = await visitor.post("/admin/mail", {"letter": "yes"})
        assert (sent.status_code, "queued as 4711" in sent.text) == (200, True)
        failed = await visitor.post("/admin/mail", {"letter": "yes"})
        assert (failed.status_code, "cannot be reached" in failed.text) == (409, True)
        await visitor.sign_in("abel")
        await visitor.get("/admin/mail")
        assert "no mail address" in (await visitor.post("/admin/mail", {"letter": "yes"})).text
    assert written == [("ada@example.org", "en")] * 2
    async with visiting(the_app(house)) as visitor:
        await visitor.sign_in("ada")
        assert "No mail server is set up" in (await visitor.get("/admin/mail")).text
        assert (await visitor.post("/admin/mail", {"letter": "yes"})).status_code == 409


async def test_others_see_nothing_of_it(house: House) -> None:
    async with visiting(the_app(house)) as visitor:
        for name in ("alice", "olga"):
            await visitor.sign_in(name)
            for path in ("/admin/mail", "/admin/mail/find-me"):
                assert (await visitor.get(path)).status_code == 403
