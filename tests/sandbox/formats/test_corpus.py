"""Every document of the corpus through real jails."""

from collections import Counter

import pytest

from sandbox import kinds
from sandbox.client import Sandbox
from sandbox.model import Thumbnails
from tests.sandbox.formats import corpus
from tests.sandbox.formats.checks import check, text_of
from tests.sandbox.formats.corpus import Sample
from tests.sandbox.samples import Collected, stream

_LIGHT = corpus.light()
_OFFICE = corpus.by_office()


def _groups(samples: list[Sample]) -> list[str]:
    return sorted({sample.name.partition("-")[0] for sample in samples})


@pytest.mark.parametrize("group", _groups(_LIGHT))
async def test_what_the_light_worker_converts(sandbox: Sandbox, group: str) -> None:
    for sample in _LIGHT:
        if sample.name.partition("-")[0] == group:
            await _converted(sandbox, sample)


@pytest.mark.xdist_group("office")
@pytest.mark.parametrize("group", _groups(_OFFICE))
async def test_what_the_office_worker_converts(sandbox: Sandbox, group: str) -> None:
    for sample in _OFFICE:
        if sample.name.partition("-")[0] == group:
            await _converted(sandbox, sample)


async def _converted(sandbox: Sandbox, sample: Sample) -> None:
    sink = Collected()
    prepared = await sandbox.prepare(
        stream(sample.make()), sample.declared or None, sink, thumbnails=Thumbnails(count=0), batch="corpus"
    )
    check(sample, prepared.facts, sink.data)


@pytest.mark.xdist_group("office")
async def test_documents_of_all_kinds_become_one(sandbox: Sandbox) -> None:
    """Office documents between others: each one's PDF comes back to its own place."""
    chosen = [next(one for one in corpus.everything() if one.name == name) for name in _MERGED]
    sink = Collected()
    facts = await sandbox.merge([stream(sample.make()) for sample in chosen], sink)
    assert facts.page_count == sum(sample.pages for sample in chosen)
    found = text_of(sink.data)
    places = [found.index(token) for sample in chosen for token in sample.tokens[:1]]
    assert places == sorted(places)


_MERGED = ("word-2", "pdf-1", "html-3", "txt-2", "jpeg-0", "odt-1", "raster-4", "sheet-0")


def test_the_corpus_has_every_format_and_enough_documents() -> None:
    everything = corpus.everything()
    assert len(everything) >= 300
    assert len({sample.name for sample in everything}) == len(everything)
    found = Counter(sample.format for sample in everything)
    # Variants of what is there, told apart in test_sniff, and what is under a password, in test_passwords.
    not_made = {kinds.LOCKED, kinds.PPSX, kinds.POTX}
    not_made |= {kinds.DOTM, kinds.XLTX, kinds.XLTM, kinds.OTP, kinds.ODG}
    # Counted and handed on, not converted; test_languages has them.
    not_made |= {kinds.PCL, kinds.PCLXL}
    assert set(found) == set(kinds.INPUT_FORMATS) - not_made
