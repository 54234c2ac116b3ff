"""Who people are, what they may do without an account, and what is kept of them."""

from decimal import Decimal
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr

from gateway.settings.kinds import MIB, PRIVATE_NETWORKS, Network, Proof


class OpenId(BaseModel):
    """One OpenID provider: a button on the sign-in page. Its redirect URI is /signin/oidc/<name>/callback."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]  # stands in addresses
    label: str = ""  # on the button; "": the name
    issuer: str  # https://..., exactly as in its discovery document
    client_id: str
    client_secret: SecretStr = SecretStr("")
    client_secret_file: Path | None = None  # its first line; preferred to a secret in the settings
    ca_file: Path | None = None  # of a provider with a certificate of a private CA
    scopes: tuple[str, ...] = ("openid", "profile", "email")
    create_users: bool = False  # whoever it signs in and nobody here knows becomes a user


class Radius(BaseModel):
    """Passwords that a RADIUS server knows (RFC 2865, PAP): of people who have none here and come from no directory."""

    servers: tuple[str, ...] = ()  # host, or host:port, asked in turn; (): nobody is asked
    secret: SecretStr = SecretStr("")
    secret_file: Path | None = None  # its first line; preferred to a secret in the settings
    groups: tuple[str, ...] = ()  # only members of these; (): everybody without a password here
    nas_identifier: str = "papertap"  # RFC 2865 section 5.32
    seconds: Annotated[float, Field(gt=0, le=30)] = 3.0  # until an answer, then it is asked again ...
    tries: Annotated[int, Field(ge=1, le=5)] = 2  # ... so often, then the next server
    # An answer without Message-Authenticator can be forged by whoever is on the way (CVE-2024-3596).
    require_message_authenticator: bool = True


class Passwords(BaseModel):
    """What a new password must be (row 105)."""

    shortest: int = Field(default=8, ge=1, le=128)  # characters; length does more than any rule of characters
    kinds: int = Field(default=1, ge=1, le=4)  # of small letters, capital letters, digits and signs
    leaked_file: Path | None = None  # one a line: words, or SHA-1 in hexadecimal (at least 10 digits, ":count" allowed)


class Identity(BaseModel):
    """Sign-in policy (rows 13, 78, 83-85, 96, 156)."""

    providers: tuple[OpenId, ...] = ()
    radius: Radius = Radius()
    pin_alone: bool = False  # sign-in pages take a PIN without a name: handy, but one guess tries everybody's

    passwords: Passwords = Passwords()
    pin_digits: int = 6
    tries: int = 5  # failures of one name ...
    lockout_seconds: float = 900.0  # ... within this long lock the name for as long, for that address
    tries_per_minute: int = 20  # failures of one address
    account_tries_per_minute: int = 5  # failures of one name from all addresses where it never signed in before
    # Who must sign in with an app's code or a passkey besides: nobody, whoever has any right of staff, or everybody.
    second_factor: Literal["off", "staff", "everybody"] = "off"
    second_factor_after_provider: bool = True  # False: the providers ask for a second step themselves
    session_seconds: float = 12 * 3600.0
    idle_seconds: float = 1800.0
    stay_seconds: float = 30 * 24 * 3600.0  # of who asked to stay signed in on a device of his own; 0: nobody may
    link_seconds: float = 600.0  # how long a sign-in link in a mail, or a sign-in at a provider, may take
    kiosk_seconds: float = 30.0
    # A driver's job with no name that is known here, from a network that its Printer believes, is that of the one
    # person who used the pages from the same address within so many minutes; 0: nobody's. Only for networks where
    # each address is one person's machine: behind a router that translates addresses it would be somebody else's.
    driver_session_minutes: Annotated[float, Field(ge=0, le=720)] = 0.0


class Kiosk(BaseModel):
    """Release stations at /kiosk: a tablet, or a printer's own browser (rows 76, 80, 82, 83 and 85)."""

    # From where a station may be opened: a page that asks for PINs is nothing for the whole world.
    networks: tuple[Network, ...] = PRIVATE_NETWORKS
    modes: tuple[Literal["own", "code", "desk"], ...] = ("own", "code", "desk")  # the first is what opens
    select_all: bool = True  # all waiting jobs are ticked, so that printing them is one touch
    release_on_tap: bool = False  # a card prints all that waits: no touch
    enrol: bool = True  # whoever signs in another way may add the card that was just held to the reader
    cards: int = 4  # a user
    # What members of a group must show, wherever they are; what everybody must show is a Printer's `kiosk_proofs`.
    group_proofs: dict[str, tuple[Proof, ...]] = {}
    longest_seconds: float = 600.0  # then a station signs out even who is still touching it
    result_seconds: float = 300.0  # how long an idle station tells what became of the last release
    plain_http: bool = False  # sign-in without TLS, for printers whose browser knows none: PINs cross the network open
    user_list: bool = False  # names to choose from instead of typing them; shows who is here to whoever stands there
    phone: bool = True  # a phone that is signed in may sign the station in: it shows a code to scan
    unknown_card: str = ""  # the user whose jobs an unknown card opens, for a house that prints without names; "": none


