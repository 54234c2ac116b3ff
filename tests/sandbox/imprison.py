"""Runs the prisoner in a jail. Apart from the tests, because an ordinary user's interpreter runs it too."""

import json
import os
from pathlib import Path

from sandbox import code, seccomp, slots, spawner
from sandbox.policy import Tools
from sandbox.settings import MIB, Limits, SandboxSettings
from sandbox.spawner import Blueprint
from tests.sandbox import prisoner

_SOURCE = Path(prisoner.__file__).read_text(encoding="utf-8")
_LIMITS = Limits(tmp_bytes=64 * MIB)


def imprison(limits: Limits = _LIMITS) -> dict[str, str]:
    """Run the prisoner in a jail of its own; what came of each attempt."""
    settings = SandboxSettings()
    runtime = code.runtime_dir(None)
    root = os.geteuid() == 0
    blueprint = Blueprint(
        code=code.gather(runtime, foreign_user=root), seccomp=seccomp.program(), limits=limits, tools=Tools()
    )
    uid_base = settings.slot_uid_base if root else None
    held = slots.claim(code.lock_dir(runtime), wanted=1, total=settings.slots, uid_base=uid_base)
    jail = None
    try:
        command = [blueprint.code.python, "-I", "-S", "-B", "-c", _SOURCE, ""]
        jail = spawner.spawn(blueprint, held[0], command)
        said, complaint = jail.outer.communicate(timeout=60)
    finally:
        if jail is not None:
            spawner.kill(jail)
        left = slots.occupants(held)
        slots.release(held)
    assert left == []
    assert said, complaint.decode()
    found: dict[str, str] = json.loads(said)
    return found
