"""Mail out and in."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, Field, SecretStr

from gateway.settings.kinds import MIB, PRIVATE_NETWORKS, Network, Port


class Mail(BaseModel):
    """Outgoing mail through one mail server. Without a `host` no mail is sent, and pages say so."""

    host: str = ""
    port: Port = 0  # 0: 587 with starttls, 465 with tls, 25 with none
    security: Literal["starttls", "tls", "none"] = "starttls"  # none: only for a server on this machine or a safe wire
    ca_file: Path | None = None  # of a mail server with a certificate of a private CA
    user: str = ""  # "": it takes mail from this machine without a sign-in
    password: SecretStr = SecretStr("")
    password_file: Path | None = None  # its first line; preferred to a password in the settings
    sender: str = ""  # the address that letters come from; "" is papertap@ and this machine's name
    sender_name: str = ""  # "" is the site's name
    max_per_minute: Annotated[int, Field(ge=1)] = 60  # more would make mail providers take us for a sender of spam
    seconds: float = 30.0  # a mail server that says nothing for so long is tried again later


class Smtp(BaseModel):
    """Mail that comes in to be printed, by SMTP and LMTP (rows 31-41). Its addresses and rules are the Printers'."""

    enabled: bool = True
    port: Port = 2525
    lmtp_port: Port | None = None  # LMTP for a mail server on this machine; None: no LMTP
    name: str = ""  # in the greeting; "": this machine's
    domains: tuple[str, ...] = ()  # behind the @ of our addresses; () takes any, as behind a relay that sends only ours
    networks: tuple[Network, ...] = PRIVATE_NETWORKS  # from where mail is taken; () is from everywhere
    # Our own mail servers: SPF says nothing of them, and the Authentication-Results that they add under one of the
    # names in `authorities` are believed. They must take away what strangers wrote under these names (RFC 8601).
    relays: tuple[Network, ...] = ()
    authorities: tuple[str, ...] = ()
    dns: tuple[str, ...] = ()  # resolvers for SPF, DKIM and DMARC; () are this machine's
    dns_port: Port = 53
    max_message: Annotated[int, Field(ge=1024)] = 36 * MIB  # 25 MiB of files are that much as a mail
    max_recipients: Annotated[int, Field(ge=1)] = 10
    max_sessions: Annotated[int, Field(ge=1)] = 300
    max_sessions_per_address: Annotated[int, Field(ge=1)] = 20
    idle_seconds: float = 60.0  # a client that says nothing for so long is sent away ...
    message_seconds: float = 600.0  # ... and so is one that takes longer for one message
    mails_per_minute: Annotated[int, Field(ge=1)] = 60  # of one address that is none of `relays`
    kept_seconds: float = 7 * 24 * 3600.0  # a mail that comes again within this time is known
    answer_seconds: float = 17.0  # a sender is answered after that long at the latest, ready or not


class OAuth(BaseModel):
    """How a mailbox is opened without a password, as Microsoft 365 and Google want it."""

    token_url: str
    client_id: str
    client_secret: SecretStr = SecretStr("")
    client_secret_file: Path | None = None
    refresh_token_file: Path | None = None  # its first line; without one the client signs in for itself
    scope: str = ""
    ca_file: Path | None = None


class Mailbox(BaseModel):
    """A mailbox elsewhere whose mails are fetched and printed (row 31)."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,30}$")]
    protocol: Literal["imap", "pop3"] = "imap"
    host: str
    port: Port = 0  # 0: 993 or 995 with tls, else 143 or 110
    security: Literal["tls", "starttls", "none"] = "tls"
    ca_file: Path | None = None
    user: str
    password: SecretStr = SecretStr("")
    password_file: Path | None = None  # its first line; preferred to a password in the settings
    oauth: OAuth | None = None
    folder: str = "INBOX"
    move_to: str = ""  # where printed mails go; "": they are deleted
    printer: str = ""  # for all of its mails; "": by the address they were sent to
    authorities: tuple[str, ...] = ()  # names under which its server writes Authentication-Results
    poll_seconds: Annotated[float, Field(ge=1.0)] = 30.0
    idle: bool = True  # IMAP tells of new mail by itself, where its server can
