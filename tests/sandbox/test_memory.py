"""Which means of limiting memory is chosen, and what is written for it, on trees like the kernel's."""

import os
from pathlib import Path

import pytest

from sandbox import memory
from sandbox.memory import CgroupMemory, Memory, PolledMemory
from sandbox.settings import MIB, Limits

LIMITS = Limits(memory_bytes=300 * MIB, tmp_bytes=100 * MIB)


def _machine(folder: Path, own: str) -> tuple[Path, Path]:
    """The root of the groups, and the file that names those that we are in."""
    (folder / "own").write_text(own)
    (folder / "cgroup").mkdir()
    return folder / "cgroup", folder / "own"


def _group(path: Path, limit: str, **files: str) -> Path:
    """A group of ours; the kernel fills each new one below it, so the one that is tried is there before."""
    path.mkdir(parents=True)
    for name, content in files.items():
        (path / name.replace("__", ".")).write_text(content)
    probe = path / f"papertap-{os.getpid()}-probe"
    probe.mkdir()
    (probe / limit).touch()
    return path


def _version_2(root: Path, controllers: str = "cpu memory pids") -> Path:
    return _group(root / "service", "memory.max", cgroup__controllers=controllers, cgroup__subtree_control="")


def _version_1(root: Path) -> Path:
    return _group(root / "memory" / "service", "memory.limit_in_bytes")


def _guarded(found: Memory, group: Path) -> dict[str, str]:
    """What stands in the files of a jail's group."""
    guard = found.guard(7, 4242, LIMITS)
    folder = group / f"papertap-{os.getpid()}-7"
    written = {path.name: path.read_text() for path in folder.iterdir()}
    assert not guard.exceeded()
    guard.close()
    return written


def test_version_2(tmp_path: Path) -> None:
    root, own = _machine(tmp_path, "0::/service\n")
    group = _version_2(root)
    found = memory.detect(root, own)
    assert found.name == "cgroup v2"
    assert (group / "cgroup.subtree_control").read_text() == "+memory"
    limit = str(400 * MIB)
    assert _guarded(found, group) == {"memory.max": limit, "memory.swap.max": "0", "cgroup.procs": "4242"}


def test_version_1(tmp_path: Path) -> None:
    root, own = _machine(tmp_path, "4:memory:/service\n3:cpu,cpuacct:/other\n0::/\n")
    group = _version_1(root)
    found = memory.detect(root, own)
    assert found.name == "cgroup v1"
    limit = str(400 * MIB)
    assert _guarded(found, group) == {
        "memory.limit_in_bytes": limit,
        "memory.memsw.limit_in_bytes": limit,
        "cgroup.procs": "4242",
    }


def test_version_2_comes_first(tmp_path: Path) -> None:
    root, own = _machine(tmp_path, "4:memory:/service\n0::/service\n")
    _version_1(root)
    _version_2(root)
    assert memory.detect(root, own).name == "cgroup v2"


@pytest.mark.parametrize("own", ["", "0::/service\n", "4:memory:/nowhere\n", "3:cpu:/service\n"])
def test_without_a_group_of_ours_it_is_polled(tmp_path: Path, own: str) -> None:
    root, said = _machine(tmp_path, own)
    _version_2(root, controllers="cpu pids")
    assert isinstance(memory.detect(root, said), PolledMemory)


def test_a_machine_without_groups_is_polled(tmp_path: Path) -> None:
    assert isinstance(memory.detect(tmp_path / "none", tmp_path / "none"), PolledMemory)


def test_groups_of_dead_gateways_are_removed(tmp_path: Path) -> None:
    root, own = _machine(tmp_path, "4:memory:/service\n")
    group = _version_1(root)
    # No process has a number over the kernel's greatest, 2**22.
    (group / f"papertap-{2**22 + 1}-3").mkdir()
    (group / "papertap-1-3").mkdir()
    memory.detect(root, own)
    assert sorted(path.name for path in group.glob("papertap-*-3")) == ["papertap-1-3"]


def test_this_machine_gives_what_it_says(tmp_path: Path) -> None:
    """A group of the best means there is, with this very process's number never put into it."""
    found = memory.detect()
    if isinstance(found, CgroupMemory):
        assert found._root.is_dir()
        assert found._root.is_relative_to("/sys/fs/cgroup")
    else:
        assert found.guard(0, os.getpid(), Limits(memory_bytes=1)).exceeded()
