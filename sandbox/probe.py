"""What this machine gives for the sandbox, in words for `papertap check`.

Without a jail nothing is converted at all; everything less is told with its consequence and worked without.
"""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from sandbox import code, memory, seccomp, slots, spawner
from sandbox.errors import SandboxError
from sandbox.policy import Tools
from sandbox.settings import SandboxSettings
from sandbox.spawner import Blueprint

Level = Literal["ok", "weaker", "missing"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing looked at. `missing` means that documents are refused; `weaker` that a protection is a lesser one."""

    name: str
    level: Level
    found: str
    consequence: str = ""


def probe(settings: SandboxSettings | None = None, *, tools: Tools | None = None) -> list[Finding]:
    """Look at the machine and start one jail for real. Blocks for up to some seconds; never raises."""
    settings, tools = settings or SandboxSettings(), tools or Tools()
    return [
        *(_program(name, path, package) for name, path, package in _programs(tools)),
        _ghostscript(),
        *(_converter(path, package, lost) for path, package, lost in _CONVERTERS),
        _libreoffice(),
        _filter(),
        _memory(),
        _user(settings),
        _jail(settings, tools),
    ]


def usable(findings: list[Finding]) -> bool:
    """Whether documents can be prepared on this machine."""
    return all(finding.level != "missing" for finding in findings)


def _programs(tools: Tools) -> list[tuple[str, str, str]]:
    needed = [("bubblewrap", tools.bwrap, "bubblewrap"), ("prlimit", tools.prlimit, "util-linux")]
    if os.geteuid() == 0:
        needed.append(("setpriv", tools.setpriv, "util-linux"))
    return needed


def _program(name: str, path: str, package: str) -> Finding:
    if shutil.which(path):
        return Finding(name=name, level="ok", found=path)
    return Finding(
        name=name,
        level="missing",
        found=f"{path} is not there",
        consequence=f"No document is prepared. Install the package {package}.",
    )


def _ghostscript() -> Finding:
    path = "/usr/bin/gs"
    if Path(path).exists():
        return Finding(name="ghostscript", level="ok", found=path)
    return Finding(
        name="ghostscript",
        level="weaker",
        found=f"{path} is not there",
        consequence="PostScript is refused, and printers that take only PostScript or PCL-XL can't be served. "
        "Install the package ghostscript.",
    )


_CONVERTERS = (
    ("/usr/bin/mutool", "mupdf-tools", "XPS documents and EPUB books are refused."),
    ("/usr/bin/rsvg-convert", "librsvg2-bin", "SVG drawings are refused."),
)


def _converter(path: str, package: str, lost: str) -> Finding:
    name = Path(path).name
    if Path(path).exists():
        return Finding(name=name, level="ok", found=path)
    return Finding(
        name=name,
        level="weaker",
        found=f"{path} is not there",
        consequence=f"{lost} Install the package {package}.",
    )


def _libreoffice() -> Finding:
    try:
        return Finding(name="libreoffice", level="ok", found=str(code.office_program()))
    except SandboxError as error:
        return Finding(
            name="libreoffice",
            level="weaker",
            found=error.detail,
            consequence="Office documents are refused, and so is what is laid out as a web page. PDF, pictures and plain "
            "text are printed all the same.",
        )


def _filter() -> Finding:
    try:
        size = len(seccomp.program())
    except seccomp.SeccompUnavailableError as error:
        return Finding(name="seccomp", level="missing", found=str(error), consequence="No document is prepared.")
    return Finding(
        name="seccomp", level="ok", found=f"{len(seccomp.DENIED)} system calls denied, {size // 8} instructions"
    )


def _memory() -> Finding:
    means = memory.detect().name
    if means.startswith("cgroup"):
        return Finding(name="memory limit", level="ok", found=means)
    return Finding(
        name="memory limit",
        level="weaker",
        found="no memory control group that may be written",
        consequence="The memory of a conversion is measured ten times a second instead of being limited by the kernel. "
        "As a systemd service, set Delegate=yes.",
    )


def _user(settings: SandboxSettings) -> Finding:
    if os.geteuid() != 0:
        return Finding(
            name="worker users",
            level="weaker",
            found="not started as root",
            consequence="Workers run under the gateway's own user id, inside a user namespace. Each gets one of its "
            "own when the gateway is started as root.",
        )
    last = settings.slot_uid_base + settings.slots - 1
    return Finding(name="worker users", level="ok", found=f"user ids {settings.slot_uid_base} to {last}")


def _jail(settings: SandboxSettings, tools: Tools) -> Finding:
    """The proof: a jail that runs the interpreter and imports what a worker needs."""
    try:
        version = _import_inside(settings, tools)
    except (SandboxError, seccomp.SeccompUnavailableError) as error:
        return Finding(
            name="jail",
            level="missing",
            found=getattr(error, "detail", "") or str(error),
            consequence="No document is prepared. User namespaces must be allowed (sysctl user.max_user_namespaces, "
            "kernel.apparmor_restrict_unprivileged_userns; in a container, its seccomp profile).",
        )
    return Finding(name="jail", level="ok", found=f"a worker starts; {version}")


def _import_inside(settings: SandboxSettings, tools: Tools) -> str:
    runtime = code.runtime_dir(settings.runtime_dir)
    root = os.geteuid() == 0
    gathered = code.gather(runtime, foreign_user=root)
    held = slots.claim(
        code.lock_dir(runtime), wanted=1, total=settings.slots, uid_base=settings.slot_uid_base if root else None
    )
    try:
        blueprint = Blueprint(code=gathered, seccomp=seccomp.program(), limits=settings.limits, tools=tools)
        return spawner.run_once(blueprint, held[0], settings.start_seconds)
    finally:
        slots.release(held)
