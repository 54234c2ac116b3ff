"""Runs once more, alone and one after the other, what has just failed beside other tests: `python -m tests.again`.

Browsers, mail servers and databases of many tests share a few processors; a wait that ends too early there is a timing,
and no timing fails a test. What fails alone, too, is broken. What passes alone is named all the same: something in it, or
in what it tests, does not bear a crowd.
"""

import json
import subprocess
import sys
from pathlib import Path

LAST_FAILED = Path(".pytest_cache/v/cache/lastfailed")
MOST = 10  # failures by a crowd; so many have one cause


def plain(name: str) -> str:
    """A test's name as pytest takes it: pytest-xdist writes the group behind it, as in `test_it[a]@group`."""
    test, _, group = name.rpartition("@")
    return test if test and "]" not in group else name


def main() -> int:
    failed = [plain(name) for name in json.loads(LAST_FAILED.read_text())] if LAST_FAILED.exists() else []
    if not 0 < len(failed) <= MOST:
        return 1
    sys.stdout.write("\nOnce more, alone:\n")
    sys.stdout.flush()
    done = subprocess.run([sys.executable, "-m", "pytest", "-v", *failed], check=False)
    if done.returncode == 0:
        listed = "\n".join(f"  {name}" for name in failed)
        sys.stdout.write(f"\nThese failed beside others and passed alone. Find out why:\n{listed}\n")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
