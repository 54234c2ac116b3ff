"""What others convert with: a LibreOffice that is started for each document, and unoserver, which is started once.

Neither protects anything. unoserver keeps one office process for everybody's documents; it is installed into a
throw-away environment, because it needs the system's interpreter for LibreOffice's binding.
"""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, perf_counter, sleep
from xmlrpc.client import Binary, Error, ServerProxy

from sandbox import code
from sandbox.jail.office_profile import write_profile
from tests.peers.processes import free_port

_UNOSERVER = "unoserver==3.7"
_START_SECONDS = 60.0


class Cold:
    """`soffice --convert-to pdf` with a profile that is there already: the first start of all would take longer."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        write_profile(folder / "profile", code.office_program())

    def seconds(self, name: str, document: bytes) -> float:
        """From its start to its end."""
        source = self._folder / name
        source.write_bytes(document)
        start = perf_counter()
        command = [
            str(code.office_program() / "soffice.bin"),
            f"-env:UserInstallation={(self._folder / 'profile').as_uri()}",
        ]
        command += ["--headless", "--convert-to", "pdf", "--outdir", str(self._folder), str(source)]
        subprocess.run(command, check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
        assert source.with_suffix(".pdf").read_bytes().startswith(b"%PDF-")
        return perf_counter() - start


class NotHere(Exception):
    """unoserver can't be had; the message says why."""


class Unoserver:
    """A running unoserver, asked over its own XML-RPC with the document in the call, as its own client does."""

    def __init__(self, port: int) -> None:
        self._proxy = ServerProxy(f"http://127.0.0.1:{port}", allow_none=True)

    def answers(self) -> bool:
        try:
            self._proxy.info()
        except (OSError, Error):
            return False
        return True

    def seconds(self, document: bytes) -> float:
        """From the call to its answer; NotHere when it can't convert that."""
        start = perf_counter()
        try:
            # inpath, indata, outpath, convert_to, filtername, filter_options, update_index, infiltername, password
            made = self._proxy.convert(None, Binary(document), None, "pdf", None, [], False, None, None)
        except (OSError, Error) as error:
            raise NotHere(f"{type(error).__name__}: {str(error).splitlines()[-1][:100]}") from error
        taken = perf_counter() - start
        assert isinstance(made, Binary)
        assert made.data.startswith(b"%PDF-")
        return taken


@contextmanager
def unoserver(folder: Path) -> Iterator[Unoserver]:
    """Installed, started and warm for nothing yet. NotHere when any of it fails."""
    environment = folder / "environment"
    for step in (
        ["/usr/bin/python3", "-m", "venv", "--system-site-packages", str(environment)],
        [str(environment / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", _UNOSERVER],
    ):
        done = subprocess.run(step, capture_output=True, check=False, stdin=subprocess.DEVNULL)
        if done.returncode:
            raise NotHere(done.stderr.decode(errors="replace").strip().splitlines()[-1][:200])
    port = free_port()
    command = [str(environment / "bin" / "unoserver"), "--port", str(port), "--uno-port", str(free_port())]
    command += ["--executable", str(code.office_program() / "soffice"), "--quiet"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder)
    try:
        server = Unoserver(port)
        end = monotonic() + _START_SECONDS
        while not server.answers():
            if process.poll() is not None or monotonic() > end:
                raise NotHere((folder / "log").read_text(errors="replace").strip()[-200:])
            sleep(0.1)
        yield server
    finally:
        # It ends its office itself when it is asked to.
        process.terminate()
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
