"""The strictest disk that the standard allows, replayed from a process's system calls.

POSIX promises a file's octets after an fsync of the file, and its name after one of the directory. Real file systems
give more: ext4 brings a new file's name along with its octets. What is asked for here is what any of them must be asked.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CALLS = "write,pwrite64,rename,fsync,fdatasync"

_LINE = re.compile(r"(?P<thread>\d+) +(?P<rest>.*)")
_CALL = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>-?\d+)")
_RESUMED = re.compile(r"<\.\.\. \w+ resumed>(?P<rest>.*)")
_DESCRIPTOR = re.compile(r"\d+<(?P<path>[^>]*)>")
_UNFINISHED = " <unfinished ...>"


def traced(log: Path) -> tuple[str, ...]:
    """The command before the process that is watched; `log` gets its calls."""
    return ("strace", "-f", "-y", "-qq", "-s", "16", "-o", str(log), "-e", f"trace={CALLS}")


@dataclass
class StrictDisk:
    """What lies below `roots` and would be gone if the power went: octets by file, names by directory."""

    roots: tuple[Path, ...]
    octets: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    synced: int = 0

    def takes(self, name: str, arguments: str) -> None:
        """A call that has succeeded."""
        if name == "rename":
            source, target = re.findall(r'"([^"]*)"', arguments)
            if self._mine(target):
                self.names.add(target)
                if source in self.octets:
                    self.octets.remove(source)
                    self.octets.add(target)
            return
        match = _DESCRIPTOR.match(arguments)
        if match is None or not self._mine(match["path"]):
            return
        path = match["path"]
        if name in {"write", "pwrite64"}:
            self.octets.add(path)
            return
        self.synced += 1
        self.octets.discard(path)
        self.names = {one for one in self.names if str(Path(one).parent) != path}

    def _mine(self, path: str) -> bool:
        return any(Path(path).is_relative_to(root) for root in self.roots)


def told_too_early(log: Path, *roots: Path) -> list[str]:
    """What was still on its way to the disk at one of the lines `ack ...` that a lone client read; a text for each."""
    disk, early = StrictDisk(roots), []
    for name, arguments in _calls(log):
        if name == "write" and '"ack ' in arguments:
            early += [f"octets of {one}" for one in sorted(disk.octets)]
            early += [f"the name {one}" for one in sorted(disk.names)]
        else:
            disk.takes(name, arguments)
    assert disk.synced, "the process was watched at its work"
    return early


def _calls(log: Path) -> Iterator[tuple[str, str]]:
    """Calls that succeeded, in the order of their ends."""
    begun: dict[str, str] = {}
    for line in log.read_text(errors="replace").splitlines():
        match = _LINE.match(line)
        if match is None:
            continue
        thread, rest = match["thread"], match["rest"]
        if rest.endswith(_UNFINISHED):
            begun[thread] = rest.removesuffix(_UNFINISHED)
            continue
        resumed = _RESUMED.match(rest)
        if resumed is not None:
            rest = begun.pop(thread, "") + resumed["rest"]
        call = _CALL.match(rest)
        if call is not None and int(call["result"]) >= 0:
            yield call["name"], call["arguments"]
