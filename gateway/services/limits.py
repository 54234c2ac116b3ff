"""The one policy table for tries and rates (rows 84 and 156), and the counter that keeps it.

Counts live in the memory of one process: a restart forgives, which an outsider cannot bring about, and no row is
written for a guess. An address is an IPv4 address or an IPv6 /64, since that is what one subscriber owns.
"""

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from enum import Enum, auto
from ipaddress import IPv6Address, ip_address

from gateway.errors import Throttled
from gateway.services.ports import Clock
from gateway.services.proofs import shortest_pin
from gateway.settings import Guests as GuestSettings
from gateway.settings import Identity as IdentitySettings
from gateway.settings import Smtp as SmtpSettings
from gateway.settings import Uploads as UploadSettings

MAX_COUNTERS = 100_000  # of all kinds together; the ones touched longest ago are forgotten first


class Kind(Enum):
    """What is counted. Sign-ins count failures only: a try that succeeds is given back."""

    SIGN_IN_NAME = auto()
    SIGN_IN_ACCOUNT = auto()
    SIGN_IN_ADDRESS = auto()
    PIN_ALONE_ADDRESS = auto()
    PIN_ALONE_ANYWHERE = auto()
    SIGN_IN_TERMINAL = auto()
    SIGN_IN_BEGUN = auto()
    MAIL_LINK_ADDRESS = auto()
    MAIL_LINK_RECIPIENT = auto()
    MAILBOX = auto()
    ANSWER_ADDRESS = auto()
    PASSKEY_ADDRESS = auto()
    SECOND_STEP = auto()
    REGISTRATION = auto()
    REQUEST = auto()
    LINK = auto()
    GUEST = auto()
    GUEST_CODE_ADDRESS = auto()
    GUEST_CODE_ANYWHERE = auto()
    UPLOAD = auto()
    TERMINAL = auto()
    TERMINAL_CONNECT = auto()
    TERMINAL_MESSAGE = auto()
    TERMINAL_PROOF = auto()
    API = auto()
    MAIL_IN = auto()
    MAIL_REFUSAL = auto()
    CLAIM_JOB = auto()
    CLAIM_ADDRESS = auto()
    REMOTE = auto()


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """`tries` within `window` seconds; then nothing for `lock` seconds. `message` tells a person why."""

    tries: int
    window: float
    lock: float
    message: str


def policies(settings: IdentitySettings) -> dict[Kind, Policy]:
    """The table. A name is counted for each address apart, so that an outsider cannot lock its owner out.

    Guesses at one name from many addresses have a count of their own, which is short, and which neither counts nor
    stops the addresses where that name signed in before.
    """
    often = "Too many failed tries from this address."
    return {
        Kind.SIGN_IN_NAME: Policy(
            tries=settings.tries,
            window=settings.lockout_seconds,
            lock=settings.lockout_seconds,
            message="Too many failed tries for this name.",
        ),
        Kind.SIGN_IN_ACCOUNT: Policy(
            tries=settings.account_tries_per_minute,
            window=60.0,
            lock=60.0,
            message="Too many failed tries for this name.",
        ),
        Kind.SIGN_IN_ADDRESS: Policy(tries=settings.tries_per_minute, window=60.0, lock=60.0, message=often),
        # A PIN alone is guessed against all users at once, so that its address is given fewer over a longer time.
        Kind.PIN_ALONE_ADDRESS: Policy(tries=3 * settings.tries_per_minute, window=3600.0, lock=3600.0, message=often),
        Kind.PIN_ALONE_ANYWHERE: pin_alone_anywhere(1),
        Kind.SIGN_IN_TERMINAL: Policy(
            tries=settings.tries_per_minute, window=60.0, lock=60.0, message="Too many failed tries at this terminal."
        ),
        # Each one is a row for minutes; a page of passkeys begins one by itself, and a school has one address.
        Kind.SIGN_IN_BEGUN: Policy(
            tries=300, window=60.0, lock=10.0, message="Too many sign-ins were begun from this address."
        ),
        Kind.MAIL_LINK_ADDRESS: Policy(
            tries=20, window=900.0, lock=900.0, message="Too many links were asked for from this address."
        ),
        Kind.MAIL_LINK_RECIPIENT: Policy(
            tries=5, window=900.0, lock=900.0, message="Too many links were asked for this mail address."
        ),
        # Many addresses together must not fill somebody's mailbox; where its owner signs in from has its own count only.
        Kind.MAILBOX: Policy(
            tries=12, window=3600.0, lock=900.0, message="Too many links were asked for this mail address."
        ),
        # What comes back from a provider or out of a mail and does not fit.
        Kind.ANSWER_ADDRESS: Policy(tries=settings.tries_per_minute, window=60.0, lock=60.0, message=often),
        Kind.PASSKEY_ADDRESS: Policy(tries=settings.tries_per_minute, window=60.0, lock=60.0, message=often),
        # Whoever comes here has the password: who guesses codes locks nobody but somebody whose password is known.
        Kind.SECOND_STEP: Policy(
            tries=settings.tries,
            window=settings.lockout_seconds,
            lock=settings.lockout_seconds,
            message="Too many codes that are not right.",
        ),
        Kind.REGISTRATION: Policy(
            tries=10, window=3600.0, lock=3600.0, message="Too many registrations from this address."
        ),
        Kind.LINK: Policy(
            tries=20, window=300.0, lock=300.0, message="Too many links that do not work were tried from this address."
        ),
        # Of one address with one token, or one session: a program that asks more often is in a loop.
        Kind.API: Policy(tries=75, window=1.0, lock=1.0, message="Too many requests."),
        # Wrong keys and codes; connections, which a box that restarts for ever makes; what one terminal may ask.
        Kind.TERMINAL: Policy(tries=20, window=60.0, lock=60.0, message="Too many wrong keys from this address."),
        Kind.TERMINAL_CONNECT: Policy(
            tries=600, window=60.0, lock=10.0, message="Too many connections of terminals from this address."
        ),
        Kind.TERMINAL_MESSAGE: Policy(
            tries=300, window=60.0, lock=5.0, message="This terminal sends too many messages."
        ),
        Kind.TERMINAL_PROOF: Policy(
            tries=20, window=60.0, lock=10.0, message="Too many cards and PINs at this reader."
        ),
        Kind.REQUEST: Policy(tries=75, window=1.0, lock=1.0, message="Too many requests from this address."),
    }


