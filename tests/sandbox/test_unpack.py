"""Mails taken apart in the jail: what is in them, and bombs that are not worth a jail's time."""

from collections.abc import AsyncIterator, Sequence
from email.message import EmailMessage

import pytest

from sandbox.client import Sandbox
from sandbox.errors import Broken, Crashed, SandboxError, TooLarge
from sandbox.unpacking import MAX_NAME, MAX_PARTS, Part, Parts
from sandbox.worker import Header
from tests.sandbox.formats.winmail import MESSAGE, a_file, an_object, winmail

PNG = b"\x89PNG\r\n\x1a\n" + b"x" * 50


class Taken:
    """What came out; only what `wanted` chooses."""

    def __init__(self, wanted: frozenset[int] | None = None) -> None:
        self.parts: Sequence[Part] = ()
        self.octets: dict[str, bytes] = {}
        self._wanted = wanted

    async def listed(self, parts: Sequence[Part]) -> frozenset[int]:
        self.parts = parts
        return frozenset(range(len(parts))) if self._wanted is None else self._wanted

    async def take(self, part: Part, body: AsyncIterator[bytes]) -> None:
        self.octets[part.name] = b"".join([chunk async for chunk in body])


async def whole(octets: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(octets), 65536):
        yield octets[at : at + 65536]


async def unpacked(
    sandbox: Sandbox, octets: bytes, wanted: frozenset[int] | None = None, *, option_line: str = ""
) -> Taken:
    taken = Taken(wanted)
    await sandbox.unpack(whole(octets), taken.listed, taken.take, option_line=option_line)
    return taken


def a_mail() -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"] = "ada@example.org", "Büro"
    message.set_content("Hello.\n")
    message.add_alternative('<p>Hi <img src="cid:logo"><img src="https://evil.example/x.png"></p>', subtype="html")
    page = message.get_payload(1)
    assert isinstance(page, EmailMessage)
    page.add_related(PNG, "image", "png", cid="<logo>")
    message.add_attachment(b"%PDF" + b"y" * 300_000, maintype="application", subtype="pdf", filename="r.pdf")
    inner = EmailMessage()
    inner["Subject"] = "inner"
    inner.set_content("inside\n")
    inner.add_attachment(b"a;b\n", maintype="text", subtype="csv", filename="t.csv")
    message.add_attachment(inner)
    return message


async def test_the_text_the_files_and_the_mails_in_it(sandbox: Sandbox) -> None:
    taken = await unpacked(sandbox, a_mail().as_bytes())
    assert [(part.kind, part.name, part.format, part.inline, part.depth) for part in taken.parts] == [
        ("body", "Büro", "text/html", False, 0),
        ("file", "unnamed png", "image/png", True, 0),
        ("file", "r.pdf", "application/pdf", False, 0),
        ("body", "inner", "text/plain", False, 1),
        ("file", "t.csv", "text/csv", False, 1),
    ]
    assert taken.octets["r.pdf"] == b"%PDF" + b"y" * 300_000
    assert b"data:image/png;base64," in taken.octets["Büro"]
    assert b"evil.example" not in taken.octets["Büro"]
    assert taken.octets["inner"] == b"Subject: inner\n\ninside\n"
    assert [part.size for part in taken.parts if part.kind == "file"][1] == 300_004


async def test_only_what_is_wanted_is_taken_and_an_error_of_the_taker_ends_it(sandbox: Sandbox) -> None:
    taken = await unpacked(sandbox, a_mail().as_bytes(), frozenset({4}))
    assert taken.octets == {"t.csv": b"a;b\n"}

    async def refusing(_part: Part, body: AsyncIterator[bytes]) -> None:
        await anext(body)
        raise ValueError("the disk is full")

    with pytest.raises(ValueError, match="the disk is full"):
        await sandbox.unpack(whole(a_mail().as_bytes()), Taken().listed, refusing)


async def test_a_line_of_options_is_told_and_not_printed(sandbox: Sandbox) -> None:
    message = EmailMessage()
    message["Subject"] = "Minutes"
    message.set_content("Hello,\n\n  [2x bw & 1-3] \n[EXTERNAL]\nthe minutes.\n")
    message.add_alternative(
        "<div>Hello,<br>\n [2x bw &amp; 1-3]&nbsp;<br>[EXTERNAL]<p>the minutes.</p></div>", subtype="html"
    )
    taken = await unpacked(sandbox, message.as_bytes(), option_line=r"\[2x [^\[\]]*\]")
    [body] = taken.parts
    assert body.options == "2x bw & 1-3"
    page = taken.octets["Minutes"]
    assert b"2x" not in page
    assert b"<p>the minutes.</p>" in page
    assert b"[EXTERNAL]" in page
    assert b"2x bw" in (await unpacked(sandbox, message.as_bytes())).octets["Minutes"]


