"""Who may ask for what: one table of routes, default deny.

A route without a row here answers 403 to everybody; a test fails for it besides.
"""

from enum import Enum, auto

from gateway.domain.user import Actor, Session, is_guest

RECENT_SECONDS = 600.0  # a proof is that long good for what would let a thief of the session in for ever


class Access(Enum):
    """ANYONE: also strangers. SIGNED_IN: a live session; which jobs it reaches is the release service's to say.

    RECENT: a live session whose user proved itself within the last minutes; else the guard asks for that first.
    VISITOR: somebody who is signed in, or a guest; GUEST: a guest alone.
    OPERATOR: a live session of somebody who runs the printers. Below /kiosk a session is one of the station's.
    """

    ANYONE = auto()
    SIGNED_IN = auto()
    RECENT = auto()
    OPERATOR = auto()
    VISITOR = auto()
    GUEST = auto()


POLICY: dict[tuple[str, str], Access] = {
    ("GET", "/"): Access.ANYONE,
    ("GET", "/qr.svg"): Access.ANYONE,
    ("GET", "/ca.pem"): Access.ANYONE,
    ("GET", "/static/{name}"): Access.ANYONE,
    ("GET", "/language"): Access.ANYONE,
    ("GET", "/signin"): Access.ANYONE,
    ("POST", "/signin"): Access.ANYONE,
    ("POST", "/signout"): Access.SIGNED_IN,
    ("GET", "/signin/oidc/{provider}"): Access.ANYONE,
    ("GET", "/signin/oidc/{provider}/callback"): Access.ANYONE,
    ("GET", "/signin/mail"): Access.ANYONE,
    ("POST", "/signin/mail"): Access.ANYONE,
    ("GET", "/signin/mail/{secret}"): Access.ANYONE,
    ("POST", "/signin/mail/{secret}"): Access.ANYONE,
    ("POST", "/signin/passkey/options"): Access.ANYONE,
    ("POST", "/signin/passkey"): Access.ANYONE,
    ("GET", "/signin/confirm"): Access.SIGNED_IN,
    ("POST", "/signin/confirm"): Access.SIGNED_IN,
    ("POST", "/signin/confirm/mail"): Access.SIGNED_IN,
    ("GET", "/signin/confirm/oidc/{provider}"): Access.SIGNED_IN,
    ("GET", "/account/security"): Access.SIGNED_IN,
    ("POST", "/account/security/passkeys/options"): Access.RECENT,
    ("POST", "/account/security/passkeys"): Access.RECENT,
    ("POST", "/account/security/passkeys/{id}/rename"): Access.RECENT,
    ("POST", "/account/security/passkeys/{id}/remove"): Access.RECENT,
    ("GET", "/account/security/link/{provider}"): Access.RECENT,
    ("POST", "/account/security/identities/{id}/remove"): Access.RECENT,
    ("POST", "/account/security/app-passwords"): Access.RECENT,
    ("POST", "/account/security/app-passwords/{id}/remove"): Access.RECENT,
    ("POST", "/account/security/sessions/{tag}/end"): Access.SIGNED_IN,
    ("POST", "/account/security/sessions/end-others"): Access.SIGNED_IN,
    ("GET", "/jobs"): Access.SIGNED_IN,
    ("POST", "/jobs/release"): Access.SIGNED_IN,
    ("POST", "/jobs/release-all"): Access.SIGNED_IN,
    ("POST", "/jobs/delete"): Access.SIGNED_IN,
    ("GET", "/jobs/{id:int}"): Access.SIGNED_IN,
    ("GET", "/jobs/{id:int}/pages/{number:int}.png"): Access.SIGNED_IN,
    ("GET", "/jobs/{id:int}/sides/{number:int}.png"): Access.SIGNED_IN,
    ("POST", "/jobs/{id:int}/delete"): Access.SIGNED_IN,
    ("POST", "/jobs/{id:int}/reprint"): Access.SIGNED_IN,
    ("POST", "/jobs/{id:int}/favourite"): Access.SIGNED_IN,
    ("POST", "/jobs/{id:int}/extend"): Access.SIGNED_IN,
    ("POST", "/jobs/{id:int}/claim"): Access.SIGNED_IN,
    ("POST", "/jobs/{id:int}/unlock"): Access.SIGNED_IN,
    ("POST", "/jobs/{id:int}/convert"): Access.SIGNED_IN,
    ("POST", "/jobs/{id:int}/later"): Access.SIGNED_IN,
    ("POST", "/jobs/{id:int}/came-out"): Access.SIGNED_IN,
    ("POST", "/jobs/{id:int}/not-out"): Access.SIGNED_IN,
    ("GET", "/jobs/events"): Access.SIGNED_IN,
    ("GET", "/jobs/quote"): Access.SIGNED_IN,
    ("POST", "/jobs/{id:int}/release"): Access.SIGNED_IN,
    ("POST", "/jobs/{id:int}/proof"): Access.SIGNED_IN,
    ("POST", "/jobs/{id:int}/private"): Access.SIGNED_IN,
    ("POST", "/jobs/{id:int}/share"): Access.SIGNED_IN,
    ("POST", "/jobs/{id:int}/shares/{share:int}/revoke"): Access.SIGNED_IN,
    ("GET", "/s/{token}"): Access.ANYONE,
    ("POST", "/s/{token}"): Access.ANYONE,
    ("GET", "/s/{token}/page.png"): Access.ANYONE,
    ("GET", "/history"): Access.SIGNED_IN,
    ("GET", "/account/delegates"): Access.SIGNED_IN,
    ("POST", "/account/delegates"): Access.RECENT,
    ("POST", "/account/delegates/{id:int}/remove"): Access.SIGNED_IN,
    ("GET", "/account"): Access.SIGNED_IN,
    ("POST", "/account"): Access.SIGNED_IN,
    ("GET", "/account/pin"): Access.RECENT,
    ("POST", "/account/pin"): Access.RECENT,
    ("GET", "/account/password"): Access.RECENT,
    ("POST", "/account/password"): Access.RECENT,
    ("GET", "/account/cards"): Access.RECENT,
    ("POST", "/account/cards"): Access.RECENT,
    ("POST", "/account/cards/remove"): Access.RECENT,
    ("GET", "/account/addresses"): Access.RECENT,
    ("POST", "/account/addresses"): Access.RECENT,
    ("POST", "/account/addresses/primary"): Access.RECENT,
    ("POST", "/account/addresses/remove"): Access.RECENT,
    ("GET", "/account/addresses/confirm"): Access.ANYONE,
    ("POST", "/account/addresses/confirm"): Access.ANYONE,
    ("GET", "/account/notices"): Access.SIGNED_IN,
    ("POST", "/account/notices"): Access.SIGNED_IN,
    ("GET", "/keep"): Access.ANYONE,
    ("POST", "/keep"): Access.ANYONE,
    ("GET", "/account/data"): Access.SIGNED_IN,
    ("POST", "/account/data/export"): Access.RECENT,
    ("GET", "/account/data/erase"): Access.RECENT,
    ("POST", "/account/data/erase"): Access.RECENT,
    ("GET", "/upload"): Access.SIGNED_IN,
    ("POST", "/upload"): Access.VISITOR,
    ("OPTIONS", "/upload/files"): Access.ANYONE,
    ("POST", "/upload/files"): Access.ANYONE,
    ("GET", "/upload/files/{id}"): Access.VISITOR,
    ("PATCH", "/upload/files/{id}"): Access.VISITOR,
    ("DELETE", "/upload/files/{id}"): Access.VISITOR,
    ("POST", "/upload/close"): Access.VISITOR,
    ("GET", "/upload/jobs/{id:int}"): Access.VISITOR,
    ("GET", "/p/{name}"): Access.ANYONE,
    ("POST", "/p/{name}"): Access.ANYONE,
    ("GET", "/guest"): Access.ANYONE,
    ("GET", "/guest/code.svg"): Access.GUEST,
    ("GET", "/guest/jobs/{id:int}"): Access.GUEST,
    ("GET", "/guest/jobs/{id:int}/pages/{number:int}.png"): Access.GUEST,
    ("GET", "/guest/jobs/{id:int}/sides/{number:int}.png"): Access.GUEST,
    ("GET", "/guest/jobs/{id:int}/quote"): Access.GUEST,
    ("POST", "/guest/jobs/{id:int}/print"): Access.GUEST,
    ("POST", "/guest/jobs/{id:int}/save"): Access.GUEST,
    ("POST", "/guest/jobs/{id:int}/again"): Access.GUEST,
    ("POST", "/guest/jobs/{id:int}/delete"): Access.GUEST,
    ("POST", "/guest/jobs/{id:int}/unlock"): Access.GUEST,
    ("POST", "/guest/jobs/{id:int}/came-out"): Access.GUEST,
    ("GET", "/kiosk"): Access.ANYONE,
    ("GET", "/kiosk/{station}"): Access.ANYONE,
    ("GET", "/kiosk/{station}/last"): Access.ANYONE,
    ("POST", "/kiosk/{station}/in"): Access.ANYONE,
    ("POST", "/kiosk/{station}/out"): Access.VISITOR,
    ("POST", "/kiosk/{station}/here"): Access.VISITOR,
    ("POST", "/kiosk/{station}/card"): Access.VISITOR,
    ("POST", "/kiosk/{station}/release"): Access.VISITOR,
    ("POST", "/kiosk/{station}/delete"): Access.VISITOR,
    ("POST", "/kiosk/{station}/jobs/{id:int}/answer"): Access.VISITOR,
    ("GET", "/kiosk/{station}/jobs/{id:int}/pages/{number:int}.png"): Access.VISITOR,
    ("GET", "/desk"): Access.OPERATOR,
    ("POST", "/desk/unlock"): Access.OPERATOR,
    ("GET", "/desk/jobs/{id:int}"): Access.OPERATOR,
    ("GET", "/desk/jobs/{id:int}/pages/{number:int}.png"): Access.OPERATOR,
    ("POST", "/desk/jobs/{id:int}/release"): Access.OPERATOR,
    ("POST", "/desk/jobs/{id:int}/paid"): Access.OPERATOR,
    ("POST", "/desk/jobs/{id:int}/extend"): Access.OPERATOR,
    ("POST", "/desk/jobs/{id:int}/delete"): Access.OPERATOR,
    ("POST", "/desk/jobs/{id:int}/code"): Access.OPERATOR,
    ("POST", "/desk/jobs/{id:int}/look"): Access.OPERATOR,
    ("GET", "/kiosk/{station}/desk"): Access.OPERATOR,
    ("POST", "/kiosk/{station}/desk/unlock"): Access.OPERATOR,
    ("GET", "/kiosk/{station}/desk/jobs/{id:int}"): Access.OPERATOR,
    ("GET", "/kiosk/{station}/desk/jobs/{id:int}/pages/{number:int}.png"): Access.OPERATOR,
    ("POST", "/kiosk/{station}/desk/jobs/{id:int}/release"): Access.OPERATOR,
    ("POST", "/kiosk/{station}/desk/jobs/{id:int}/paid"): Access.OPERATOR,
    ("POST", "/kiosk/{station}/desk/jobs/{id:int}/extend"): Access.OPERATOR,
    ("POST", "/kiosk/{station}/desk/jobs/{id:int}/delete"): Access.OPERATOR,
    ("POST", "/kiosk/{station}/desk/jobs/{id:int}/code"): Access.OPERATOR,
    ("POST", "/kiosk/{station}/desk/jobs/{id:int}/look"): Access.OPERATOR,
}


def access_of(method: str, path: str) -> Access | None:
    """The row of a route's path; HEAD is asked as GET. None means: nobody."""
    return POLICY.get(("GET" if method == "HEAD" else method, path))


def allows(access: Access, actor: Actor) -> bool:
    if access is Access.ANYONE:
        return True
    if is_guest(actor.user):
        return access in {Access.VISITOR, Access.GUEST}
    if access is Access.GUEST:
        return False
    if access is Access.OPERATOR:
        return actor.is_operator
    return actor.user is not None


def is_recent(session: Session | None, now: float) -> bool:
    """A proof from the future, after the clock was set back, counts for nothing."""
    return session is not None and session.proved_at <= now < session.proved_at + RECENT_SECONDS
