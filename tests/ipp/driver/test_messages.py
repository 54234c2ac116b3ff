"""The lines and files of RFC 1179, by exact octets."""

from contextlib import suppress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from gateway.errors import BadRequest
from ipp.driver.control_file import ControlFile, parse
from ipp.driver.messages import Code, Command, Part, Subcommand, read_command, read_subcommand


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (b"\x01find-me\n", Command(code=Code.PRINT_WAITING, queue="find-me")),
        (b"\x02find-me\n", Command(code=Code.RECEIVE_JOB, queue="find-me")),
        (b"\x03find-me\n", Command(code=Code.SHORT_STATE, queue="find-me")),
        (b"\x03find-me \n", Command(code=Code.SHORT_STATE, queue="find-me")),
        (b"\x04find-me ada 12\n", Command(code=Code.LONG_STATE, queue="find-me", operands=("ada", "12"))),
        (
            b"\x05find-me\tada\v12\f13\r\n",
            Command(code=Code.REMOVE_JOBS, queue="find-me", operands=("ada", "12", "13")),
        ),
        (b"\x02\n", Command(code=Code.RECEIVE_JOB, queue="")),
        (b"\x02b\xfcro\n", Command(code=Code.RECEIVE_JOB, queue="büro")),
    ],
    ids=["waiting", "receive", "short", "trailing space", "long", "remove", "no queue", "latin-1"],
)
def test_commands(line: bytes, command: Command) -> None:
    assert read_command(line) == command


@pytest.mark.parametrize(
    ("line", "sub", "number"),
    [
        (b"\x01\n", Subcommand(part=Part.ABORT), ""),
        (
            b"\x02123 cfA012host\n",
            Subcommand(part=Part.CONTROL_FILE, count=123, name="cfA012host"),
            "012",
        ),
        (b"\x030 dfB7\n", Subcommand(part=Part.DATA_FILE, count=0, name="dfB7"), "7"),
        (b"\x03125899906843000 a b\n", Subcommand(part=Part.DATA_FILE, count=125899906843000, name="a b"), ""),
        (b"\x0399\n", Subcommand(part=Part.DATA_FILE, count=99), ""),
    ],
    ids=["abort", "control", "empty data", "no size", "no name"],
)
def test_subcommands(line: bytes, sub: Subcommand, number: str) -> None:
    assert read_subcommand(line) == sub
    assert sub.number == number


@pytest.mark.parametrize("line", [b"\n", b"GET / HTTP/1.1\r\n", b"\x06find-me\n", b"\x00\n"])
def test_what_is_no_command(line: bytes) -> None:
    with pytest.raises(BadRequest, match="port"):
        read_command(line)


@pytest.mark.parametrize(
    "line", [b"\n", b"\x04\n", b"\x02\n", b"\x02-5 cfA1\n", b"\x03dfA1\n", b"\x03" + b"9" * 20 + b" x\n"]
)
def test_what_is_no_part(line: bytes) -> None:
    with pytest.raises(BadRequest):
        read_subcommand(line)


WHOLE = b"Hhost.example\nPada\nJReport\nClass\nLada\nfdfA012host\nUdfA012host\nNreport.txt\n"


def test_a_control_file() -> None:
    assert parse(WHOLE) == ControlFile(host="host.example", user="ada", name="Report", files=("dfA012host",))


@pytest.mark.parametrize("letter", "cdfgklnoprtv")
def test_every_letter_that_prints(letter: str) -> None:
    assert parse(f"{letter}dfA1h\n".encode()).files == ("dfA1h",)


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"Pada\nldfA1h\nldfA1h\nldfA1h\nUdfA1h\n", ControlFile(user="ada", files=("dfA1h",), copies=3)),
        (b"fdfA1h\nN/home/ada/a.txt\nfdfB1h\nNb.txt\n", ControlFile(name="a.txt", files=("dfA1h", "dfB1h"))),
        (b"odfA1h\r\nNC:\\users\\ada\\a.ps\r\n", ControlFile(name="a.ps", files=("dfA1h",))),
        (b"fdfA1h\nTTitle\n", ControlFile(name="Title", files=("dfA1h",))),
        (b"PZo\xc3\xab\nfdfA1h", ControlFile(user="Zoë", files=("dfA1h",))),
        (b"PZo\xeb\nfdfA1h\n\0", ControlFile(user="Zoë", files=("dfA1h",))),
        (b"Pada\nPeve\nfx\n", ControlFile(user="ada", files=("x",))),
        (b"J/home/ada/plans.pdf\nfx\n", ControlFile(name="plans.pdf", files=("x",))),
        (b"JC:\\Users\\ada\\plans.doc\nfx\n", ControlFile(name="plans.doc", files=("x",))),
        (b"JMinutes 5/6\nfx\n", ControlFile(name="Minutes 5/6", files=("x",))),
        (b"JA\x1b[31mred\x07\nfx\n", ControlFile(name="A[31mred", files=("x",))),
    ],
    ids=[
        "copies",
        "two files",
        "windows",
        "title",
        "utf-8",
        "latin-1",
        "said twice",
        "path",
        "drive",
        "stroke",
        "control characters",
    ],
)
def test_control_files_as_they_come(octets: bytes, expected: ControlFile) -> None:
    assert parse(octets) == expected


@pytest.mark.parametrize("octets", [b"", b"\n", b"Hhost\nPada\n", b"P\n" * 3000 + b"fx\n"])
def test_what_names_nothing_to_print(octets: bytes) -> None:
    with pytest.raises(BadRequest):
        parse(octets)


@given(octets=st.binary(max_size=2000))
@example(octets=WHOLE)
def test_whatever_comes_is_read_or_refused(octets: bytes) -> None:
    for read in (read_command, read_subcommand, parse):
        with suppress(BadRequest):
            assert repr(read(octets)).isprintable()