async def test_a_mail_of_options_alone_has_an_empty_body(sandbox: Sandbox) -> None:
    message = EmailMessage()
    message.set_content("[2x]\n")
    message.add_alternative("<div dir='ltr'>[2x]<br></div>", subtype="html")
    message.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="r.pdf")
    taken = await unpacked(sandbox, message.as_bytes(), option_line=r"\[2x\]")
    assert [(part.kind, part.size, part.options) for part in taken.parts] == [("body", 0, "2x"), ("file", 4, "")]


OTHERS = (
    "> [2x]\n",
    "On Mon, 30 Nov 2026, Bob <bob@example.org>\nwrote:\n[2x]\n",
    "Am 30.11.2026 schrieb Bob:\n[2x]\n",
    "Le lundi, Bob a écrit :\n[2x]\n",
    "-----Original Message-----\n[2x]\n",
    "---------- Forwarded message ---------\n[2x]\n",
    "Begin forwarded message:\n\n[2x]\n",
    "________________________________\n[2x]\n",
    "Von: Bob\nGesendet: Montag\n\n[2x]\n",
    "FYI\n\n-- \n[2x]\n",
    "one\ntwo\nthree\nfour\nfive\n[2x]\n",
    "see [2x]\n",
)


@pytest.mark.parametrize("text", OTHERS)
async def test_what_others_wrote_is_no_wish_of_the_writer(sandbox: Sandbox, text: str) -> None:
    message = EmailMessage()
    message.set_content(text)
    inner = EmailMessage()
    inner.set_content("[2x]\n")
    message.add_attachment(inner)
    taken = await unpacked(sandbox, message.as_bytes(), option_line=r"\[2x\]")
    assert [part.options for part in taken.parts] == ["", ""]
    assert all(b"[2x]" in octets for octets in taken.octets.values())


def outlooks(packed: bytes, text: str = "The minutes.\n") -> bytes:
    message = EmailMessage()
    message["Subject"] = "Minutes"
    message.set_content(text)
    message.add_attachment(packed, maintype="application", subtype="ms-tnef", filename="winmail.dat")
    return message.as_bytes()


async def test_a_winmail_dat_is_what_is_in_it(sandbox: Sandbox) -> None:
    inner = winmail(a_file("t.csv", b"a;b\n"), html=b"<p>inside<img src='https://evil.example/x.png'></p>")
    packed = winmail(a_file("../r.pdf", b"%PDF"), an_object("Fwd", MESSAGE, inner), text="The minutes.")
    taken = await unpacked(sandbox, outlooks(packed))
    assert [(part.kind, part.name, part.format, part.depth) for part in taken.parts] == [
        ("body", "Minutes", "text/plain", 0),
        ("file", "r.pdf", "application/octet-stream", 0),
        ("body", "Fwd", "text/html", 1),
        ("file", "t.csv", "application/octet-stream", 1),
    ]
    assert taken.octets["r.pdf"] == b"%PDF"
    assert b"inside" in taken.octets["Fwd"]
    assert b"evil.example" not in taken.octets["Fwd"]


async def test_the_text_of_a_winmail_dat_counts_where_the_mail_has_none(sandbox: Sandbox) -> None:
    [body] = (await unpacked(sandbox, outlooks(winmail(text="Hello."), text=""))).parts
    assert (body.kind, body.name, body.size) == ("body", "Minutes", 6)
    assert [part.kind for part in (await unpacked(sandbox, outlooks(winmail(text="Hello.")))).parts] == ["body"]


@pytest.mark.parametrize("packed", [b"", b"no such thing", winmail(a_file("r.pdf", b"%PDF"))[:200]])
async def test_a_winmail_dat_that_cannot_be_read_is_named(sandbox: Sandbox, packed: bytes) -> None:
    taken = await unpacked(sandbox, outlooks(packed))
    assert [(part.kind, part.name, part.format) for part in taken.parts][1:] == [
        ("file", "winmail.dat", "application/ms-tnef")
    ]


NAMES = ("../../etc/passwd", "C:\\temp\\a.exe", "/a/b/", "..", "a\x00b\r\nBcc: x", "\u202efdp.exe", "x" * 5000, "")


