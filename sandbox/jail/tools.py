"""Other people's converters as separate programs inside the same jail: fixed command lines, our own file names."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from sandbox.errors import Broken, FormatUnsupported, TooLarge

MUTOOL = "/usr/bin/mutool"
RSVG = "/usr/bin/rsvg-convert"

_TAIL = 8 * 1024
_KILLED = {-9, 137}
_OUT_OF_MEMORY = ("malloc", "out of memory", "cannot allocate", "memory allocation")


def run(argv: Sequence[str], target: Path) -> str:
    """Run a program that writes `target`; returns the end of what it said.

    Broken when it fails or writes nothing (an exit status of 0 alone proves nothing), TooLarge when it was killed or
    found no memory, FormatUnsupported when it is not installed.
    """
    if not Path(argv[0]).exists():
        raise FormatUnsupported(f"{Path(argv[0]).name} is not installed on this server")
    log = target.with_suffix(".log")
    with log.open("wb") as output:
        done = subprocess.run(  # noqa: S603 - a fixed program and file names of our own
            argv, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=False, cwd=target.parent
        )
    said = _end_of(log)
    log.unlink()
    if done.returncode in _KILLED or any(word in said.lower() for word in _OUT_OF_MEMORY):
        raise TooLarge(f"{Path(argv[0]).name}: {said[-200:]}", limit="memory")
    if done.returncode != 0 or not target.exists() or target.stat().st_size == 0:
        raise Broken(f"{Path(argv[0]).name}: {said[-200:]}")
    return said


def _end_of(log: Path) -> str:
    with log.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL))
        return file.read().decode("utf-8", "replace")
