"""The key of the audit log's chain and the place of its head: files beside the other keys, outside of the database.

Whoever has the database alone can neither forge a row nor cut the end of the log off unseen. Whoever has the keys as
well can; against that only a copy somewhere else helps, which the log lines of each entry are for.
"""

import fcntl
import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path

from gateway.adapters.secret_file import create_secret, read_secret
from gateway.domain.audit import AuditPoint
from gateway.errors import Locked


class FileAuditSeal:
    """`audit` is the key (0400), `audit.head` the last row with a keyed hash of its own."""

    def __init__(self, directory: Path, *, create_if_new: bool) -> None:
        """`create_if_new`: no row was ever sealed, so that a missing key is made."""
        self._path = directory / "audit"
        self._head = directory / "audit.head"
        self._key = read_secret(self._path)
        if self._key is None and create_if_new and not self._head.exists():
            self._key = create_secret(self._path)

    def digest(self, octets: bytes) -> str:
        return hmac.new(self._unlocked(), octets, hashlib.sha256).hexdigest()

    def head(self) -> AuditPoint | None:
        try:
            stored = json.loads(self._head.read_bytes())
            point = AuditPoint(id=int(stored["id"]), digest=str(stored["digest"]))
            fits = hmac.compare_digest(str(stored["seal"]), self._seal(point))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{self._head} is damaged.") from error
        if not fits:
            raise ValueError(f"{self._head} was not written by this Papertap.")
        return point

    def keep_head(self, point: AuditPoint) -> None:
        """Rows are sealed in order, but the processes that tell of them may overtake each other."""
        descriptor = os.open(self._head.with_name(".audit.lock"), os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            known = self._known()
            if known is None or known.id < point.id:
                self._write(point)
        finally:
            os.close(descriptor)

    def _known(self) -> AuditPoint | None:
        try:
            return self.head()
        except ValueError:  # a verification has to say so before; from here on it is right again
            return None

    def _write(self, point: AuditPoint) -> None:
        temporary = self._head.with_name(f".audit.head-{secrets.token_hex(8)}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
        try:
            row = {"id": point.id, "digest": point.digest, "seal": self._seal(point)}
            os.write(descriptor, json.dumps(row).encode())
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(self._head)

    def _seal(self, point: AuditPoint) -> str:
        return self.digest(f"head {point.id} {point.digest}".encode())

    def _unlocked(self) -> bytes:
        if self._key is None:
            raise Locked(
                f"The key of the audit log {self._path} is missing: nothing that must be written down can be done. "
                "Restore the file from a backup and start again."
            )
        return self._key
