"""Documents through the sandbox against a cold `soffice --convert-to pdf` and a warm unoserver, in turn, in the same run.

Ours is measured from the first byte in to the last finding out: the PDF is clean by then, its pages are looked at and
their colour is known. The others make a PDF and nothing more.
"""

import asyncio
import io
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from time import perf_counter

from PIL import Image

from sandbox.client import Sandbox
from sandbox.memory import _pss, _tree
from sandbox.model import Thumbnails
from sandbox.pool import Pool
from sandbox.settings import SandboxSettings
from tests.benchmarks.convert_peers import Cold, NotHere, Unoserver, unoserver
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report
from tests.sandbox.office import documents as d
from tests.sandbox.samples import Collected, pdf, stream

OFFICE = {
    "1-page.docx": d.docx_with("hello"),
    "20-pages.docx": d.long_docx(6, 20),
    "2000-rows.xlsx": d.xlsx_rows(2000),
    "20-slides.pptx": d.pptx(20),
    "text.txt": b"The quick brown fox.\n" * 200,
    "page.html": b"<html><body>" + b"<h1>Title</h1><p>Words of a page.</p>" * 40 + b"</body></html>",
}
TIMES_COLD = 8.0
TIMES_UNOSERVER = 1.3
TIMES_COLD_SUSTAINED = 5.0
LIGHT_SECONDS = 0.3
FIRST_PAGE_SECONDS = 1.0
HUNDRED_PAGES_SECONDS = 1.0
BATCH = 5  # times all six documents


def convert(plan: Plan, report: Report) -> None:
    """The six office documents, a batch of them, what needs no office, previews and memory."""
    asyncio.run(_convert(plan.runs, report))


async def _convert(rounds: int, report: Report) -> None:
    with tempfile.TemporaryDirectory() as name, ExitStack() as peers:
        cold = Cold(Path(name) / "cold")
        (Path(name) / "unoserver").mkdir()
        try:
            warm: Unoserver | None = peers.enter_context(unoserver(Path(name) / "unoserver"))
        except NotHere as error:
            warm = None
            report.title(f"unoserver is not measured: {error}")
        async with Sandbox(SandboxSettings(office_workers=2, office_ready=2, office_at_start=True)) as sandbox:
            await _ready(sandbox)
            await _one_by_one(sandbox, cold, warm, rounds, report)
            await _sustained(sandbox, Cold(Path(name) / "cold-2"), cold, report)
            await _light(sandbox, rounds, report)
            await _previews(sandbox, rounds, report)
            await _ready(sandbox)
            _memory(sandbox, report)


async def _one_by_one(sandbox: Sandbox, cold: Cold, warm: Unoserver | None, rounds: int, report: Report) -> None:
    report.title(f"Office documents to PDF, ready pool, p50 of {rounds} rounds in turn")
    taken: dict[tuple[str, str], list[float]] = defaultdict(list)
    refused: dict[str, str] = {}
    for round_ in range(rounds + 1):
        for name, document in OFFICE.items():
            ours = await _prepared(sandbox, document)
            theirs = {"cold": await asyncio.to_thread(cold.seconds, name, document)}
            if warm is not None and name not in refused:
                try:
                    theirs["unoserver"] = await asyncio.to_thread(warm.seconds, document)
                except NotHere as error:
                    refused[name] = str(error)
            # The first round is for everybody's caches.
            for who, seconds in ({"ours": ours} | theirs).items() if round_ else ():
                taken[who, name].append(1000 * seconds)
    for name in OFFICE:
        _told(name, taken, refused, report)


def _told(name: str, taken: dict[tuple[str, str], list[float]], refused: dict[str, str], report: Report) -> None:
    mine, cold = median(taken["ours", name]), median(taken["cold", name])
    report.ratio(name, mine, cold, peer="cold soffice", unit="ms", note=f"{cold / mine:.1f} times as fast")
    report.at_least(f"convert {name}: times cold soffice's speed", cold / mine, floor=TIMES_COLD, goal=TIMES_COLD)
    if taken["unoserver", name] and name not in refused:
        shared = median(taken["unoserver", name])
        report.ratio(name, mine, shared, peer="unoserver, warm", unit="ms")
        report.at_most(f"convert {name}: times unoserver's time", mine / shared, TIMES_UNOSERVER, "x")
    elif name in refused:
        report.title(f"  {name}: unoserver can't do it: {refused[name]}")


