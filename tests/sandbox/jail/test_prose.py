"""Text in the encodings that people's programs write."""

from pathlib import Path

import pytest

from sandbox.errors import Broken, TooLarge
from sandbox.jail import prose


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252", "utf-16-le"])
def test_encodings_of_plain_text(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "text"
    path.write_bytes("grüne Äpfel\n".encode(encoding))
    assert prose.text_of(path).removeprefix("\ufeff") == "grüne Äpfel\n"


@pytest.mark.parametrize(
    ("head", "encoding"),
    [
        ('<meta charset="windows-1251">', "cp1251"),
        ("<meta http-equiv=Content-Type content='text/html; charset=iso-8859-2'>", "iso8859-2"),
        ('<?xml version="1.0" encoding="koi8-r"?>', "koi8-r"),
        ("<meta charset=utf-8>", "utf-8"),
        ("", "utf-8"),
        ("<meta charset=nonsense>", "utf-8"),
    ],
)
def test_a_page_is_read_as_it_states(tmp_path: Path, head: str, encoding: str) -> None:
    words = "Łódź" if encoding == "iso8859-2" else "Привет"
    path = tmp_path / "page"
    path.write_bytes(f"{head}<p>{words}</p>".encode(encoding))
    assert words in prose.text_of(path, markup=True)


def test_a_page_that_states_a_wrong_encoding_is_still_read(tmp_path: Path) -> None:
    path = tmp_path / "page"
    path.write_bytes("<meta charset=utf-8><p>grün".encode("cp1252"))
    assert "grün" in prose.text_of(path, markup=True)


def test_what_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_bytes(b"\0\1\2\3")
    with pytest.raises(Broken):
        prose.text_of(path)
    with path.open("wb") as file:
        file.truncate(prose.MAX_TEXT + 1)
    with pytest.raises(TooLarge):
        prose.text_of(path)
