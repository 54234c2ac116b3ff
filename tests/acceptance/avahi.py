"""A private Avahi with a private D-Bus, on loopback only: the resolver of every Linux desktop, started as a program.

It publishes no address: two of them, in tests that run side by side, would fight for the name of 127.0.0.1.

Avahi keeps its process id under /run, at one place for the whole machine; a mount namespace gives it a /run of its
own, so that neither a system's Avahi nor another test is in the way.
"""

import asyncio
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

NEEDED = ("dbus-daemon", "avahi-daemon", "avahi-browse", "avahi-publish", "ippfind", "driverless", "unshare")
SECONDS = 60.0
ONE_RUN = 20.0  # seconds: avahi-browse waits for ever when a service takes its leave while it is being resolved

_BUS = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>system</type><listen>unix:path={path}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/>
<allow send_type="method_call"/><allow send_type="signal"/>
<allow send_requested_reply="true" send_type="method_return"/>
<allow send_requested_reply="true" send_type="error"/>
<allow receive_type="method_call"/><allow receive_type="method_return"/>
<allow receive_type="error"/><allow receive_type="signal"/></policy></busconfig>
"""
_AVAHI = """[server]
host-name=avahi-{tag}
use-ipv6=no
allow-interfaces=lo
disallow-other-stacks=no
[publish]
publish-workstation=no
publish-hinfo=no
publish-addresses=no
"""


def missing() -> list[str]:
    return [name for name in NEEDED if shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") is None]


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One line of `avahi-browse --resolve --parsable`."""

    instance: str
    host: str
    address: str
    port: int
    txt: dict[str, str]


class Avahi:
    """Clients of the private daemon. Each call runs the real program."""

    def __init__(self, environment: dict[str, str]) -> None:
        self.environment = environment

    @asynccontextmanager
    async def running(self, *command: str) -> AsyncIterator[asyncio.subprocess.Process]:
        process = await asyncio.create_subprocess_exec(
            *command, env=self.environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.communicate()

    async def run(self, *command: str) -> str:
        """What it wrote; TimeoutError when it does not end by itself."""
        async with self.running(*command) as process:
            out, _ = await asyncio.wait_for(process.communicate(), ONE_RUN)
        return out.decode()

    async def browse(self, type_: str) -> dict[str, Seen]:
        lines = (await self.run("avahi-browse", "-rtp", type_)).splitlines()
        several = [seen(line) for line in lines if line.startswith("=")]
        return {one.instance: one for one in several}

    async def instances(self, type_: str) -> set[str]:
        """The names alone, also of what does not resolve."""
        lines = (await self.run("avahi-browse", "-tp", type_)).splitlines()
        return {unescape(line.split(";")[3]) for line in lines if line.startswith("+")}

    async def resolve(self, instance: str, type_: str) -> Seen:
        """Asks until it is there; TimeoutError when it never is."""
        async with asyncio.timeout(SECONDS):
            while True:
                with suppress(TimeoutError):
                    found = await self.browse(type_)
                    if instance in found:
                        return found[instance]

    async def until_output(self, expected: str, *command: str) -> str:
        """Runs the command until its output has `expected`."""
        async with asyncio.timeout(SECONDS):
            while True:
                with suppress(TimeoutError):
                    output = await self.run(*command)
                    if expected in output:
                        return output


def seen(line: str) -> Seen:
    fields = line.split(";", 9)
    items = re.findall(r'"((?:[^"\\]|\\.)*)"', fields[9])
    txt = dict(item.partition("=")[::2] for item in reversed(items))
    return Seen(instance=unescape(fields[3]), host=fields[6], address=fields[7], port=int(fields[8]), txt=txt)


def unescape(name: str) -> str:
    r"""Avahi writes every octet that is not plain as \ and three decimal digits."""
    octets = re.sub(rb"\\(\d{3})", lambda m: bytes((int(m[1]),)), name.encode())
    return re.sub(rb"\\(.)", rb"\1", octets).decode()


@contextmanager
def avahi(within: tuple[str, ...] = ()) -> Iterator[Avahi]:
    """`within` are words in front of the daemon's command, such as those of a network namespace: there it also asks DNS."""
    with tempfile.TemporaryDirectory(prefix="avahi-") as directory:
        folder = Path(directory)
        environment = os.environ | {
            "DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={folder}/bus",
            "LC_ALL": "C.UTF-8",
            "PATH": f"{os.environ['PATH']}:/usr/sbin:/sbin",
        }
        (folder / "bus.conf").write_text(_BUS.format(path=folder / "bus"))
        wide_area = "[wide-area]\nenable-wide-area=yes\n" if within else ""
        (folder / "avahi.conf").write_text(_AVAHI.format(tag=folder.name[-8:].replace("_", "-")) + wide_area)
        bus = ["dbus-daemon", f"--config-file={folder}/bus.conf", "--nofork", "--nopidfile", "--print-address=1"]
        daemon = f"avahi-daemon --no-rlimits --no-chroot --no-drop-root --file {folder}/avahi.conf"
        own_run = f"mount -t tmpfs tmpfs /run && exec {daemon}"
        user = [] if os.geteuid() == 0 else ["--user", "--map-root-user"]
        with (
            _started(bus, environment, "unix:path="),
            _started(
                [*within, "unshare", *user, "--mount", "sh", "-c", own_run], environment, "Server startup complete"
            ),
        ):
            yield Avahi(environment)


@contextmanager
def _started(command: list[str], environment: dict[str, str], ready: str) -> Iterator[None]:
    """Until the program has written `ready`; it is ended afterwards."""
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    said = []
    try:
        for line in process.stdout:
            said.append(line)
            if ready in line:
                break
        else:
            raise AssertionError(f"{command[0]} did not start:\n{''.join(said)}")
        yield
    finally:
        process.terminate()
        try:
            process.communicate(timeout=60)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
