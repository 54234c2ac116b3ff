"""The pages whose pictures are stored in tests/data/pages/formats: one of each way a document becomes a page.

`python -m tests.sandbox.formats.looks` draws them anew; look at each before it is committed.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path

from PIL import Image

from sandbox.client import Sandbox
from sandbox.settings import SandboxSettings
from tests.sandbox.formats import corpus
from tests.sandbox.office import documents as d
from tests.sandbox.samples import Collected, drawn, stream

STORED = Path(__file__).parents[2] / "data" / "pages" / "formats"
WIDTH = 200
_SCALE = 0.5


def _sample(name: str) -> Callable[[], bytes]:
    return next(one for one in corpus.everything() if one.name == name).make


CASES: dict[str, Callable[[], bytes]] = {
    "docx": lambda: d.long_docx(6, 1),
    "docx-table": lambda: d.docx_table(20),
    "xlsx": lambda: d.xlsx_rows(30),
    "pptx": lambda: d.pptx(1),
    "odp": lambda: d.odp(1),
    "doc": _sample("old-word.doc"),
    "html": _sample("html-9"),
    "markdown": _sample("md-3"),
    "mail": _sample("eml-3"),
    "svg": _sample("svg-0"),
    "xps": _sample("xps-1"),
    "epub": _sample("epub-0"),
    "photo-turned": _sample("turned-2"),
}


async def look(sandbox: Sandbox, name: str) -> Image.Image:
    """The first page, small."""
    sink = Collected()
    await sandbox.prepare(stream(CASES[name]()), None, sink, batch="looks")
    page = drawn(sink.data, scale=_SCALE)
    return page.resize((WIDTH, max(1, round(WIDTH * page.height / page.width))), Image.Resampling.BOX)


async def _draw() -> None:
    STORED.mkdir(parents=True, exist_ok=True)
    async with Sandbox(SandboxSettings(workers=1, ready=1, office_workers=1, office_ready=1)) as sandbox:
        for name in CASES:
            picture = await look(sandbox, name)
            picture.quantize(64).save(STORED / f"{name}.png", optimize=True)


if __name__ == "__main__":
    asyncio.run(_draw())
