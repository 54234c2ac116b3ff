"""Where those who are measured have their folders: on a real disk, each in a part of the file system of its own.

ext4 passes over inodes that were freed in the last minutes one by one: what an earlier test had deleted nearby would
cost the next one, whoever it is, up to 1 ms for each new file.
"""

import os
from pathlib import Path

from gateway.adapters.spool.layout import spread


def scratch() -> Path:
    """To make folders in, by tempfile; all users of the machine may walk through it."""
    base = Path(f"/var/tmp/papertap-scratch-{os.getuid()}")
    base.mkdir(mode=0o755, exist_ok=True)
    spread(base)
    return base
