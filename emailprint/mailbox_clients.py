"""Mailboxes by IMAP and POP3, blocking: one connection, used by one thread at a time, every wait with a limit."""

import base64
import imaplib
import poplib
import socket
import ssl
import threading
from contextlib import suppress
from itertools import pairwise
from typing import Protocol

from imap_tools.errors import (
    ImapToolsError,
    MailboxCopyError,
    MailboxFolderSelectError,
    MailboxLoginError,
    MailboxMoveError,
)
from imap_tools.mailbox import BaseMailBox, MailBox, MailBoxStartTls, MailBoxUnencrypted

from emailprint.oauth import NoToken, Tokens, first_line
from gateway.domain.letter import one_line
from gateway.errors import NotPossible
from gateway.settings import Mailbox as Settings

SECONDS = 30.0
SLICE = 1.0  # so soon a wait for news hears that the program ends
TROUBLE = (OSError, imaplib.IMAP4.error, ImapToolsError, poplib.error_proto, NoToken, EOFError, ValueError)
"""What a mailbox that does not work may raise."""

imaplib._MAXLINE = 10_000_000  # type: ignore[attr-defined]  # a search for thousands of mails is one line  # noqa: SLF001
poplib._MAXLINE = 1_000_000  # type: ignore[attr-defined]  # whole pages on one line, as in other ways in  # noqa: SLF001


def trouble(error: BaseException, settings: Settings) -> NotPossible:
    """What stands in the way, and what to do, for who runs the house; with the server's own words."""
    told = error.args[0] if error.args and isinstance(error.args[0], bytes) else str(error)
    if isinstance(told, bytes):  # poplib's
        told = told.decode("utf-8", "replace")
    said, host = one_line(told.strip().rstrip(".") or type(error).__name__, 150), settings.host
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotPossible(
            f"The certificate of {host} is not trusted: {said}. Set ca_file if its authority is your own."
        )
    if isinstance(error, socket.gaierror):
        return NotPossible(f"The name {host} leads nowhere: {said}. Check the host of this mailbox.")
    if isinstance(error, OSError):
        return NotPossible(
            f"{host} cannot be reached: {said}. Check host, port and security, and whether a firewall is between."
        )
    return _refused(error, said, host)


def _refused(error: BaseException, said: str, host: str) -> NotPossible:
    """By a server that was reached."""
    if isinstance(error, NoToken):
        return NotPossible(f"There is no token for {host}: {said}. Check the oauth settings of this mailbox.")
    if isinstance(error, MailboxFolderSelectError | MailboxCopyError | MailboxMoveError):
        return NotPossible(f"{host} does not open a folder: {said}. Check folder and move_to of this mailbox.")
    if isinstance(error, MailboxLoginError | poplib.error_proto | imaplib.IMAP4.error):
        return NotPossible(f"{host} refuses: {said}. Check user and password, and whether it allows this way in.")
    return NotPossible(f"{host} answers what is not understood: {said}. Check port and security of this mailbox.")


class MailboxClient(Protocol):
    """`name`s are the server's own for mails, good for one connection."""

    def open(self) -> str:
        """Signs in; a few words on how."""

    def close(self) -> None: ...

    def waiting(self) -> list[tuple[str, int]]:
        """(name, octets) of all mails, oldest first."""

    def fetch(self, name: str, *, heading_only: bool = False) -> bytes: ...

    def done(self, name: str) -> None:
        """Delete it, or move it where printed mails go. By POP3 that is final when the connection closes."""

    def wait(self, seconds: float, stop: threading.Event) -> None:
        """Until something is new, or that long."""