HITS_A_DAY = 0.01
"""How many PINs may be guessed in a whole house on an average day, by whoever tries at all terminals at once."""
_LEAST_TRIES = 20  # typing errors of a small house, whose PINs are short


def pin_alone_anywhere(users: int) -> Policy:
    """A PIN without a name is tried against everybody's: one guess hits with users / 10 ** digits.

    All of a day's failures together stay below HITS_A_DAY; when they are used up, people sign in by card and PIN, by
    name or by phone until the next day.
    """
    tries = int(HITS_A_DAY * 10 ** shortest_pin(users) / max(users, 1))
    return Policy(
        tries=max(_LEAST_TRIES, tries),
        window=86400.0,
        lock=86400.0,
        message="Too many wrong PINs were typed in this house. Sign in by card, name or phone.",
    )


def guest_policies(settings: GuestSettings) -> dict[Kind, Policy]:
    """Codes are six digits: a thousand of them are guessed by chance soon unless all guesses together are few."""
    wrong = "Too many codes that do not exist were tried"
    return {
        Kind.GUEST: Policy(
            tries=settings.jobs_per_hour,
            window=3600.0,
            lock=600.0,
            message="Too many guests have come from this address.",
        ),
        Kind.GUEST_CODE_ADDRESS: Policy(tries=5, window=900.0, lock=900.0, message=f"{wrong} from this address."),
        Kind.GUEST_CODE_ANYWHERE: Policy(
            tries=50, window=900.0, lock=900.0, message=f"{wrong}. Type yours at a printer's screen."
        ),
    }


def upload_policies(settings: UploadSettings) -> dict[Kind, Policy]:
    return {
        Kind.UPLOAD: Policy(
            tries=settings.files_per_minute,
            window=60.0,
            lock=60.0,
            message="Too many files were uploaded from this address.",
        )
    }


def remote_policies() -> dict[Kind, Policy]:
    return {Kind.REMOTE: Policy(tries=60, window=60.0, lock=60.0, message="This browser asks too often.")}


def mail_policies(settings: SmtpSettings) -> dict[Kind, Policy]:
    """Mail that comes in, and what is answered: two programs that answer each other must come to an end."""
    return {
        Kind.MAIL_IN: Policy(
            tries=settings.mails_per_minute,
            window=60.0,
            lock=10.0,
            message="Too many mails have come from this address.",
        ),
        Kind.MAIL_REFUSAL: Policy(
            tries=10, window=24 * 3600.0, lock=3600.0, message="This address was told often enough today."
        ),
    }


