"""A house with two providers, whose pages are looked at by their name and by an address."""

import html
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2

from gateway.services.ports import Claims
from gateway.settings import Identity as IdentitySettings
from gateway.settings import OpenId, Settings
from tests.webprint.visitor import SECURE, Visitor
from tests.webprint.web_house import House

LAN_ADDRESS = "192.0.2.9"
ALICE = Claims(
    issuer="https://login.corp.example", subject="s-alice", email="alice@example.org", email_verified=True, name="Alice"
)
LINK = f"{SECURE}/signin/mail/"


def providers() -> tuple[OpenId, ...]:
    return (
        OpenId(name="corp", label="Corp & Co", issuer="https://login.corp.example", client_id="papertap"),
        OpenId(name="campus", label="Campus", issuer="https://campus.example", client_id="papertap"),
    )


async def signin_house(**site: str) -> House:
    identity = IdentitySettings(providers=providers())
    house = await House(settings=Settings(data="unused", site={"name": "Papertap"} | site, identity=identity)).open()
    await house.identity.change_user("alice", email="alice@example.org")
    return house


def asked_of(answer: httpx2.Response) -> dict[str, str]:
    """What the redirect to a provider carries."""
    return {name: values[0] for name, values in parse_qs(urlsplit(answer.headers["location"]).query).items()}


async def at_provider(house: House, visitor: Visitor, name: str = "corp", claims: Claims = ALICE) -> str:
    """Goes there; the path and query by which the browser comes back."""
    state = asked_of(await visitor.get(f"/signin/oidc/{name}"))["state"]
    house.sign_in.providers[name].codes["code"] = claims
    return f"/signin/oidc/{name}/callback?state={state}&code=code&iss={claims.issuer}"


async def link_of(house: House, visitor: Visitor, address: str = "alice@example.org") -> str:
    """Asks for a link by mail: its path."""
    await visitor.get("/signin/mail")
    answer = await visitor.post("/signin/mail", {"email": address, "next": "/jobs?all=1"})
    assert answer.status_code == 200
    await house.sign_in.methods.links.settle()
    return urlsplit(house.sign_in.mailer.letters[-1].values["link"]).path


async def passkey_answer(visitor: Visitor, path: str = "/signin/passkey/options", **told: Any) -> str:
    """What a script would post for the challenge that it gets."""
    answer = await visitor.client.post(path, data={"csrf": visitor.token}, headers={"origin": visitor.site})
    assert answer.status_code == 200, answer.text
    options = json.loads(answer.text)
    return json.dumps({"challenge": options["challenge"], "rp": options["rp"], "credential": "c0ffee"} | told)


async def add_passkey(visitor: Visitor, name: str = "Phone") -> httpx2.Response:
    await visitor.get("/account/security")
    credential = await passkey_answer(visitor, "/account/security/passkeys/options")
    return await visitor.post("/account/security/passkeys", {"credential": credential, "name": name})


def alert_of(answer: httpx2.Response) -> str:
    found = re.search(r'role="alert"[^>]*>.*?<span>(.*?)</span>', answer.text, re.DOTALL)
    return html.unescape(found[1]) if found else ""
