"""Readers of foreign formats under noise: whatever comes in, a value or one of our own refusals comes out."""

import contextlib
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import lxml.etree
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox import kinds
from sandbox.errors import SandboxError
from sandbox.jail import flow, mail, outlook, sniff, survey, web
from sandbox.jail.task import Task
from tests.sandbox.formats import fixed, flowing, office

_A4 = (595, 842)
_SAMPLES = {
    kinds.DOCX: office.docx_file("TOKENX001X", 1, _A4, kinds.DOCX),
    kinds.XLSX: office.xlsx("TOKENX002X", 1, kinds.XLSX),
    kinds.PPTX: office.pptx("TOKENX003X", 1),
    kinds.ODT: office.odt("TOKENX004X", 1, _A4, kinds.ODT),
    kinds.XPS: fixed.xps("TOKENX005X", 1),
    kinds.EPUB: flowing.epub("TOKENX006X", 1),
    kinds.EML: flowing.mail("TOKENX007X", attachments=2, html=True),
    kinds.MSG: flowing.message("TOKENX008X", attachments=1),
    kinds.DOC: office.shipped("word.doc"),
}
_few = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
_damage = st.lists(st.tuples(st.floats(0, 0.999), st.integers(0, 255)), max_size=12)


def _damaged(kind: str, changes: list[tuple[float, int]], kept: float) -> bytes:
    data = bytearray(_SAMPLES[kind])
    for place, value in changes:
        data[int(place * len(data))] = value
    return bytes(data[: max(1, int(kept * len(data)))])


def _read(data: bytes, read: Callable[[Path], object]) -> None:
    with tempfile.TemporaryDirectory() as folder, contextlib.suppress(SandboxError):
        path = Path(folder) / "source"
        path.write_bytes(data)
        read(path)


@pytest.mark.parametrize("kind", list(_SAMPLES))
@_few
@given(changes=_damage, kept=st.sampled_from([1.0, 1.0, 0.9, 0.5, 0.1]))
def test_damaged_containers_and_mails(kind: str, changes: list[tuple[float, int]], kept: float) -> None:
    data = _damaged(kind, changes, kept)

    def read(path: Path) -> None:
        found = sniff.sniff(path, data[: sniff.HEAD]).format
        survey.glance(path, found)
        survey.survey(path, found)
        if found == kinds.EML:
            mail.body_of(mail.letter_of(path), Task(operation="prepare", folder=path.parent))
        elif found == kinds.MSG:
            outlook.letter_of(path)

    _read(data, read)


@_few
@given(data=st.binary(max_size=400))
def test_any_bytes_have_a_kind_or_a_refusal(data: bytes) -> None:
    _read(data, lambda path: sniff.sniff(path, data[: sniff.HEAD]))


_PIECES = [
    "<p>",
    "</p>",
    "<b",
    "<script>",
    "</script>",
    "<img src=http://x/>",
    "<img src='data:image/png;base64,AA=='>",
    "<a href=x>",
    "<table><tr><td>",
    "<style>",
    "<!--",
    "-->",
    "]]>",
    "<![CDATA[",
    "&lt;",
    "&#0;",
    "&#x1;",
    "<svg><image href=x>",
    "<p style='",
    "background:url(http://x)",
    "color:red;",
    "'>",
    "<p onclick=x()>",
    "<iframe src=x>",
    "\x00",
    "text",
    "é",
    "<font face='\"><script>'>",
]
_markup = st.lists(st.sampled_from(_PIECES), max_size=30).map("".join)


@_few
@given(markup=_markup)
def test_a_cleaned_page_is_well_formed_and_fetches_nothing(markup: str) -> None:
    with contextlib.suppress(SandboxError):
        inside, _ = web.body(markup)
        root = lxml.etree.fromstring(flow.document(inside).encode())
        tags = {lxml.etree.QName(element).localname for element in root.find("{*}body").iter()}
        assert not tags & {"script", "style", "iframe", "svg", "object", "link", "image"}
        for element in root.find("{*}body").iter():
            assert not any(name.startswith("on") or name == "href" for name in element.attrib)
            assert "url(" not in element.get("style", "")
            assert re.match(r"data:image/|\Z", element.get("src", ""))


@_few
@given(text=st.text(max_size=300))
def test_any_text_becomes_well_formed_pages(text: str) -> None:
    task = Task(operation="prepare", folder=Path())
    lxml.etree.fromstring(flow.document(flow.preformatted(text, task)).encode("utf-8", "replace"))