def subscriber(address: str) -> str:
    """What one party controls of the network: the IPv4 address, or the /64 of an IPv6 address."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Address(int(parsed) >> 64 << 64))


def same_client(one: str, other: str) -> bool:
    """Whether both may be one machine: the same address, or one IPv6 network of it, for its privacy addresses change.

    On the link itself (fe80::/10) a network is everybody's, so that the whole address counts.
    """
    if not one or not other:
        return False
    bare, theirs = one.partition("%")[0], other.partition("%")[0]
    return bare == theirs if is_link_local(bare) or is_link_local(theirs) else subscriber(one) == subscriber(other)


def is_link_local(address: str) -> bool:
    try:
        return ip_address(address.partition("%")[0]).is_link_local
    except ValueError:
        return False


@dataclass(frozen=True, kw_only=True, slots=True)
class Limit:
    """What one try is counted against: a kind and its key, for example (name, subscriber)."""

    kind: Kind
    key: tuple[str, ...]


@dataclass(kw_only=True, slots=True)
class Limits:
    """Counters of the table. Not thread-safe: it belongs to one event loop."""

    clock: Clock
    table: dict[Kind, Policy]
    _times: OrderedDict[Limit, deque[float]] = field(default_factory=OrderedDict)

    def take(self, *limits: Limit) -> None:
        """Count one try against each limit, before it is known how it ends: tries at the same time count too.

        Throttled, with nothing counted, when one of them is used up.
        """
        now = self.clock.monotonic()
        for limit in limits:
            self._check(limit, now)
        for limit in limits:
            self._times.setdefault(limit, deque()).append(now)
            self._times.move_to_end(limit)
        while len(self._times) > MAX_COUNTERS:
            self._times.popitem(last=False)

    def is_used_up(self, limit: Limit) -> bool:
        """Whether a try would be refused now; counts nothing."""
        try:
            self._check(limit, self.clock.monotonic())
        except Throttled:
            return True
        return False

    def give_back(self, *limits: Limit) -> None:
        """The try was no failure after all."""
        for limit in limits:
            times = self._times.get(limit)
            if times:
                times.pop()
            if not times:
                self._times.pop(limit, None)

    def forget(self, *limits: Limit) -> None:
        """The counter starts anew, as after the right password."""
        for limit in limits:
            self._times.pop(limit, None)

    def used_up(self) -> list[tuple[Limit, float]]:
        """Those that let nothing through now, and for how many seconds."""
        now, found = self.clock.monotonic(), []
        for limit, times in self._times.items():
            policy = self.table[limit.kind]
            wait = times[-1] + policy.lock - now if len(times) >= policy.tries else 0.0
            if wait > 0:
                found.append((limit, wait))
        return found

    def forget_all(self, kind: Kind, first: str) -> int:
        """Forgets every counter of `kind` whose key begins with `first`; how many there were."""
        found = [limit for limit in self._times if limit.kind is kind and limit.key[:1] == (first,)]
        self.forget(*found)
        return len(found)

    def _check(self, limit: Limit, now: float) -> None:
        policy, times = self.table[limit.kind], self._times.get(limit)
        if times is None:
            return
        if len(times) >= policy.tries:
            wait = times[-1] + policy.lock - now
            if wait > 0:
                raise Throttled(f"{policy.message} Try again in {in_words(wait)}.", retry_after=wait)
            times.clear()
        while times and times[0] <= now - policy.window:
            times.popleft()


class Familiar:
    """From where somebody signed in before: strangers' failures must not stop these. In memory, the newest are kept."""

    def __init__(self, most: int = MAX_COUNTERS) -> None:
        self._most = most
        self._seen: OrderedDict[tuple[str, str], None] = OrderedDict()

    def note(self, who: str, address: str) -> None:
        key = (who.strip().casefold(), subscriber(address))
        self._seen[key] = None
        self._seen.move_to_end(key)
        while len(self._seen) > self._most:
            self._seen.popitem(last=False)

    def knows(self, who: str, address: str) -> bool:
        return (who.strip().casefold(), subscriber(address)) in self._seen


def in_words(seconds: float) -> str:
    """A waiting time as a person would say it, rounded up."""
    if seconds <= 90:
        whole = max(1, int(-(-seconds // 1)))
        return f"{whole} second{'' if whole == 1 else 's'}"
    return f"{int(-(-seconds // 60))} minutes"
