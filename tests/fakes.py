"""Whole in-memory implementations of every port, and builders of plain values. `tests/contracts` keeps them honest."""

from tests.builders import a_device, a_document, a_held_job, a_job, a_printer, a_released_job, a_user
from tests.fake_devices import FakeDevice, FakeDriver
from tests.fake_documents import FakeConverter, fake_pdf, fake_xlsx
from tests.fake_jobs import MemoryJobStore
from tests.fake_rows import MemoryAttemptStore, MemoryPrinterStore, MemoryUserStore
from tests.fake_spool import FakeHasher, FakeKeyring, MemorySpool, MemorySpoolWriter
from tests.fake_time import FakeClock, MemoryEventBus

__all__ = [
    "FakeClock",
    "FakeConverter",
    "FakeDevice",
    "FakeDriver",
    "FakeHasher",
    "FakeKeyring",
    "MemoryAttemptStore",
    "MemoryEventBus",
    "MemoryJobStore",
    "MemoryPrinterStore",
    "MemorySpool",
    "MemorySpoolWriter",
    "MemoryUserStore",
    "a_device",
    "a_document",
    "a_held_job",
    "a_job",
    "a_printer",
    "a_released_job",
    "a_user",
    "fake_pdf",
    "fake_xlsx",
]
