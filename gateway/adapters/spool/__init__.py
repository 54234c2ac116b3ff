"""The spool: sealed documents on a disk (row 157). `open_spool` makes the one that the settings name."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from gateway.adapters.spool.local import LocalSpool
from gateway.errors import StartupError
from gateway.settings import Settings

__all__ = ["LocalSpool", "directory_of", "open_spool"]


def directory_of(settings: Settings) -> Path:
    """Where the spool lies. StartupError for a URL that is not of a local directory."""
    if not settings.spool.url:
        return settings.data / "spool"
    parts = urlsplit(settings.spool.url)
    if parts.scheme != "file" or parts.netloc not in {"", "localhost"} or not parts.path.startswith("/"):
        raise StartupError(f"The spool {settings.spool.url!r} is not supported. Give it as file:///path/of/directory.")
    return Path(unquote(parts.path))


def open_spool(settings: Settings) -> LocalSpool:
    """StartupError when the directory cannot be used."""
    given = settings.spool
    return LocalSpool(directory_of(settings), low_percent=given.low_percent, low_bytes=given.low_bytes)
