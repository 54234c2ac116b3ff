"""A service of Graph's shape: tokens, users and groups with delta queries, pages, throttling, links that grow old."""

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import httpx2

GRAPH = "https://graph.example/v1.0"
LOGIN = "https://login.example"
TENANT, CLIENT, SECRET = "tenant-1", "client-1", "a secret of the application"


def user(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"id-{number:03d}",
        "userPrincipalName": f"u{number}@corp.example",
        "mailNickname": f"nick{number}",
        "onPremisesSamAccountName": f"SAM{number}",
        "displayName": f"Person {number}",
        "mail": f"person{number}@corp.example",
        "department": "Sales",
        "preferredLanguage": "fr-CH",
        "accountEnabled": True,
        "userType": "Member",
        "proxyAddresses": [f"SMTP:person{number}@corp.example", f"smtp:p{number}@old.example", "X400:c=us"],
        "onPremisesExtensionAttributes": {"extensionAttribute1": f"04{number:06X}"},
    } | more


@dataclass(kw_only=True)
class Graph(httpx2.AsyncBaseTransport):
    """`faults` are answered first, each once: (status, headers). Versions of lists count up with each change."""

    users: list[dict[str, Any]] = field(default_factory=lambda: [user(n) for n in range(7)])
    groups: list[dict[str, Any]] = field(default_factory=list)
    changes: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: {"users": [], "groups": []})
    size: int = 3
    faults: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    expired: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    tokens: int = 0
    lie: str = ""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        body = await request.aread()
        url = str(request.url)
        self.asked.append(url)
        if self.faults:
            status, headers = self.faults.pop(0)
            return httpx2.Response(status, headers=headers, json={"error": {"code": "fault"}}, request=request)
        if url == f"{LOGIN}/{TENANT}/oauth2/v2.0/token":
            return self._token(request, body)
        if request.headers.get("authorization") != f"Bearer token-{self.tokens}":
            return httpx2.Response(401, json={"error": {"code": "InvalidAuthenticationToken"}}, request=request)
        status, headers, content = self._answer(request)
        return httpx2.Response(status, headers=headers, content=content, request=request)

    def _token(self, request: httpx2.Request, body: bytes) -> httpx2.Response:
        form = parse_qs(body.decode())
        wanted = {"grant_type": ["client_credentials"], "client_id": [CLIENT], "client_secret": [SECRET]}
        if {name: form.get(name) for name in wanted} != wanted or form.get("scope") != [
            "https://graph.example/.default"
        ]:
            told = {"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret."}
            return httpx2.Response(401, json=told, request=request)
        self.tokens += 1
        return httpx2.Response(200, json={"access_token": f"token-{self.tokens}", "expires_in": 3599}, request=request)

    def _answer(self, request: httpx2.Request) -> tuple[int, dict[str, str], bytes]:
        path, query = request.url.path, parse_qs(request.url.query.decode())
        kind = "users" if "/users" in path else "groups"
        if not path.endswith("/delta"):
            return self._page({"value": (self.users if kind == "users" else self.groups)[:3]})
        if "$deltatoken" in query:
            if kind in self.expired:
                return 410, {}, b'{"error": {"code": "syncStateNotFound"}}'
            return self._page({"value": self.changes[kind], "@odata.deltaLink": self._link(kind, "$deltatoken=2")})
        at = int(query.get("$skiptoken", ["0"])[0])
        rows = self.users if kind == "users" else self.groups
        page: dict[str, Any] = {"value": rows[at : at + self.size]}
        if at + self.size < len(rows):
            page["@odata.nextLink"] = self.lie or self._link(kind, f"$skiptoken={at + self.size}")
        else:
            page["@odata.deltaLink"] = self._link(kind, "$deltatoken=1")
        return self._page(page)

    def _page(self, page: dict[str, Any]) -> tuple[int, dict[str, str], bytes]:
        return 200, {"content-type": "application/json"}, json.dumps(page).encode()

    def _link(self, kind: str, query: str) -> str:
        return f"{GRAPH}/{kind}/delta?{query}"
