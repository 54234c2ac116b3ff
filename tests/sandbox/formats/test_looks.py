"""Converted pages look as they looked when a person last looked at them."""

import pytest
from PIL import Image

from sandbox.client import Sandbox
from tests.sandbox.formats.looks import CASES, STORED, look
from tests.sandbox.pipeline.test_pictures import unlike

pytestmark = pytest.mark.xdist_group("office")

# The pages are mostly white: a heading in another place is over this, and the same page drawn again is at nothing.
_MEAN = 0.4
_FAR = 0.002


async def test_as_stored(sandbox: Sandbox) -> None:
    apart = {}
    for name in CASES:
        found = await look(sandbox, name)
        with Image.open(STORED / f"{name}.png") as stored:
            assert stored.size == found.size, name
            mean, far = unlike(found.convert("RGB"), stored.convert("RGB"))
        if not (mean < _MEAN and far < _FAR):
            apart[name] = f"mean {mean:.2f}, far {far:.4f}"
    assert apart == {}


def test_every_two_are_apart_by_more_than_the_tolerance() -> None:
    pictures = {name: Image.open(STORED / f"{name}.png").convert("RGB") for name in CASES}
    names = sorted(pictures)
    for number, one in enumerate(names):
        for other in names[number + 1 :]:
            if pictures[one].size == pictures[other].size:
                mean, far = unlike(pictures[one], pictures[other])
                assert mean >= _MEAN or far >= _FAR, f"{one} and {other} can't be told apart"
