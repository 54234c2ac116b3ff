"""Runs a part of the tests as an ordinary user of this machine, whose gateway has no user ids to drop to."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from sandbox import code

UID = 60500
_ROOT = Path(__file__).parents[2]


def run(statements: str) -> bytes:
    """What the statements print in a home of their own; they see `sandbox` and `tests.sandbox`. Root alone can ask."""
    assert os.geteuid() == 0
    with _home() as folder:
        paths = [str(folder), str(folder / "lib")]
        done = subprocess.run(
            [
                *("setpriv", "--reuid", str(UID), "--regid", str(UID), "--clear-groups"),
                str(Path(getattr(sys, "_base_executable", sys.executable)).resolve()),
                *("-I", "-S", "-B", "-c", f"import sys; sys.path[:0] = {paths!r}\n{statements}"),
            ],
            capture_output=True,
            cwd=folder,
            env={"PATH": "/usr/bin", "TMPDIR": str(folder / "tmp"), "HOME": str(folder / "home")},
            check=False,
        )
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


@contextmanager
def _home() -> Iterator[Path]:
    """The sandbox, its tests and their libraries where any user can read them, and two folders of the user's own."""
    folder = Path(tempfile.mkdtemp(prefix="papertap-test-"))
    ignore = shutil.ignore_patterns("__pycache__")
    try:
        shutil.copytree(_ROOT / "sandbox", folder / "sandbox", ignore=ignore)
        shutil.copytree(_ROOT / "tests" / "sandbox", folder / "tests" / "sandbox", ignore=ignore)
        site = Path(pytest.__file__).parents[1]
        (folder / "lib").mkdir()
        names = (*code.LIBRARIES, "packaging", "pyseccomp.py", "typing_extensions.py")
        for source in (path for name in names for path in site.glob(name)):
            if source.is_dir():
                shutil.copytree(source, folder / "lib" / source.name, ignore=ignore)
            else:
                shutil.copy(source, folder / "lib" / source.name)
        subprocess.run(["chmod", "-R", "a+rX", str(folder)], check=True)
        for own in ("tmp", "home"):
            (folder / own).mkdir()
            os.chown(folder / own, UID, UID)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
