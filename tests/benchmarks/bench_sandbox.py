"""Office documents through ready workers against a cold `soffice --convert-to pdf`, in the same run.

Medians from bytes in to a clean PDF out while the pools are full, the ratio, and the memory of ready workers.
"""

import asyncio
import subprocess
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

from sandbox import code
from sandbox.client import Sandbox
from sandbox.jail.office_profile import write_profile
from sandbox.memory import _pss, _tree
from sandbox.settings import SandboxSettings
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report
from tests.sandbox.office import documents as d
from tests.sandbox.samples import Collected, stream

DOCUMENTS = {
    "1-page.docx": d.docx_with("hello"),
    "20-pages.docx": d.long_docx(6, 20),
    "2000-rows.xlsx": d.xlsx_rows(2000),
    "20-slides.pptx": d.pptx(20),
    "text.txt": b"The quick brown fox.\n" * 200,
    "page.html": b"<html><body>" + b"<h1>Title</h1><p>Words of a page.</p>" * 40 + b"</body></html>",
}


def cold(folder: Path, name: str) -> float:
    start = perf_counter()
    command = [str(code.office_program() / "soffice.bin"), f"-env:UserInstallation={(folder / 'profile').as_uri()}"]
    command += ["--headless", "--convert-to", "pdf", "--outdir", str(folder), str(folder / name)]
    subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
    return perf_counter() - start


async def ready(sandbox: Sandbox, document: bytes) -> float:
    """From bytes in to a clean PDF out, once the pools are full again."""
    while sandbox.pool.ready < 1 or sandbox.office.pool is None or sandbox.office.pool.ready < 1:
        await asyncio.sleep(0.05)
    start = perf_counter()
    await sandbox.prepare(stream(document), None, Collected())
    return perf_counter() - start


def convert(plan: Plan, report: Report) -> None:
    """One line a document; judges the least ratio, which is to be 8."""
    asyncio.run(_convert(plan.runs, report))


async def _convert(rounds: int, report: Report) -> None:
    report.title(f"Office documents to PDF, median of {rounds}")
    ratios = []
    sandbox = Sandbox(SandboxSettings(office_workers=2, office_ready=2, office_at_start=True))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_profile(folder / "profile", code.office_program())
        async with sandbox:
            for title, document in DOCUMENTS.items():
                (folder / title).write_bytes(document)
                warm = median([await ready(sandbox, document) for _ in range(rounds)])
                slow = median([await asyncio.to_thread(cold, folder, title) for _ in range(rounds)])
                report.ratio(title, 1000 * warm, 1000 * slow, peer="cold soffice", unit="ms")
                ratios.append(slow / warm)
            assert sandbox.office.pool is not None
            for number, first in enumerate(sandbox.office.pool.processes, 1):
                size = sum(_pss(pid) for pid in _tree(first)) / 2**20
                report.line(f"memory of office worker {number} (proportional)", size, "MiB")
    report.at_least("convert: the least ratio to cold soffice", min(ratios), floor=8, goal=8)
