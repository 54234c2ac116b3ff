"""Sheets look as they looked when a person last looked at them."""

import pytest
from PIL import Image, ImageChops, ImageStat

from sandbox.client import Sandbox
from tests.sandbox.pipeline.pictures import CASES, STORED, picture

# Other versions of the fonts and of pdfium draw edges a little differently; a block that moves by 3 mm is over this.
_MEAN = 3.0
_FAR = 0.02


def unlike(one: Image.Image, other: Image.Image) -> tuple[float, float]:
    """The mean difference of all channels, of 255, and the part of the pixels that are far apart."""
    difference = ImageChops.difference(one, other)
    mean = sum(ImageStat.Stat(difference).mean) / 3
    far = difference.convert("L").point(lambda value: 255 if value > 96 else 0)
    return mean, ImageStat.Stat(far).mean[0] / 255


@pytest.mark.parametrize("name", CASES)
async def test_as_stored(sandbox: Sandbox, name: str) -> None:
    found = await picture(sandbox, name)
    with Image.open(STORED / f"{name}.png") as stored:
        assert stored.size == found.size
        mean, far = unlike(found, stored.convert("RGB"))
    assert (mean < _MEAN, far < _FAR) == (True, True), f"mean {mean:.2f}, far {far:.4f}"


def test_every_two_are_apart_by_more_than_the_tolerance() -> None:
    pictures = {}
    for name in CASES:
        with Image.open(STORED / f"{name}.png") as stored:
            pictures[name] = stored.convert("RGB")
    names = sorted(pictures)
    for number, one in enumerate(names):
        for other in names[number + 1 :]:
            if pictures[one].size == pictures[other].size:
                mean, far = unlike(pictures[one], pictures[other])
                assert mean >= _MEAN or far >= _FAR, f"{one} and {other} can't be told apart"
