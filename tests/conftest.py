"""Puts the repository's root on the path, so that every test can import `tests.fakes` and its own neighbours.

And names tests alike in every process that collects them, without which pytest-xdist refuses to run any.
"""

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

LONGEST_NAME = 40
"""Octets of a parameter that still name their test: shorter ones are written down, longer ones are made."""


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """A document made for a test carries the clock (a zip's directory, a profile's date): it can't be a name."""
    return argname if isinstance(val, bytes) and len(val) > LONGEST_NAME else None
