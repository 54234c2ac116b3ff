"""Secrets in files of 32 octets: made once, whole or not at all, and readable by their owner alone."""

import os
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from gateway.errors import StartupError

SECRET_SIZE = 32


def read_secret(path: Path) -> bytes | None:
    """The 32 octets, or None when there is no such file.

    StartupError when the file is of another size, or open to group or others.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            secret = file.read(SECRET_SIZE + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StartupError(
            f"{path} cannot be read ({error.strerror}). Give it to the user that runs Papertap."
        ) from error
    if stat.S_IMODE(mode) & 0o077:
        raise StartupError(f"{path} is open to other users of this machine. Close it: chmod 0400 {path}")
    if len(secret) != SECRET_SIZE:
        raise StartupError(f"{path} is damaged: it must hold {SECRET_SIZE} octets. Restore it from a backup.")
    return secret


def create_secret(path: Path) -> bytes:
    """Makes the file (0400) with random octets and returns what is in it.

    It has its name only once its octets are on disk; of two processes that try at once, one makes it and both read
    the same. OSError when the disk says no.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400)
    try:
        os.write(descriptor, secrets.token_bytes(SECRET_SIZE))
        os.fsync(descriptor)
        with suppress(FileExistsError):
            os.link(temporary, path)
    finally:
        os.close(descriptor)
        temporary.unlink()
    _sync_directory(path.parent)
    _sync_directory(path.parent.parent)
    made = read_secret(path)
    if made is None:
        raise StartupError(f"{path} vanished while it was made. Start again.")
    return made


def _sync_directory(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
