"""From the browser's first octet to the first picture of what comes out: 10 MB over HTTP, sealed, prepared, pictured."""

import io
import random
import re
import time
from statistics import median

import httpx2
from PIL import Image

from tests.benchmarks.client import PASSWORD
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report
from tests.peers.ours import papertap

OCTETS = 10_000_000
PAGES = 10
LIMIT = 3000.0  # ms
ARRIVED = 5000.0  # ms
TRIES = 5
POLL = 0.05  # seconds


def upload(plan: Plan, report: Report) -> None:
    """Each try is another document, so that nothing is found made already."""
    report.title(f"Upload of {OCTETS // 1_000_000} MB to the first preview")
    setup = (
        ("device", "add", "nowhere", "socket://127.0.0.1:9"),
        ("printer", "add", "bench", "--device", "nowhere"),
        ("user", "add", "bench", "--password", PASSWORD),
    )
    with papertap(*setup, roles="front,prepare,deliver") as ours:
        browser = _Browser(ours.http_port)
        taken = [browser.upload(a_document(seed)) for seed in range(TRIES + 1)][1:]  # the first meets empty caches
        memory = ours.memory() / 1024**2
    for place, what in enumerate(("in the spool", "prepared", "first preview")):
        times = [one[place] for one in taken]
        report.line(what, median(times), "ms", f"longest {max(times):.0f} ms")
    report.line("memory of the front process", memory, "MiB")
    report.at_most("Upload of 10 MB, in the spool", median([one[0] for one in taken]), ARRIVED, "ms")
    report.at_most("Upload of 10 MB to first preview", median([one[2] for one in taken]), LIMIT, "ms")


def a_document(seed: int) -> bytes:
    """A PDF of pictures that do not compress any further."""
    noise, pages = random.Random(seed), list[Image.Image]()
    for _ in range(PAGES):
        pages.append(Image.frombytes("RGB", (900, 1273), noise.randbytes(900 * 1273 * 3)))
    out = io.BytesIO()
    pages[0].save(out, "PDF", save_all=True, append_images=pages[1:], resolution=110, quality=62)
    return out.getvalue().ljust(OCTETS, b" ")


class _Browser:
    """Signed in, and as fast as a browser on this machine."""

    def __init__(self, port: int) -> None:
        self._client = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
        self._page("/signin")
        fields = {"csrf": self._token, "with": "password", "name": "bench", "password": PASSWORD}
        self._client.post("/signin", data=fields)

    def upload(self, document: bytes) -> tuple[float, float, float]:
        """Milliseconds from the first request to: all of it sealed, prepared, the first picture here."""
        self._page("/upload")
        headers = {"Tus-Resumable": "1.0.0", "Papertap-Token": self._token}
        begun = time.monotonic()
        made = self._client.post("/upload/files", headers=headers | {"Upload-Length": str(len(document))})
        octets = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
        sent = self._client.patch(made.headers["location"], content=document, headers=headers | octets)
        if sent.status_code != 204:
            raise RuntimeError(f"{sent.status_code}: {sent.text}")
        sealed = time.monotonic()
        while not (told := self._client.get(f"/upload/jobs/{sent.headers['papertap-job']}").json())["ready"]:
            time.sleep(POLL)
        prepared = time.monotonic()
        page = self._client.get(told["at"]).text.replace("&amp;", "&")
        picture = re.search(r'<img src="([^"]+/sides/1\.png[^"]*)"', page)
        if picture is None:
            raise RuntimeError(f"no preview: {told}")
        self._client.get(picture[1]).raise_for_status()
        done = time.monotonic()
        return (sealed - begun) * 1000, (prepared - begun) * 1000, (done - begun) * 1000

    def _page(self, path: str) -> None:
        found = re.search(r'name="csrf" value="([^"]+)"', self._client.get(path).text)
        if found is None:
            raise RuntimeError(f"{path} has no form")
        self._token = found[1]