async def _sustained(sandbox: Sandbox, one: Cold, other: Cold, report: Report) -> None:
    """One person's documents and the cold ones, two at once either way: a processor each."""
    documents = list(OFFICE.items()) * BATCH
    report.title(f"A batch of {len(documents)} mixed office documents of one submitter")
    await _ready(sandbox)
    ours_todo = iter(documents)

    async def submit() -> None:
        for _, document in ours_todo:
            await sandbox.prepare(stream(document), None, Collected(), batch="bench")

    start = perf_counter()
    await asyncio.gather(submit(), submit())
    ours = len(documents) / (perf_counter() - start)
    todo = iter(documents[: 2 * len(OFFICE)])

    def work(cold: Cold, todo: Iterator[tuple[str, bytes]]) -> None:
        for name, document in todo:
            cold.seconds(name, document)

    start = perf_counter()
    await asyncio.gather(*(asyncio.to_thread(work, cold, todo) for cold in (one, other)))
    theirs = 2 * len(OFFICE) / (perf_counter() - start)
    report.ratio("documents a second", ours, theirs, peer="2 cold soffices", unit="1/s")
    least = TIMES_COLD_SUSTAINED
    report.at_least("convert a batch: times cold soffices' throughput", ours / theirs, floor=least, goal=least)


async def _light(sandbox: Sandbox, rounds: int, report: Report) -> None:
    report.title(f"What needs no office, p50 of {rounds}")
    for name, document in _light_documents().items():
        taken = median([await _prepared(sandbox, document) for _ in range(rounds)])
        report.line(name, 1000 * taken, "ms")
        report.at_most(f"convert {name}", taken, LIGHT_SECONDS, "s")


def _light_documents() -> dict[str, bytes]:
    picture = Image.effect_noise((400, 300), 40).resize((4000, 3000)).convert("RGB")
    return {
        "photo of 12 megapixels (JPEG)": _image(picture, "JPEG"),
        "picture of 2 megapixels (PNG)": _image(picture.resize((1600, 1200)), "PNG"),
        "text of 4 pages": OFFICE["text.txt"],
        "PDF of 20 pages": pdf(20),
    }


def _image(picture: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind)
    return buffer.getvalue()


async def _previews(sandbox: Sandbox, rounds: int, report: Report) -> None:
    report.title(f"What people wait for, p50 of {rounds}")
    ten = d.long_docx(6, 10)
    first = median([(await _pictured(sandbox, ten))[0] for _ in range(rounds)])
    report.line("first page of a DOCX of 10 pages", 1000 * first, "ms")
    report.at_most("convert: first preview page of 10", first, FIRST_PAGE_SECONDS, "s")
    whole = median([(await _pictured(sandbox, pdf(100)))[1] for _ in range(rounds)])
    report.line("PDF of 100 pages ready", 1000 * whole, "ms")
    report.at_most("convert: 100-page PDF ready", whole, HUNDRED_PAGES_SECONDS, "s")


def _memory(sandbox: Sandbox, report: Report) -> None:
    report.title("Memory of ready workers, proportional set size")
    assert sandbox.office.pool is not None
    for what, pool in (("light", sandbox.pool), ("office", sandbox.office.pool)):
        for number, first in enumerate(pool.processes, 1):
            report.line(f"{what} worker {number}", sum(_pss(pid) for pid in _tree(first)) / 2**20, "MiB")


async def _prepared(sandbox: Sandbox, document: bytes) -> float:
    await _ready(sandbox)
    start = perf_counter()
    await sandbox.prepare(stream(document), None, Collected())
    return perf_counter() - start


async def _pictured(sandbox: Sandbox, document: bytes) -> tuple[float, float]:
    """Until the first page was seen, and until all was done."""
    await _ready(sandbox)
    seen: list[float] = []

    async def picture(page: int, data: bytes) -> None:
        seen.append(perf_counter())

    start = perf_counter()
    await sandbox.prepare(
        stream(document), None, Collected(), thumbnails=Thumbnails(count=3, width=800), thumbnail_sink=picture
    )
    return seen[0] - start, perf_counter() - start


async def _ready(sandbox: Sandbox) -> None:
    """Until the pools are full and what was used has gone: that is a quiet machine, not one in the middle of a start."""
    while not (_full(sandbox.pool) and sandbox.office.pool is not None and _full(sandbox.office.pool)):
        await asyncio.sleep(0.05)


def _full(pool: Pool) -> bool:
    return pool.ready == 2 == len(pool.processes)
