"""A private Dovecot: a mailbox of one user by IMAP (with IDLE) and POP3, and tokens instead of passwords if asked for."""

import json
import pwd
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid4

from tests.peers.processes import free_port, wait_for
from tests.peers.scratch import scratch

USER, PASSWORD = "scans@print.example", "password-of-the-mailbox"
TOKEN = "an-access-token"

_CONFIG = """protocols = imap pop3
listen = 127.0.0.1
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain xoauth2
default_internal_user = dovecot
default_login_user = dovenull
first_valid_uid = 1
mail_location = maildir:{root}/mail
mail_fsync = always
passdb {{
  driver = oauth2
  mechanisms = xoauth2
  args = {root}/oauth.conf
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/home
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Printed {{
    auto = create
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""

_OAUTH = """introspection_mode = post
introspection_url = http://127.0.0.1:{port}/introspect
username_attribute = username
active_attribute = active
active_value = true
"""


@dataclass(kw_only=True)
class Dovecot:
    """`token_url` gives tokens for `refresh`; `asked` are the forms that came there."""

    root: Path
    imap: int
    pop3: int
    token_url: str = ""
    refresh: str = "a refresh token"
    asked: list[dict[str, str]] = field(default_factory=list)

    def deliver(self, octets: bytes) -> None:
        """As a mail server does by a local delivery: whole, then under its name."""
        name = f"1.{uuid4().hex}.test"
        (self.root / "mail/tmp" / name).write_bytes(octets)
        shutil.chown(self.root / "mail/tmp" / name, "mail", "mail")
        (self.root / "mail/tmp" / name).rename(self.root / "mail/new" / name)

    def left(self, folder: str = "") -> int:
        """Mails in the inbox, or in a folder of it."""
        base = self.root / "mail" / (f".{folder}" if folder else "")
        return sum(1 for part in ("new", "cur") for _ in (base / part).glob("*")) if base.is_dir() else 0


@contextmanager
def dovecot() -> Iterator[Dovecot]:
    root = Path(tempfile.mkdtemp(prefix="dovecot-", dir=scratch()))
    root.chmod(0o755)
    owner = pwd.getpwnam("mail")
    box = Dovecot(root=root, imap=free_port(), pop3=free_port())
    with _tokens(box) as port:
        box.token_url = f"http://127.0.0.1:{port}/token"
        for part in ("cur", "new", "tmp"):
            (root / "mail" / part).mkdir(parents=True)
        (root / "home").mkdir()
        for path in (root / "mail", *(root / "mail").iterdir(), root / "home"):
            shutil.chown(path, "mail", "mail")
        (root / "oauth.conf").write_text(_OAUTH.format(port=port))
        given = {"root": root, "password": PASSWORD, "uid": owner.pw_uid, "gid": owner.pw_gid}
        (root / "dovecot.conf").write_text(_CONFIG.format(imap=box.imap, pop3=box.pop3, **given))
        command = ["dovecot", "-c", str(root / "dovecot.conf")]
        try:
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # it stays behind
            wait_for(box.imap)
            wait_for(box.pop3)
            yield box
        finally:
            subprocess.run(["doveadm", "-c", command[-1], "stop"], check=False, capture_output=True)
            shutil.rmtree(root, ignore_errors=True)


@contextmanager
def _tokens(box: Dovecot) -> Iterator[int]:
    """A token service: gives access tokens, and tells Dovecot whose they are."""

    class Service(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            from urllib.parse import parse_qsl

            form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            answer: dict[str, Any]
            if self.path == "/introspect":
                answer = {"active": form.get("token") == TOKEN, "username": USER}
            else:
                box.asked.append(form)
                known = form.get("refresh_token") == box.refresh
                answer = {"access_token": TOKEN, "expires_in": 3600} if known else {"error": "invalid_grant"}
            octets = json.dumps(answer).encode()
            self.send_response(200 if "error" not in answer else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
