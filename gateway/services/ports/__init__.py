"""The promises that services ask of the outside world. Adapters keep them, `tests/contracts` holds them to it."""

from gateway.services.ports.attempts import AttemptStore
from gateway.services.ports.clock import Clock
from gateway.services.ports.credentials import CredentialStore, PendingStore
from gateway.services.ports.devices import DeviceDriver, DeviceError, Drivers, Order, Progress
from gateway.services.ports.documents import Converter, ConverterCrashed, Particulars, Prepared, Rendered, Sink
from gateway.services.ports.events import EventBus
from gateway.services.ports.history import HistoryStore
from gateway.services.ports.jobs import JobChange, JobQuery, JobStore, Stage
from gateway.services.ports.mailer import Courier, Letter, Mailer, Outbox, Undelivered
from gateway.services.ports.numbers import SideNumbers
from gateway.services.ports.personal import AccessLogStore, NoticeStore, PersonalData, PersonalStore
from gateway.services.ports.printers import PrinterStore
from gateway.services.ports.providers import (
    Assertion,
    Authenticators,
    Claims,
    Exchange,
    NewCredential,
    OpenIdProvider,
    Party,
)
from gateway.services.ports.secrets import Hasher
from gateway.services.ports.shares import DelegationStore, ShareStore
from gateway.services.ports.spool import Keyring, Space, Spool, SpoolWriter, Stored
from gateway.services.ports.uploads import GuestStore, UploadStore
from gateway.services.ports.users import UserStore

__all__ = [
    "AccessLogStore",
    "Assertion",
    "AttemptStore",
    "Authenticators",
    "Claims",
    "Clock",
    "Converter",
    "ConverterCrashed",
    "Courier",
    "CredentialStore",
    "DelegationStore",
    "DeviceDriver",
    "DeviceError",
    "Drivers",
    "EventBus",
    "Exchange",
    "GuestStore",
    "Hasher",
    "HistoryStore",
    "JobChange",
    "JobQuery",
    "JobStore",
    "Keyring",
    "Letter",
    "Mailer",
    "NewCredential",
    "NoticeStore",
    "OpenIdProvider",
    "Order",
    "Outbox",
    "Particulars",
    "Party",
    "PendingStore",
    "PersonalData",
    "PersonalStore",
    "Prepared",
    "PrinterStore",
    "Progress",
    "Rendered",
    "ShareStore",
    "SideNumbers",
    "Sink",
    "Space",
    "Spool",
    "SpoolWriter",
    "Stage",
    "Stored",
    "Undelivered",
    "UploadStore",
    "UserStore",
]