async def test_a_name_is_no_path(sandbox: Sandbox) -> None:
    message = EmailMessage()
    message.set_content("x")
    message.add_attachment(b"y", maintype="application", subtype="pdf", filename="given")
    for name in NAMES:
        octets = message.as_bytes().replace(b'"given"', b'"' + name.replace("\r\n", " ").encode() + b'"')
        taken = await unpacked(sandbox, octets)
        [file] = [part for part in taken.parts if part.kind == "file"]
        assert file.name not in {"", ".", ".."}
        assert len(file.name) <= MAX_NAME
        assert not set(file.name) & set("/\\\0\r\n\u202e")


def nested(depth: int) -> bytes:
    head = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(depth))
    return b"From: a@b.c\r\n" + head + b"Content-Type: text/plain\r\n\r\nx\r\n"


def many(parts: int) -> bytes:
    part = b"--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment\r\n\r\nx\r\n"
    return b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n' + part * parts + b"--b--\r\n"


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param(nested(5000), id="levels"),
        pytest.param(nested(60), id="some levels"),
        pytest.param(many(100_000), id="parts"),
        pytest.param(many(MAX_PARTS + 5), id="some parts"),
    ],
)
async def test_bombs_are_refused(sandbox: Sandbox, bomb: bytes) -> None:
    with pytest.raises((TooLarge, Broken)):
        await unpacked(sandbox, bomb)


async def test_a_gigabyte_of_base64_is_refused_on_its_way_in(sandbox: Sandbox) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        yield b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        line = (b"QUFB" * 19 + b"\r\n") * 13_000
        while sent < 2**30:
            sent += len(line)
            yield line

    taken = Taken()
    with pytest.raises(TooLarge):
        await sandbox.unpack(endless(), taken.listed, taken.take)
    assert sent < 80 * 2**20


NONSENSE = (
    b"Subject: " + b"=?utf-8?q?=41?= " * 20_000 + b"\r\n\r\nx\r\n",
    b"Subject: =?x-none?b?////?=\r\nDate: the day after\r\n\r\nx\r\n",
    b"Content-Type: text/plain; charset=no-such\r\n\r\n\xff\xfe\x00x\r\n",
    b"Content-Type: text/html; charset=utf-16\r\n\r\n\xff<p>x\r\n",
    b"Content-Type: multipart/mixed\r\n\r\nno boundary\r\n",
    b"Content-Type: message/rfc822\r\n\r\nContent-Type: message/rfc822\r\n\r\n",
    b"Content-Transfer-Encoding: base64\r\nContent-Type: application/pdf; name*0*=x''%FF; name*1=\"\r\n\r\n!!!!\r\n",
    b"From: " + b"(" * 2000 + b"\r\n\r\nx\r\n",
    b"\r\n\r\n\r\n",
    b"\x00" * 5000,
    b"no heading at all",
)


async def test_nonsense_gives_something_or_a_refusal_and_never_a_crash(sandbox: Sandbox) -> None:
    for octets in NONSENSE:
        try:
            taken = await unpacked(sandbox, octets)
        except Crashed as error:
            raise AssertionError(octets[:80]) from error
        except SandboxError:
            continue
        assert all(part.name and len(part.name) <= MAX_NAME for part in taken.parts)


@pytest.mark.parametrize(
    "listing",
    [b"", b"[", b"{}", b"[1]", b'[{"kind":"x"}]', b'[{"kind":"file","size":-1,"depth":0}]', b"[" + b"1," * 600 + b"1]"],
)
async def test_a_hostile_worker_is_not_believed(listing: bytes) -> None:
    taken = Taken()
    parts = Parts(taken.listed, taken.take, cap=1000)
    with pytest.raises(Exception, match="offset 0"):
        parts.open({"name": "part", "number": 0})
    sink = parts.open({"name": "listing"})
    await sink(listing)
    with pytest.raises(Exception, match="offset 0"):
        await parts.close()


async def test_parts_come_once_in_order_and_within_the_cap() -> None:
    taken = Taken()
    parts = Parts(taken.listed, taken.take, cap=10)
    sink = parts.open({"name": "listing"})
    await sink(b'[{"kind":"file","name":"a","format":"x/y","size":3,"depth":0}]')
    await parts.close()
    wrong: list[Header] = [{"name": "part", "number": 1}, {"name": "listing"}, {"name": "result"}]
    for header in wrong:
        with pytest.raises(Exception, match="offset 0"):
            parts.open(header)
    sink = parts.open({"name": "part", "number": 0})
    await sink(b"abc")
    with pytest.raises(TooLarge):
        await sink(b"x" * 20)
    await parts.abandon()
