"""The promises that services ask of the outside world. Adapters keep them, `tests/contracts` holds them to it."""

from gateway.services.ports.attempts import AttemptStore
from gateway.services.ports.clock import Clock
from gateway.services.ports.devices import DeviceDriver, DeviceError, Drivers, Order, Progress
from gateway.services.ports.documents import Converter, ConverterCrashed, Particulars, Prepared, Rendered, Sink
from gateway.services.ports.events import EventBus
from gateway.services.ports.jobs import JobChange, JobQuery, JobStore, Stage
from gateway.services.ports.mailer import Letter, Mailer
from gateway.services.ports.printers import PrinterStore
from gateway.services.ports.secrets import Hasher
from gateway.services.ports.spool import Keyring, Space, Spool, SpoolWriter
from gateway.services.ports.users import UserStore

__all__ = [
    "AttemptStore",
    "Clock",
    "Converter",
    "ConverterCrashed",
    "DeviceDriver",
    "DeviceError",
    "Drivers",
    "EventBus",
    "Hasher",
    "JobChange",
    "JobQuery",
    "JobStore",
    "Keyring",
    "Letter",
    "Mailer",
    "Order",
    "Particulars",
    "Prepared",
    "PrinterStore",
    "Progress",
    "Rendered",
    "Sink",
    "Space",
    "Spool",
    "SpoolWriter",
    "Stage",
    "UserStore",
]
