"""What is told of a mailbox that does not work."""

import imaplib
import poplib
import socket
import ssl

import pytest
from imap_tools.errors import MailboxFolderSelectError, MailboxLoginError

from emailprint.mailbox_clients import TROUBLE, trouble
from emailprint.oauth import NoToken
from gateway.settings import Mailbox

BOX = Mailbox(name="scans", host="imap.example.org", user="print@example.org", password="x")
UNTRUSTED = ssl.SSLCertVerificationError(1, "certificate verify failed")


@pytest.mark.parametrize(
    ("error", "begins", "ends"),
    [
        (UNTRUSTED, "The certificate of imap.example.org is not trusted:", "Set ca_file if its authority is your own."),
        (socket.gaierror(-2, "Name or service not known"), "The name imap.example.org leads nowhere:", "Check the host of this mailbox."),
        (ConnectionRefusedError(111, "Connection refused"), "imap.example.org cannot be reached:", "whether a firewall is between."),
        (TimeoutError(), "imap.example.org cannot be reached: TimeoutError.", "whether a firewall is between."),
        (NoToken("The token service refuses: invalid_grant."), "There is no token for imap.example.org: The token service refuses: invalid_grant.", "oauth settings of this mailbox."),
        (MailboxLoginError(("NO", [b"[AUTHENTICATIONFAILED] No."]), "OK"), "imap.example.org refuses:", "whether it allows this way in."),
        (imaplib.IMAP4.error("LOGIN disabled"), "imap.example.org refuses: LOGIN disabled.", "whether it allows this way in."),
        (poplib.error_proto(b"-ERR [AUTH] Authentication failed."), "imap.example.org refuses: -ERR [AUTH] Authentication failed.", "whether it allows this way in."),
        (MailboxFolderSelectError(("NO", [b"No such mailbox"]), "OK"), "imap.example.org does not open a folder:", "folder and move_to of this mailbox."),
        (EOFError(), "imap.example.org answers what is not understood: EOFError.", "security of this mailbox."),
    ],
)  # fmt: skip
def test_each_trouble_says_what_to_do(error: Exception, begins: str, ends: str) -> None:
    assert isinstance(error, TROUBLE)
    told = trouble(error, BOX).message
    assert told.startswith(begins)
    assert told.endswith(ends)
    assert "\n" not in told
    assert len(told) < 320
