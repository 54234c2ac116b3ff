"""The sheets whose pictures are stored in tests/data/pages: what is printed on them, and how they are remade.

`python -m tests.sandbox.pipeline.pictures` draws them anew; look at each before it is committed.
"""

import asyncio
import io
from pathlib import Path
from typing import Any

from PIL import Image

from sandbox.client import Sandbox
from sandbox.recipe import Cover, Media, Pick, Recipe, Stamp
from tests.sandbox.conftest import SMALL
from tests.sandbox.pipeline.sheets import A4, numbered
from tests.sandbox.samples import stream

STORED = Path(__file__).parents[2] / "data" / "pages"
WIDTH = 160

# A page that can be told from its turned and mirrored self: a red bar on top, a green block at the lower right.
_DRAW = b"0.85 0.1 0.1 rg 40 700 515 40 re f 0 0.55 0.2 rg 380 60 160 220 re f 0 g 60 300 180 180 re f 0 G 8 w 60 60 250 180 re S"
_MARGINS = Media(width=21000, height=29700, top=1500, right=1500, bottom=1500, left=1500)

CASES: dict[str, tuple[int, dict[str, Any]]] = {
    "plain": (1, {}),
    "two-up": (1, {"number_up": 2, "media": A4, "borders": True}),
    "six-up-leftwards": (1, {"number_up": 6, "media": A4, "direction": "toleft-tobottom", "borders": True}),
    "nine-up-downwards": (1, {"number_up": 9, "media": A4, "direction": "tobottom-toright"}),
    "booklet-back": (2, {"imposition": "signature", "media": A4, "sides": "two-sided-short-edge"}),
    "fit-margins": (1, {"media": _MARGINS, "scaling": "fit"}),
    "percent": (1, {"scaling": "percent", "percent": 50}),
    "landscape": (1, {"orientation": "landscape", "media": A4, "scaling": "fit"}),
    "turned-pick": (1, {"picks": (Pick(page=2, rotate=90),)}),
    "grey": (1, {"color": "monochrome"}),
    "watermark": (
        1,
        {
            "stamps": (
                Stamp(text="Entwurf {user}", angle=55, opacity=80),
                Stamp(text="{page}/{pages}", position="bottom"),
            )
        },
    ),
    "cover": (1, {"cover": Cover(title="{user}", lines=("Bericht.docx", "2026-03-01"))}),
    "light": (1, {"toner": "light"}),
    "outline": (1, {"toner": "outline", "resolution": 150}),
}


async def picture(sandbox: Sandbox, name: str) -> Image.Image:
    """The case's side as it comes out now."""
    side, fields = CASES[name]
    recipe = Recipe(**{"variables": (("user", "Anna"),)} | fields)
    found: list[bytes] = []

    async def keep(_: int, data: bytes) -> None:
        found.append(data)

    await sandbox.preview(stream(numbered(10, draw=_DRAW)), recipe, keep, sides=(side,), width=WIDTH)
    with Image.open(io.BytesIO(found[0])) as opened:
        return opened.convert("RGB")


async def remake() -> None:
    STORED.mkdir(parents=True, exist_ok=True)
    async with Sandbox(SMALL) as sandbox:
        for name in CASES:
            (await picture(sandbox, name)).quantize(64).save(STORED / f"{name}.png", optimize=True)


if __name__ == "__main__":
    asyncio.run(remake())
