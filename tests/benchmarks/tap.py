"""A wire with a clock: passes everything on between the gateway and a device, and notes when a document begins."""

import re
import socket
import ssl
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

BEGINNING = re.compile(rb"%PDF-|%!PS|RaS2|UNIRAST|\) HP-PCL XL")
LONGEST = 11  # octets of a beginning, which may be cut between two pieces
PIECE = 64 * 1024


class Tap:
    """Listens on `port`; with `tls` it shows a certificate of its own, and speaks plainly to the device all the same."""

    def __init__(self, target: int, *, tls: bool) -> None:
        self._target = target
        self._tls = _context() if tls else None
        self._begun: SimpleQueue[float] = SimpleQueue()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=50)
        self.port: int = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def forget(self) -> None:
        with suppress(Empty):
            while True:
                self._begun.get_nowait()

    def begun(self, *, seconds: float) -> float:
        """The time.monotonic() at which the first octets of a document passed; RuntimeError when none did."""
        try:
            return self._begun.get(timeout=seconds)
        except Empty:
            raise RuntimeError("no document came to the device") from None

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._join, args=(client,), daemon=True).start()

    def _join(self, client: socket.socket) -> None:
        with suppress(OSError):
            near = client if self._tls is None else self._tls.wrap_socket(client, server_side=True)
            far = socket.create_connection(("127.0.0.1", self._target))
            for side in (near, far):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=_pump, args=(far, near, None), daemon=True).start()
            _pump(near, far, self._begun)


def _pump(source: socket.socket, sink: socket.socket, begun: "SimpleQueue[float] | None") -> None:
    """Until the source ends; that end is passed on as well."""
    rest = b""
    with suppress(OSError):
        while data := source.recv(PIECE):
            if begun is not None:
                if BEGINNING.search(rest + data):
                    begun.put(time.monotonic())
                    rest = b""
                else:
                    rest = data[-LONGEST:]
            sink.sendall(data)
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)


def _context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        key, certificate = Path(folder, "key.pem"), Path(folder, "certificate.pem")
        made = f"openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=tray -days 2 -keyout {key} -out {certificate}"
        subprocess.run(made.split(), check=True, capture_output=True)
        context.load_cert_chain(certificate, key)
    return context
