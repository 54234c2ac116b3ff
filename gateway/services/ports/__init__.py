"""The promises that services ask of the outside world. Adapters keep them, `tests/contracts` holds them to it."""

from gateway.services.ports.api import AnswerStore, ApiTokenStore
from gateway.services.ports.attempts import AttemptStore
from gateway.services.ports.clock import Clock
from gateway.services.ports.copiers import CopierStore, Meter
from gateway.services.ports.credentials import CredentialStore, PendingStore
from gateway.services.ports.credit import CreditStore
from gateway.services.ports.devices import DeviceDriver, DeviceError, Drivers, Order, Progress
from gateway.services.ports.documents import Converter, ConverterCrashed, Particulars, Prepared, Rendered, Sink
from gateway.services.ports.events import EventBus
from gateway.services.ports.history import HistoryStore
from gateway.services.ports.house import AuditSeal, AuditStore, GroupStore, RoleStore
from gateway.services.ports.house_values import HouseStore
from gateway.services.ports.jobs import JobChange, JobQuery, JobStore, Stage
from gateway.services.ports.keeping_house import BackupKeeper, CertificateKeeper, RestoreKeeper
from gateway.services.ports.mailer import Courier, Letter, Mailer, Outbox, Undelivered
from gateway.services.ports.mails import Listed, MailOpener, MailPart, MailStore, Take
from gateway.services.ports.numbers import SideNumbers
from gateway.services.ports.personal import AccessLogStore, NoticeStore, PersonalData, PersonalStore
from gateway.services.ports.phones import PhoneStore, PlaceNumberStore, PushStore, QueueStore, ScreenStore
from gateway.services.ports.printers import PrinterStore
from gateway.services.ports.profiles import Profiles
from gateway.services.ports.projects import ProjectStore
from gateway.services.ports.providers import (
    Assertion,
    Authenticators,
    Claims,
    Exchange,
    NewCredential,
    OpenIdProvider,
    Party,
)
from gateway.services.ports.push import PushAnswer, PushSender
from gateway.services.ports.registrations import RegistrationStore
from gateway.services.ports.remote import RemoteBrowserStore, RemoteKeys
from gateway.services.ports.searching import AddressCheck, Announcements, Prober, SnmpAccess
from gateway.services.ports.second_factor import OneTimeCodes, SecondFactorStore
from gateway.services.ports.secrets import Hasher, LeakedPasswords, PasswordElsewhere, Radius
from gateway.services.ports.setup import SetupFiles, SetupLink
from gateway.services.ports.shares import DelegationStore, ShareStore
from gateway.services.ports.sites import SiteStore
from gateway.services.ports.spool import Keyring, Space, Spool, SpoolWriter, Stored
from gateway.services.ports.terminals import TerminalStore, UsedCodes
from gateway.services.ports.uploads import GuestStore, UploadStore
from gateway.services.ports.user_rows import Holder, UserChange, UserRows
from gateway.services.ports.users import UserStore
from gateway.services.ports.why import Trace, WhyStore

__all__ = [
    "AccessLogStore",
    "AddressCheck",
    "Announcements",
    "AnswerStore",
    "ApiTokenStore",
    "Assertion",
    "AttemptStore",
    "AuditSeal",
    "AuditStore",
    "Authenticators",
    "BackupKeeper",
    "CertificateKeeper",
    "Claims",
    "Clock",
    "Converter",
    "ConverterCrashed",
    "CopierStore",
    "Courier",
    "CredentialStore",
    "CreditStore",
    "DelegationStore",
    "DeviceDriver",
    "DeviceError",
    "Drivers",
    "EventBus",
    "Exchange",
    "GroupStore",
    "GuestStore",
    "Hasher",
    "HistoryStore",
    "Holder",
    "HouseStore",
    "JobChange",
    "JobQuery",
    "JobStore",
    "Keyring",
    "LeakedPasswords",
    "Letter",
    "Listed",
    "MailOpener",
    "MailPart",
    "MailStore",
    "Mailer",
    "Meter",
    "NewCredential",
    "NoticeStore",
    "OneTimeCodes",
    "OpenIdProvider",
    "Order",
    "Outbox",
    "Particulars",
    "Party",
    "PasswordElsewhere",
    "PendingStore",
    "PersonalData",
    "PersonalStore",
    "PhoneStore",
    "PlaceNumberStore",
    "Prepared",
    "PrinterStore",
    "Prober",
    "Profiles",
    "Progress",
    "ProjectStore",
    "PushAnswer",
    "PushSender",
    "PushStore",
    "QueueStore",
    "Radius",
    "RegistrationStore",
    "RemoteBrowserStore",
    "RemoteKeys",
    "Rendered",
    "RestoreKeeper",
    "RoleStore",
    "ScreenStore",
    "SecondFactorStore",
    "SetupFiles",
    "SetupLink",
    "ShareStore",
    "SideNumbers",
    "Sink",
    "SiteStore",
    "SnmpAccess",
    "Space",
    "Spool",
    "SpoolWriter",
    "Stage",
    "Stored",
    "Take",
    "TerminalStore",
    "Trace",
    "Undelivered",
    "UploadStore",
    "UsedCodes",
    "UserChange",
    "UserRows",
    "UserStore",
    "WhyStore",
]