class ImapClient:
    """IMAP4rev1 (RFC 3501) with IDLE (RFC 2177) where the server has it."""

    def __init__(self, settings: Settings, tokens: Tokens | None) -> None:
        self._settings = settings
        self._tokens = tokens
        self._box: BaseMailBox | None = None

    @property
    def _opened(self) -> BaseMailBox:
        if self._box is None:
            raise OSError("The mailbox is closed.")
        return self._box

    def open(self) -> str:
        given = self._settings
        box = self._connected()
        try:
            if self._tokens is not None:
                box.xoauth2(given.user, self._tokens.get(), initial_folder=given.folder)
            else:
                box.login(given.user, password_of(given), initial_folder=given.folder)
        except BaseException:
            with suppress(*TROUBLE):
                box.client.shutdown()
            raise
        self._box = box
        return f"IMAP, {'IDLE' if self._can_idle else 'polling'}"

    def close(self) -> None:
        box, self._box = self._box, None
        if box is not None:
            with suppress(*TROUBLE):
                box.logout()
            with suppress(*TROUBLE):
                box.client.shutdown()

    def waiting(self) -> list[tuple[str, int]]:
        box = self._opened
        self._opened.client.noop()
        names = box.uids("UNDELETED")
        if not names:
            return []
        _, answers = box.client.uid("FETCH", ",".join(names), "(RFC822.SIZE)")
        sizes = dict(filter(None, (_size(answer) for answer in answers if isinstance(answer, bytes))))
        return [(name, sizes[name]) for name in names if name in sizes]

    def fetch(self, name: str, *, heading_only: bool = False) -> bytes:
        _, answers = self._opened.client.uid("FETCH", name, "(BODY.PEEK[HEADER])" if heading_only else "(BODY.PEEK[])")
        for answer in answers:
            if isinstance(answer, tuple):
                return bytes(answer[1])
        raise OSError(f"The mailbox gave no mail under {name}.")

    def done(self, name: str) -> None:
        if self._settings.move_to:
            self._opened.move(name, self._settings.move_to)
        else:
            self._opened.delete(name)

    def wait(self, seconds: float, stop: threading.Event) -> None:
        if not self._can_idle:
            stop.wait(seconds)
            return
        idle, left = self._opened.idle, seconds
        idle.start()  # type: ignore[no-untyped-call]  # reason: imap-tools' own
        try:
            while left > 0 and not stop.is_set() and not idle.poll(timeout=min(SLICE, left)):
                left -= SLICE
        finally:
            idle.stop()  # type: ignore[no-untyped-call]  # reason: imap-tools' own

    @property
    def _can_idle(self) -> bool:
        return self._settings.idle and "IDLE" in self._opened.client.capabilities

    def _connected(self) -> BaseMailBox:
        given = self._settings
        if given.security == "none":
            return MailBoxUnencrypted(given.host, given.port or 143, timeout=SECONDS)
        trust = ssl.create_default_context(cafile=given.ca_file)
        if given.security == "starttls":
            return MailBoxStartTls(given.host, given.port or 143, timeout=SECONDS, ssl_context=trust)
        return MailBox(given.host, given.port or 993, timeout=SECONDS, ssl_context=trust)


class PopClient:
    """POP3 (RFC 1939). Mails are numbered anew in each connection, so that one is opened for each look."""

    def __init__(self, settings: Settings, tokens: Tokens | None) -> None:
        self._settings = settings
        self._tokens = tokens
        self._box: poplib.POP3 | None = None

    def open(self) -> str:
        self._sign_in()
        return "POP3, polling"

    def close(self) -> None:
        box, self._box = self._box, None
        if box is not None:
            with suppress(*TROUBLE):
                box.quit()  # only now what is done is deleted
            with suppress(*TROUBLE):
                box.close()

    def waiting(self) -> list[tuple[str, int]]:
        if self._box is None:
            self._sign_in()
        assert self._box is not None
        _, lines, _ = self._box.list()
        return [(number, int(size)) for number, size in (line.decode("ascii").split()[:2] for line in lines)]

    def fetch(self, name: str, *, heading_only: bool = False) -> bytes:
        assert self._box is not None
        _, lines, _ = self._box.top(name, 0) if heading_only else self._box.retr(int(name))
        return b"\r\n".join(lines) + b"\r\n"

    def done(self, name: str) -> None:
        assert self._box is not None
        self._box.dele(int(name))

    def wait(self, seconds: float, stop: threading.Event) -> None:
        self.close()
        stop.wait(seconds)

    def _sign_in(self) -> None:
        given, box = self._settings, self._connected()
        try:
            if self._tokens is not None:
                told = f"user={given.user}\1auth=Bearer {self._tokens.get()}\1\1".encode()
                # poplib knows no AUTH; this is how its own commands are sent.
                box._shortcmd(f"AUTH XOAUTH2 {base64.b64encode(told).decode()}")  # type: ignore[attr-defined]  # noqa: SLF001
            else:
                box.user(given.user)
                box.pass_(password_of(given))
        except BaseException:
            with suppress(*TROUBLE):
                box.close()
            raise
        self._box = box

    def _connected(self) -> poplib.POP3:
        given = self._settings
        if given.security == "tls":
            trust = ssl.create_default_context(cafile=given.ca_file)
            return poplib.POP3_SSL(given.host, given.port or 995, timeout=SECONDS, context=trust)
        box = poplib.POP3(given.host, given.port or 110, timeout=SECONDS)
        if given.security == "starttls":
            box.stls(ssl.create_default_context(cafile=given.ca_file))
        return box


def client_of(settings: Settings) -> MailboxClient:
    tokens = Tokens(settings.oauth) if settings.oauth is not None else None
    return ImapClient(settings, tokens) if settings.protocol == "imap" else PopClient(settings, tokens)


def password_of(settings: Settings) -> str:
    return first_line(settings.password_file) or settings.password.get_secret_value()


def _size(answer: bytes) -> tuple[str, int] | None:
    words = answer.replace(b"(", b" ").replace(b")", b" ").split()
    values = dict(pairwise(words))
    uid, size = values.get(b"UID"), values.get(b"RFC822.SIZE")
    return (uid.decode("ascii"), int(size)) if uid is not None and size is not None and size.isdigit() else None
