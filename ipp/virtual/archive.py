"""Where received documents end up: one folder a job, with the document, its pages as pictures and `job.json`."""

import asyncio
import hashlib
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, BinaryIO

EXTENSIONS = {
    "application/pdf": "pdf",
    "application/postscript": "ps",
    "application/vnd.hp-PCLXL": "pclxl",
    "application/vnd.hp-PCL": "pcl",
    "image/pwg-raster": "pwg",
    "image/urf": "urf",
    "image/jpeg": "jpg",
    "image/png": "png",
    "text/plain": "txt",
}

_MAGIC = (
    (b"%PDF-", "application/pdf"),
    (b"%!", "application/postscript"),
    (b"RaS2", "image/pwg-raster"),
    (b"UNIRAST\0", "image/urf"),
    (b") HP-PCL XL", "application/vnd.hp-PCLXL"),
    (b"\x1bE", "application/vnd.hp-PCL"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG", "image/png"),
)


def sniff(head: bytes) -> str:
    """The media type that the first octets tell, else application/octet-stream."""
    return next((media_type for magic, media_type in _MAGIC if head.startswith(magic)), "application/octet-stream")


class Folder:
    """The files of one job."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def store(self, chunks: AsyncIterator[bytes], media_type: str, number: int) -> "StoredDocument":
        """Write a document as it arrives. What raised in `chunks` is raised after the part was kept."""
        stored = StoredDocument(media_type)
        part = self.path / f"document-{number}.part"
        file = _opened(part)
        try:
            async for chunk in chunks:
                await asyncio.to_thread(stored.add, file, chunk)
            stored.complete = True
        finally:
            # At once and not in a thread: a cancellation in between would leave the file open.
            file.close()
            stored.path = part.rename(self.path / stored.file_name(number))
        return stored

    async def note(self, facts: dict[str, Any]) -> None:
        """Write `job.json`, whole or not at all."""
        text = json.dumps(facts, indent=2, ensure_ascii=False, default=str)
        await asyncio.to_thread(self._write, text)

    def _write(self, text: str) -> None:
        draft = self.path / "job.json.part"
        draft.write_text(text, encoding="utf-8")
        draft.replace(self.path / "job.json")


def _opened(path: Path) -> BinaryIO:
    return path.open("wb")


class StoredDocument:
    """A document in its folder: media type, octets, SHA-256 and whether all of it came."""

    def __init__(self, media_type: str) -> None:
        self.media_type = media_type
        self.octets = 0
        self.complete = False
        self.path = Path()
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def add(self, file: BinaryIO, chunk: bytes) -> None:
        if self.octets == 0 and self.media_type == "application/octet-stream":
            self.media_type = sniff(chunk)
        file.write(chunk)
        self._hash.update(chunk)
        self.octets += len(chunk)

    def file_name(self, number: int) -> str:
        suffix = EXTENSIONS.get(self.media_type, "bin")
        return f"document.{suffix}" if number == 1 else f"document-{number}.{suffix}"


class Archive:
    """The directory of all jobs; numbers go on where an earlier run ended."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        taken = (re.match(r"(\d+)-", entry.name) for entry in directory.iterdir())
        self._last = max((int(match[1]) for match in taken if match), default=0)

    def impressions(self) -> int:
        """All that the jobs in here put on paper, as far as it was noted: what a life counter goes on from."""
        return sum(_impressions(file) for file in self.directory.glob("*/job.json"))

    async def folder(self, job_name: str) -> Folder:
        self._last += 1
        path = self.directory / f"{self._last:04d}-{_file_name(job_name)}"
        await asyncio.to_thread(path.mkdir)
        return Folder(path)


def _impressions(file: Path) -> int:
    try:
        return int(json.loads(file.read_bytes())["impressions_completed"])
    except (OSError, ValueError, TypeError, KeyError):
        return 0  # somebody wrote into it or took it away


def _file_name(job_name: str) -> str:
    # The name came over the network: nothing of it may mean anything to a file system.
    return re.sub(r"[^A-Za-z0-9_-]+", "-", job_name)[:60].strip("-") or "untitled"
