"""Puts the repository's root on the path, so that every test can import `tests.fakes` and its own neighbours."""

import sys
from pathlib import Path

ROOT = str(Path(__file__).resolve().parent.parent)
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)
