"""Clients that measure single requests: IPP over one kept connection, a stream in chunks, and somebody at the web page."""

import http.client
import re
import ssl
from base64 import b64encode
from collections.abc import Iterator, Mapping

import httpx2

from ipp.wire import Message, decode
from tests.benchmarks.messages import A_PAGE

PIECE = 64 * 1024
PASSWORD = "a long enough password"


class Client:
    """POSTs IPP to `path`; RuntimeError for any answer that is not successful."""

    def __init__(self, port: int, path: str, *, user: str | None = None, timeout: float = 60.0) -> None:
        """With `user` it speaks TLS and signs in with PASSWORD."""
        self._path = path
        self._headers = {"Content-Type": "application/ipp"}
        if user is None:
            self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout)
        else:
            trusting = ssl._create_unverified_context()
            self._connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=timeout, context=trusting)
            self._headers["Authorization"] = "Basic " + b64encode(f"{user}:{PASSWORD}".encode()).decode()

    def post(self, body: bytes | Iterator[bytes]) -> Message:
        """An iterator goes out in chunks."""
        chunked = not isinstance(body, bytes)
        headers = self._headers | ({"Transfer-Encoding": "chunked"} if chunked else {})
        self._connection.request("POST", self._path, body=body, headers=headers, encode_chunked=chunked)
        answer = self._connection.getresponse()
        octets = answer.read()
        if answer.status != http.client.OK:
            raise RuntimeError(f"HTTP {answer.status}: {octets[:200]!r}")
        message, _ = decode(octets)
        if message.code > 0xFF:
            raise RuntimeError(f"IPP status 0x{message.code:04x}: {message}")
        return message

    def close(self) -> None:
        self._connection.close()


def job_id(answer: Message) -> int:
    """Of the answer to a Print-Job."""
    return next(int(a.value) for g in answer.groups for a in g.attributes if a.name == "job-id")  # type: ignore[arg-type]  # reason: job-id is an integer


def streamed(message: bytes, octets: int) -> Iterator[bytes]:
    """The message and a PDF of that many octets, made while it is sent: a page, then a long comment."""
    yield message + A_PAGE + b"%"
    padding = b"x" * PIECE
    for start in range(0, octets - len(A_PAGE) - 1, PIECE):
        yield padding[: octets - len(A_PAGE) - 1 - start]


class Visitor:
    """Somebody signed in at the web page."""

    def __init__(self, port: int, user: str) -> None:
        self._client = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
        self._csrf = ""
        self.get("/signin")
        self.post("/signin", {"with": "password", "name": user, "password": PASSWORD})
        self.get("/jobs")

    def get(self, path: str) -> str:
        return self._learn(self._client.get(path))

    def post(self, path: str, fields: Mapping[str, str]) -> str:
        return self._learn(self._client.post(path, data={"csrf": self._csrf, **fields}))

    def close(self) -> None:
        self._client.close()

    def _learn(self, answer: httpx2.Response) -> str:
        if answer.status_code >= http.client.BAD_REQUEST:
            raise RuntimeError(f"{answer.request.method} {answer.request.url}: {answer.status_code}\n{answer.text}")
        found = re.search(r'name="csrf" value="([^"]+)"', answer.text)
        self._csrf = found[1] if found else self._csrf
        return answer.text
