"""Every document that wants to do harm, as this user and, where this one is root, once more as a plain one."""

import json
import os

import pytest

from tests.sandbox import plain_user
from tests.sandbox.attacks import catalogue
from tests.sandbox.attacks.ordeal import Outcome, ordeal

pytestmark = pytest.mark.timeout(600)

# What these can't be but refused with; of the others a harmless result is as good.
REFUSED = {
    "empty": "Broken",
    "elf": "FormatUnsupported",
    "random": "FormatUnsupported",
    "PDF under a password": "Encrypted",
    "PDF not to be printed": "PrintForbidden",
    "pixel bomb": "TooLarge",
    "zip bomb": "TooLarge",
    "a symlink": "Broken",
    "billion laughs": "Broken",
    "mail of 100,000 parts": "TooLarge",
    "PostScript that loops": "TimedOut",
    "PDF whose forms multiply": "TimedOut",
    "zip-bomb": "TooLarge",
    "laughs": "Broken",
}


def _judge(outcome: Outcome) -> None:
    assert outcome.faults == {}
    assert set(outcome.endings) == {*catalogue.light(), *catalogue.endless(), *catalogue.by_office()}
    assert {name: outcome.endings[name] for name in REFUSED} == REFUSED
    # A worker that breaks down keeps nobody's document back, but it is no answer to anybody.
    assert [name for name, ending in outcome.endings.items() if ending == "Crashed"] == []


async def test_nothing_is_fetched_shown_or_left() -> None:
    _judge(await ordeal())


def test_the_same_as_a_plain_user() -> None:
    if os.geteuid() != 0:
        return  # the other test has just shown it
    said = plain_user.run(
        "import asyncio, json\n"
        "from dataclasses import asdict\n"
        "from tests.sandbox.attacks.ordeal import ordeal\n"
        "print(json.dumps(asdict(asyncio.run(ordeal()))))\n"
    )
    _judge(Outcome(**json.loads(said)))
