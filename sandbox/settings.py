"""What an administrator can set about the sandbox; each with its unit and its reason."""

from dataclasses import dataclass, field
from pathlib import Path

MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class Limits:
    """What one document may use before it is refused."""

    wall_seconds: float = 60.0
    """For any document, from its first byte in to its last byte out."""
    page_seconds: float = 2.0
    """Added for each page once the pages are counted."""
    max_pages: int = 2000
    max_pixels: int = 100_000_000
    """Of one picture or one rendered page; a page in colour takes 4 bytes a pixel of memory."""
    max_source_bytes: int = 4096 * MIB
    """Of anything; only rasters, which are converted as they arrive, may grow beyond the next limit."""
    max_stored_bytes: int = 384 * MIB
    """Of a source that must be whole before it can be opened. It waits in the jail's memory file system, never on disk
    in clear."""
    max_output_bytes: int = 2048 * MIB
    max_impressions: int = 50_000
    """Pages times copies made here; more is a mistake in almost every office."""
    tmp_bytes: int = 1024 * MIB
    """The jail's memory file system: the source and the printable document side by side, and some room."""
    memory_bytes: int = 1024 * MIB
    """Of all processes of one jail together, beside the memory file system."""
    address_space_bytes: int = 3072 * MIB
    """Of one process; libraries map far more than they touch."""
    processes: int = 64
    open_files: int = 256


@dataclass(frozen=True, kw_only=True, slots=True)
class SandboxSettings:
    """How many workers there are, where they live and what a document may use."""

    workers: int = 2
    """Documents that are worked on at once: as many as there are processor cores."""
    ready: int = 2
    """Workers that wait warm: a document then starts without the 0.1 s of a worker's start; 30 MB each."""
    reuse_documents: int = 32
    """One submitter's batch may go through the same worker, up to this many documents; 1 turns it off."""
    reuse_seconds: float = 2.0
    """How long a worker waits for the next document of the same batch before it is destroyed."""
    refill_seconds: float = 1.0
    """How long the start of a worker that nobody waits for is put off while documents are in work."""
    office_workers: int = 2
    """Office documents that are converted at once, each by a LibreOffice of its own."""
    office_ready: int = 2
    """LibreOffices that wait warm: a document then starts without the seconds of a start. Some 200 MB for the first and
    90 MB for each further one; at least one."""
    office_at_start: bool = False
    """Start them with the sandbox and not with the first office document, which then waits some seconds longer."""
    office_start_seconds: float = 90.0
    """A LibreOffice that is not warm after this is destroyed."""
    start_seconds: float = 20.0
    """A worker that is not warm after this is destroyed: a loaded machine is slow, a broken one never gets there."""
    runtime_dir: Path | None = None
    """For slot locks and copies of code that a slot's user could not reach; None picks one under /run or /tmp."""
    slot_uid_base: int = 60600
    """As root each worker runs under a user id of its own from here on; neither Debian nor systemd gives these out."""
    slots: int = 256
    """How many such user ids may be used on this machine by all gateways together."""
    limits: Limits = field(default_factory=Limits)
