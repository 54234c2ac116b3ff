"""The end of a mail and nothing else ends a mail; smuggling, dots, and lines without end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emailprint.data import MAX_LINE, Content


def fed(octets: bytes, *, step: int) -> tuple[bytes, Content]:
    content, plain = Content(), b""
    for at in range(0, len(octets), step):
        if content.done:
            content.rest += octets[at : at + step]
        else:
            plain += content.feed(octets[at : at + step])
    return plain, content


@pytest.mark.parametrize("step", [1, 2, 3, 5, 1000])
def test_content_and_what_follows_it(step: int) -> None:
    plain, content = fed(b"A: b\r\n\r\n..dot\r\n...\r\n.x\r\n\r\n.\r\nMAIL FROM:<>\r\n", step=step)
    assert plain == b"A: b\r\n\r\n.dot\r\n..\r\nx\r\n\r\n"
    assert (content.done, content.bare, content.rest) == (True, False, b"MAIL FROM:<>\r\n")


@pytest.mark.parametrize("step", [1, 4, 100])
def test_a_mail_of_nothing(step: int) -> None:
    plain, content = fed(b".\r\nQUIT\r\n", step=step)
    assert (plain, content.done, content.rest) == (b"", True, b"QUIT\r\n")


@pytest.mark.parametrize("step", [1, 3, 1000])
@pytest.mark.parametrize(
    "end",
    [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n", b"\r\n.\r", b"\r.\r\n", b"\r\n\r.\r\n", b"\r\n.\r\r\n", b"\n\n.\n\n"],
)
def test_no_other_end_is_one_and_its_mail_is_refused(end: bytes, step: int) -> None:
    """Each is what some server takes for the end: here the commands behind it stay text, and none of it is kept."""
    smuggled = b"To: a\r\n\r\nhello" + end + b"MAIL FROM:<evil@example.org>\r\nDATA\r\nforged\r\n.\r\nNOOP\r\n"
    _, content = fed(smuggled, step=step)
    assert (content.done, content.bare) == (True, True)
    assert content.rest == b"NOOP\r\n"


def test_a_line_without_end_is_not_held() -> None:
    content = Content()
    for _ in range(3 * MAX_LINE // 65536):
        assert content.feed(b"x" * 65536) == b""
        assert len(content._held) <= MAX_LINE + 65536
    assert content.too_long
    content.feed(b"\r\n.\r\nQUIT\r\n")
    assert (content.done, content.rest) == (True, b"QUIT\r\n")


@given(
    st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\r", b"").replace(b"\n", b""))), st.integers(1, 40)
)
def test_what_is_stuffed_comes_out_as_it_was(lines: list[bytes], step: int) -> None:
    whole = b"".join(line + b"\r\n" for line in lines)
    stuffed = b"".join((b"." + line if line.startswith(b".") else line) + b"\r\n" for line in lines)
    plain, content = fed(stuffed + b".\r\n", step=step)
    assert (plain, content.done, content.refused) == (whole, True, False)
