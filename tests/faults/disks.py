"""Disks that a test can fill, and whose power it can cut. They need root and, for power cuts, loop devices.

A power cut is the ioctl that `xfs_io -x -c shutdown` sends: from then on nothing reaches the image any more, and
what was only in memory is gone when the file system is mounted again. The journal's own commits are put off
(`commit=300`), so that only what was synced can be there.

After a cut it is a copy of the image that is mounted. The image itself may still be held, in its dead state, by the
mount namespace of some jail that was made meanwhile.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import pytest

IMAGE_SIZE = 96 * 1024 * 1024
OPTIONS = "loop,commit=300,noauto_da_alloc"


class Disk:
    """An ext4 image, mounted at `path`."""

    def __init__(self, directory: Path, name: str) -> None:
        self.path = directory / name
        self._images = (directory / f"{name}-{number}.img" for number in count())
        self._image = next(self._images)
        self.path.mkdir()
        with self._image.open("wb") as file:
            file.truncate(IMAGE_SIZE)
        _run("mkfs.ext4", "-q", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(self._image))
        self._mount()

    def cut_power(self) -> None:
        _run("xfs_io", "-x", "-c", "shutdown", str(self.path))

    def restart(self) -> None:
        """Mounts what had reached the disk; nobody may use it at this moment."""
        self.unmount()
        dead, self._image = self._image, next(self._images)
        _run("cp", "--sparse=always", str(dead), str(self._image))
        dead.unlink()
        self._mount()

    def unmount(self) -> None:
        _run("umount", str(self.path))

    def _mount(self) -> None:
        _run("mount", "-o", OPTIONS, str(self._image), str(self.path))


@contextmanager
def disk(directory: Path, name: str) -> Iterator[Disk]:
    made = Disk(directory, name)
    try:
        yield made
    finally:
        made.unmount()


@contextmanager
def small_disk(path: Path, octets: int) -> Iterator[Path]:
    """A file system in memory that takes `octets` and no more."""
    path.mkdir()
    _run("mount", "-t", "tmpfs", "-o", f"size={octets},mode=700", "papertap-test", str(path))
    try:
        yield path
    finally:
        _run("umount", str(path))


def _may(probe: str, *arguments: str) -> bool:
    if os.geteuid() != 0 or shutil.which(probe) is None:
        return False
    return subprocess.run([probe, *arguments], capture_output=True, check=False).returncode == 0


def can_mount() -> bool:
    return _may("unshare", "--mount", "mount", "-t", "tmpfs", "papertap-test", "/mnt")


def can_cut_power() -> bool:
    """A free loop device, and the programs."""
    programs = all(shutil.which(program) for program in ("mkfs.ext4", "xfs_io", "losetup"))
    return programs and _may("losetup", "--find") and can_mount()


needs_mounts = pytest.mark.skipif(not can_mount(), reason="needs root and the right to mount")
needs_power_cuts = pytest.mark.skipif(not can_cut_power(), reason="needs root, loop devices and xfs_io")


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
