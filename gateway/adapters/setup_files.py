"""The mark that set-up is closed, and the hash of the link that opens it, as files beside the database."""

import json
from contextlib import suppress
from pathlib import Path

from gateway.adapters.tls_files import write_durably
from gateway.services.ports import SetupLink

MARK = "setup-closed"
LINK = "setup-link"
_TEXT = b"Set-up of this gateway was done. Only `papertap setup link` on this machine opens it again.\n"


class DataSetupFiles:
    """gateway.services.ports.SetupFiles in a data directory."""

    def __init__(self, data: Path) -> None:
        self._mark, self._link = data / MARK, data / "keys" / LINK

    @property
    def closed(self) -> bool:
        return self._mark.exists()

    def close(self) -> None:
        close_setup(self._mark.parent)

    def reopen(self) -> None:
        self._mark.unlink(missing_ok=True)

    def link(self) -> SetupLink | None:
        """None as well when somebody has damaged the file: it opens nothing then."""
        with suppress(OSError, ValueError, TypeError):
            return SetupLink(**json.loads(self._link.read_text("utf-8")))
        return None

    def keep_link(self, link: SetupLink) -> None:
        self._link.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = {"token_hash": link.token_hash, "expires_at": link.expires_at, "by_shell": link.by_shell}
        write_durably(self._link, json.dumps(kept).encode(), 0o400)

    def drop_link(self) -> None:
        self._link.unlink(missing_ok=True)


def close_setup(data: Path) -> None:
    """Also after a backup was restored: whoever has the machine's shell opens it again, nobody else."""
    write_durably(data / MARK, _TEXT, 0o444)