class Terminals(BaseModel):
    """Card readers and boxes at the printers (docs/terminals.md)."""

    # How long a terminal without contact may sign in whom it saw before; 0: never. Lists and prints need contact.
    offline_hours: Annotated[float, Field(ge=0, le=72)] = 0.0
    offline_days: Annotated[float, Field(ge=0)] = 7.0  # of those who used that terminal within so many; 0: all
    offline_groups: tuple[str, ...] = ()  # members of these, and ...
    offline_users: tuple[str, ...] = ()  # ... these; neither given: everybody
    sync_seconds: Annotated[float, Field(ge=10)] = 300.0  # how often a terminal asks who is still good
    # A card held to a box that prints on a tap, but has no contact, prints once it has some again, if that is within
    # this time: later nobody stands there any more to take the pages. 0: never.
    wish_seconds: Annotated[float, Field(ge=0, le=3600)] = 300.0


class Guests(BaseModel):
    """Visitors without an account, on Printers that take them (row 27); nothing here opens a Printer."""

    # here: whoever scanned the sticker stands in front of the printer. code: the code must be typed at its screen.
    release: Literal["here", "code"] = "code"
    hold_seconds: float = 12 * 3600.0
    pages: Annotated[int, Field(ge=1)] = 500  # impressions of one release
    max_file: Annotated[int, Field(ge=1)] = 50 * MIB
    jobs_per_hour: Annotated[int, Field(ge=1)] = 30  # of one address, behind which a whole café may sit
    again_seconds: float = 600.0  # the document can be printed again that long
    # Guests' phones trust no certificate of ours; their code is shown on their screen anyway.
    plain_http: bool = True


class Registration(BaseModel):
    """People who make an account by themselves, with a name and a mail address (row 102)."""

    enabled: bool = False
    approval: bool = True  # staff says yes or no, after the address was confirmed
    domains: tuple[str, ...] = ()  # of the addresses that may register, such as example.org; () is any
    group: str = "SELF-REGISTERED"
    confirm_seconds: float = 24 * 3600.0  # how long the link in the mail works
    wait_seconds: float = 30 * 24 * 3600.0  # an address that staff did not decide on by then may ask again


class Push(BaseModel):
    """Notices on phones by Web Push; browsers name the service that carries them."""

    enabled: bool = True
    contact: str = ""  # mailto: or https: of whoever runs this server, for push services; "": the sender of mails
    # Push services are on the internet. Name networks of your own here if one of yours is in them.
    allowed_networks: tuple[Network, ...] = ()


class Credit(BaseModel):
    """Prepaid credit (row 111), in the site's currency. Off, prices are told and counted, and nobody has a balance."""

    enabled: bool = False
    overdraft: Annotated[Decimal, Field(ge=0)] = Decimal(0)  # how far below nothing a release may bring a balance
    low_balance: Annotated[Decimal, Field(ge=0)] = Decimal(1)  # its owner is told once when it falls below; 0: never
    retry_seconds: Annotated[float, Field(gt=0)] = (
        5.0  # so often jobs of direct Printers that wait for credit are tried
    )


class Privacy(BaseModel):
    """What stays when people have their account erased."""

    # Nobody else can take the name of an erased account: what others granted to the name would then be theirs.
    keep_names: bool = True


class Audit(BaseModel):
    """What staff and administrators did (rows 152 and 158)."""

    keep_days: float = Field(default=400.0, gt=0)  # as long as owners can read who looked at their documents
