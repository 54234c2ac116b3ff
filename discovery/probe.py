"""Papertap's probe: what a phone in this network would see of the printers, told to the gateway.

One file, the standard library alone, Python 3.9 or later: it is loaded from the page AirPrint Doctor and run on any machine
in another network. The gateway writes ORDER into it, and takes its report once. It looks by multicast DNS on one interface,
asks the resolver for the print zone, connects to what it found of this gateway's printers by TLS, asks each for its
attributes, and changes nothing anywhere. The gateway itself looks with it as well, from each of its own interfaces: another
implementation than the one that answers.

    header of a message: id flags qdcount ancount nscount arcount, two octets each (RFC 1035 section 4.1.1)
    question: name type class; record: name type class ttl(4) rdlength rdata
    name: (length label)* 0, or two octets 11xxxxxx xxxxxxxx that point back to where the rest stands
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import platform
import secrets
import select
import socket
import ssl
import struct
import sys
import time
from pathlib import Path
from typing import Any, TextIO

ORDER: dict[str, Any] = {}

GROUP, GROUP_6, PORT = "224.0.0.251", "ff02::fb", 5353
TYPES = (
    "_ipp._tcp",
    "_ipps._tcp",
    "_universal._sub._ipp._tcp",
    "_universal._sub._ipps._tcp",
)
A, PTR, TXT, AAAA, SRV, OPT = 1, 12, 16, 28, 33, 41
KEYS = ("UUID", "rp", "URF", "pdl", "air", "TLS", "Color", "Duplex")  # of TXT: what devices go by
BROWSE_SECONDS, DNS_SECONDS, CONNECT_SECONDS, ALL_SECONDS = 4.0, 2.0, 5.0, 30.0
MOST_NAMES, MOST_TARGETS, MOST_RECORDS, MOST_JUMPS, MOST_ADDRESSES = 1000, 12, 1000, 64, 8
IP_MULTICAST_ALL, IPV6_MULTICAST_ALL = (
    49,
    29,
)  # Linux: without it a socket hears what any program on this machine has joined

Name = tuple[str, ...]  # labels, the leftmost first; they compare without case


# --- DNS, as far as it is needed here


def question(names: list[tuple[Name, int]], ident: int = 0, flags: int = 0, edns: bool = False) -> bytes:
    """One message with these questions; `edns` says that 1232 octets may come back by UDP (RFC 6891)."""
    message = struct.pack("!6H", ident, flags, len(names), 0, 0, 1 if edns else 0)
    for name, kind in names:
        for label in name:
            octets = label.encode()[:63]
            message += bytes((len(octets),)) + octets
        message += b"\0" + struct.pack("!2H", kind, 1)
    return message + (b"\0" + struct.pack("!2HIH", OPT, 1232, 0, 0) if edns else b"")


def records(message: bytes) -> list[tuple[Name, int, Any]]:
    """(name, type, value) of all sections; ValueError for what is no message. Values: a name, (port, name), text or items."""
    try:
        _, _, questions, *counts = struct.unpack_from("!6H", message)
        at = 12
        for _ in range(questions):
            _, at = name_at(message, at)
            at += 4
        found = []
        for _ in range(min(sum(counts), MOST_RECORDS)):
            owner, at = name_at(message, at)
            kind, _, ttl, size = struct.unpack_from("!2HIH", message, at)
            at += 10
            if at + size > len(message):
                raise ValueError(f"a record at octet {at} is longer than the message")
            value = value_of(message, at, size, kind)
            at += size
            if value is not None and ttl:  # 0 takes its leave (RFC 6762 section 10.1)
                found.append((owner, kind, value))
    except (struct.error, IndexError) as error:
        raise ValueError("the message ends too early") from error
    return found


def name_at(message: bytes, at: int) -> tuple[Name, int]:
    """The name and where it ends. Each jump leads further back than the one before, so that none can go round."""
    labels: list[str] = []
    end, lowest = 0, at
    for _ in range(128 + MOST_JUMPS):
        size = message[at]
        if size & 0xC0 == 0xC0:
            target = (size & 0x3F) << 8 | message[at + 1]
            end = end or at + 2
            if target >= lowest:
                raise ValueError(f"the pointer at octet {at} does not lead back")
            at = lowest = target
        elif size & 0xC0:
            raise ValueError(f"no length at octet {at}")
        elif size == 0:
            return tuple(labels), end or at + 1
        else:
            labels.append(message[at + 1 : at + 1 + size].decode(errors="replace"))
            at += 1 + size
    raise ValueError("a name without an end")


def value_of(message: bytes, at: int, size: int, kind: int) -> Any:
    """None for types that say nothing here."""
    if kind == A and size == 4:
        return socket.inet_ntop(socket.AF_INET, message[at : at + 4])
    if kind == AAAA and size == 16:
        return socket.inet_ntop(socket.AF_INET6, message[at : at + 16])
    if kind == PTR:
        return name_at(message, at)[0]
    if kind == SRV and size > 6:
        return struct.unpack_from("!H", message, at + 4)[0], name_at(message, at + 6)[0]
    if kind == TXT:
        items: dict[str, str] = {}
        end = at + size
        while at < end:
            length = message[at]
            key, _, text = message[at + 1 : min(at + 1 + length, end)].decode(errors="replace").partition("=")
            items.setdefault(key.lower(), text)
            at += 1 + length
        return items
    return None


class Book:
    """Records that came by, and what services they make together."""

    def __init__(self) -> None:
        self.lists: dict[Name, set[Name]] = {}
        self.hosts: dict[Name, tuple[int, Name]] = {}
        self.texts: dict[Name, dict[str, str]] = {}
        self.addresses: dict[Name, set[str]] = {}

    def take(self, found: list[tuple[Name, int, Any]]) -> None:
        for owner, kind, value in found:
            key = folded(owner)
            if kind == PTR and len(self.lists) < MOST_NAMES:
                listed = self.lists.setdefault(key, set())
                if len(listed) < MOST_NAMES:
                    listed.add(value)
            elif kind == SRV and len(self.hosts) < MOST_NAMES:
                self.hosts[key] = value
            elif kind == TXT and len(self.texts) < MOST_NAMES:
                self.texts[key] = value
            elif kind in (A, AAAA) and len(self.addresses) < MOST_NAMES:
                several = self.addresses.setdefault(key, set())
                if len(several) < MOST_ADDRESSES:
                    several.add(value)

    def open_questions(self, domain: Name) -> list[tuple[Name, int]]:
        """What must still be asked so that each service that is listed is whole."""
        asked: dict[tuple[Name, int], None] = {}
        for type_ in TYPES:
            for instance in self.lists.get(folded(split(type_) + domain), ()):
                key = folded(instance)
                if key not in self.hosts:
                    asked[instance, SRV] = None
                elif folded(self.hosts[key][1]) not in self.addresses:
                    asked[self.hosts[key][1], A] = asked[self.hosts[key][1], AAAA] = None
                if key not in self.texts:
                    asked[instance, TXT] = None
        return list(asked)

    def services(self, domain: Name) -> list[dict[str, Any]]:
        found = []
        for type_ in TYPES:
            for instance in sorted(self.lists.get(folded(split(type_) + domain), ())):
                port, host = self.hosts.get(folded(instance), (0, ()))
                text = self.texts.get(folded(instance), {})
                found.append(
                    {
                        "type": type_,
                        "instance": plain(instance[0])[:63] if instance else "",
                        "host": plain(".".join(host))[:253],
                        "port": port,
                        "addresses": sorted(self.addresses.get(folded(host), ())),
                        "txt": {key: plain(text[key.lower()])[:255] for key in KEYS if key.lower() in text},
                    }
                )
        return found[:MOST_NAMES]


def plain(text: str) -> str:
    """Without what no report may hold: strangers announce what they like."""
    return "".join(sign for sign in text if sign.isprintable())


def folded(name: Name) -> Name:
    return tuple(label.lower() for label in name)


def split(name: str) -> Name:
    return tuple(name.strip(".").split("."))


# --- by multicast, on one interface


def browse(address: str, seconds: float = BROWSE_SECONDS) -> list[dict[str, Any]]:
    """The services that are announced at the interface with this address, by IPv4 or by IPv6 as the address is.

    An IPv6 address on the link wants its interface, as in fe80::1%eth0. OSError where it takes no multicast.
    """
    book, local = Book(), ("local",)
    index = interface_index(address) if ":" in address else 0
    to = (GROUP_6, PORT, 0, index) if ":" in address else (GROUP, PORT)
    with multicast_6(index) if ":" in address else multicast(address) as end:
        started = time.monotonic()
        pause, again = 0.25, started  # answers are waited for longer each time (RFC 6762 section 5.2)
        while (now := time.monotonic()) < started + seconds:
            if now >= again:
                lists = [(split(type_) + local, PTR) for type_ in TYPES]
                for part in pieces(lists + book.open_questions(local), 20):
                    end.sendto(question(part), to)
                pause, again = pause * 2, now + pause
            if select.select([end], [], [], max(0.0, min(again, started + seconds) - now))[0]:
                hear(end, book)
    return book.services(local)


def hear(end: socket.socket, book: Book) -> None:
    try:
        message = end.recv(9000)
        if len(message) > 2 and message[2] & 0x80:  # answers; questions come by, too
            book.take(records(message))
    except (OSError, ValueError):  # a stranger's message, or a network that went away for a moment
        return


def multicast(address: str) -> socket.socket:
    """Bound to the group where that is possible: what is sent to this machine alone is for its own responder."""
    end = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        share(end)
        end.bind(("" if os.name == "nt" else GROUP, PORT))
        here = socket.inet_aton(address)
        if sys.platform.startswith("linux"):
            end.setsockopt(socket.IPPROTO_IP, IP_MULTICAST_ALL, 0)
        end.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, socket.inet_aton(GROUP) + here)
        end.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, here)
        end.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 255)
        end.setblocking(False)
    except OSError:
        end.close()
        raise
    return end


def multicast_6(index: int) -> socket.socket:
    """The same by IPv6, at the interface of this number."""
    end = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    try:
        share(end)
        end.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        end.bind(("" if os.name == "nt" else GROUP_6, PORT, 0, 0 if os.name == "nt" else index))
        if sys.platform.startswith("linux"):
            end.setsockopt(socket.IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0)
        group = socket.inet_pton(socket.AF_INET6, GROUP_6) + struct.pack("@I", index)
        end.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
        end.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
        end.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
        end.setblocking(False)
    except OSError:
        end.close()
        raise
    return end


def share(end: socket.socket) -> None:
    """The port, with whatever else listens to multicast DNS on this machine."""
    for option in ("SO_REUSEADDR", "SO_REUSEPORT"):
        if hasattr(socket, option):
            end.setsockopt(socket.SOL_SOCKET, getattr(socket, option), 1)


def interface_index(address: str, path: str = "/proc/net/if_inet6") -> int:
    """The number of the interface with this IPv6 address; 0 leaves it to the system, where nothing tells (macOS, Windows)."""
    plain_address, _, scope = address.partition("%")
    if scope:
        return int(scope) if scope.isdigit() else socket.if_nametoindex(scope)
    wanted = socket.inet_pton(socket.AF_INET6, plain_address).hex()
    try:
        rows = [line.split() for line in Path(path).read_text("ascii").splitlines()]
    except OSError:
        return 0
    return next((int(row[1], 16) for row in rows if len(row) > 1 and row[0] == wanted), 0)


def pieces(rows: list[Any], size: int) -> list[list[Any]]:
    return [rows[at : at + size] for at in range(0, len(rows), size)]


# --- by unicast, of the resolver that this machine was given


def look_up(resolver: str, zone: str, until: float) -> dict[str, Any]:
    """Everything that a device asks on its way to the printers of `zone`; `error` where the resolver says nothing."""
    book, domain, host, port = Book(), split(zone), *resolver_at(resolver)
    rcode, error = 0, ""
    try:
        for type_ in TYPES:
            rcode = max(rcode, ask(book, host, port, split(type_) + domain, PTR))
        for _ in range(2):  # first where services are, then the addresses there
            for name, kind in book.open_questions(domain):
                if time.monotonic() > until:
                    raise TimeoutError
                ask(book, host, port, name, kind)
    except (OSError, ValueError) as failed:
        error = words(failed)
    return {"resolver": plain(resolver)[:255], "rcode": rcode, "error": error, "heard": book.services(domain)}


def ask(book: Book, host: str, port: int, name: Name, kind: int) -> int:
    """Over UDP, and over TCP where the answer is cut (RFC 1035 section 4.2). The answer's code; 0 is fine."""
    ident = secrets.randbelow(65536)
    message = question([(name, kind)], ident, flags=0x0100, edns=True)
    answer = by_udp(host, port, message, ident)
    if answer[2] & 0x02:
        with socket.create_connection((host, port), DNS_SECONDS) as end:
            end.sendall(struct.pack("!H", len(message)) + message)
            with end.makefile("rb") as stream:
                answer = stream.read(struct.unpack("!H", stream.read(2).rjust(2, b"\0"))[0])
    book.take(records(answer))
    return answer[3] & 0x0F


def by_udp(host: str, port: int, message: bytes, ident: int) -> bytes:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as end:
        end.connect((host, port))
        for _ in range(2):
            end.send(message)
            until = time.monotonic() + DNS_SECONDS
            while (left := until - time.monotonic()) > 0:
                if select.select([end], [], [], left)[0]:
                    answer = end.recv(65535)
                    if len(answer) >= 12 and answer[:2] == struct.pack("!H", ident) and answer[2] & 0x80:
                        return answer
    raise OSError("no answer over UDP")


def resolver_at(text: str) -> tuple[str, int]:
    host, _, port = text.partition("#")
    return host, int(port or 53)


def own_resolver(path: str = "/etc/resolv.conf") -> str:
    """The first that DHCP gave to this machine; "" where it is not written there (Windows)."""
    try:
        rows = [line.split() for line in Path(path).read_text("utf-8", "replace").splitlines()]
    except OSError:
        return ""
    return next((row[1] for row in rows if len(row) > 1 and row[0] == "nameserver"), "")


# --- to the printers


def reach(host: str, port: int, path: str, address: str) -> dict[str, Any]:
    """Connects to `address` as for `host`, agrees on TLS, and asks for the printer's attributes (RFC 8011 section 4.2.5)."""
    told = {"host": host, "port": port, "address": address, "tls": "", "status": -1, "error": ""}
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # devices take any for printing; reports do not
    connection = http.client.HTTPSConnection(host, port, timeout=CONNECT_SECONDS, context=context)
    try:
        end = socket.create_connection((address, port), CONNECT_SECONDS)
        try:
            connection.sock = context.wrap_socket(end, server_hostname=host)
        except BaseException:
            end.close()
            raise
        told["tls"] = connection.sock.version() or ""
        connection.request("POST", "/" + path, get_attributes(host, port, path), {"Content-Type": "application/ipp"})
        answer = connection.getresponse()
        body = answer.read(65536)
        if answer.status != 200 or len(body) < 8:
            told["error"] = f"HTTP {answer.status}"
        else:
            told["status"] = struct.unpack_from("!H", body, 2)[0]
    except (OSError, ValueError, http.client.HTTPException) as error:
        told["error"] = words(error)
    finally:
        connection.close()
    return told


def get_attributes(host: str, port: int, path: str) -> bytes:
    uri = f"ipps://[{host}]:{port}/{path}" if ":" in host else f"ipps://{host}:{port}/{path}"
    parts = (
        (0x47, "attributes-charset", "utf-8"),
        (0x48, "attributes-natural-language", "en"),
        (0x45, "printer-uri", uri),
        (0x44, "requested-attributes", "printer-uuid"),
    )
    message = struct.pack("!2BHI", 2, 0, 0x000B, 1) + b"\x01"
    for tag, name, value in parts:
        message += struct.pack("!BH", tag, len(name)) + name.encode()
        message += struct.pack("!H", len(value.encode())) + value.encode()
    return message + b"\x03"


def targets(order: dict[str, Any], heard: list[dict[str, Any]], own: str) -> list[tuple[str, int, str, str]]:
    """What is worth a connection: the printers of this gateway that were found, and the gateway itself in any case.

    `own` is this machine's address: of others by IPv4 and IPv6, those are taken that are like it.
    """
    wanted: dict[tuple[str, int, str, str], None] = {}
    for host, port, path in order.get("targets", []):
        if is_like(own, host) or not is_address(host):
            wanted[host, port, path, host] = None
    for one in heard:
        if is_ours(order, one):
            routed = [each for each in one["addresses"] if not each.lower().startswith("fe80")]
            for address in ([each for each in routed if is_like(own, each)] or routed)[:2]:
                wanted[one["host"], one["port"], one["txt"].get("rp", "").lstrip("/"), address] = None
    return list(wanted)[:MOST_TARGETS]


def is_address(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdigit()


def is_like(own: str, address: str) -> bool:
    return is_address(address) and (":" in own) == (":" in address)


def is_ours(order: dict[str, Any], one: dict[str, Any]) -> bool:
    return one["txt"].get("UUID", "").lower() in order.get("printers", [])


def words(error: BaseException) -> str:
    if isinstance(error, (socket.timeout, TimeoutError)):
        return "it took too long"
    return plain(getattr(error, "strerror", None) or str(error) or type(error).__name__)[:200]


# --- the whole look, and its report


def examine(order: dict[str, Any], *, address: str, resolver: str) -> dict[str, Any]:
    """The report. Never longer than about ALL_SECONDS."""
    until = time.monotonic() + ALL_SECONDS
    multicast_seen: dict[str, Any] = {"error": "", "heard": []}
    try:
        multicast_seen["heard"] = browse(address)
    except OSError as error:
        multicast_seen["error"] = words(error)
    zone = order.get("zone", "")
    by_dns = look_up(resolver, zone, until - 15) if zone and resolver else None
    heard = multicast_seen["heard"] + (by_dns["heard"] if by_dns else [])
    reached = [reach(*target) for target in targets(order, heard, address) if time.monotonic() < until]
    for seen in filter(None, (multicast_seen, by_dns)):
        seen["heard"] = together([one for one in seen["heard"] if is_ours(order, one)])
    return {
        "machine": plain(platform.node())[:100],
        "system": plain(platform.system())[:40],
        "address": address.partition("%")[0],
        "multicast": multicast_seen,
        "dns": by_dns,
        "reached": reached,
    }


def together(heard: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row for what differs by its type alone: a report on hundreds of printers stays small."""
    rows: dict[str, dict[str, Any]] = {}
    for one in heard:
        rest = {name: value for name, value in one.items() if name != "type"}
        rows.setdefault(json.dumps(rest, sort_keys=True), {**rest, "types": []})["types"].append(one["type"])
    return list(rows.values())


def own_address(places: list[tuple[str, int]]) -> str:
    """The address of this machine by which it speaks to the gateway, "" where there is no way; nothing is sent."""
    for family in (socket.AF_INET, socket.AF_INET6):
        for place in places:
            try:
                with socket.socket(family, socket.SOCK_DGRAM) as end:
                    end.connect(tuple(place))
                    return str(end.getsockname()[0])
            except OSError:
                continue
    return ""


def send(order: dict[str, Any], report: dict[str, Any]) -> str:
    """To the first of the gateway's addresses that takes it; "" or why none did. Its certificate must be the right one."""
    context = ssl.create_default_context(cadata=order.get("authority") or None)
    body = json.dumps({"code": order["code"], "report": report}).encode()
    failed: list[str] = []
    for host, port in order["at"]:
        connection = http.client.HTTPSConnection(host, port, timeout=15, context=context)
        try:
            connection.request("POST", "/api/v1/probe-reports", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read(65536)
        except (OSError, http.client.HTTPException) as error:
            failed.append(f"{host} port {port}: {words(error)}")
        else:
            return "" if answer.status < 300 else said(text, answer.status)
        finally:
            connection.close()
    return "; ".join(failed)


def said(text: bytes, status: int) -> str:
    """The gateway's own sentence."""
    try:
        return str(json.loads(text)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"it answers HTTP {status}"


def say(text: str, stream: TextIO = sys.stdout) -> None:
    stream.write(text + "\n")


def main(words_given: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Looks for Papertap's printers from here, and tells the gateway once.")
    parser.add_argument("--address", default="", help="this machine's address in the network to look at")
    parser.add_argument("--resolver", default="", help="ADDRESS or ADDRESS#PORT; default: the one of this machine")
    parser.add_argument("--show", action="store_true", help="also print the report")
    given = parser.parse_args(words_given)
    if not ORDER:
        say("This is the bare program. Load it from the page AirPrint Doctor of your gateway.", sys.stderr)
        return 2
    address = given.address or own_address(ORDER["at"])
    if not address:
        say("This machine has no way to the gateway. Say --address ADDRESS, its own in that network.", sys.stderr)
        return 1
    say(f"Looking around from {address}; it takes up to {ALL_SECONDS:.0f} seconds.")
    report = examine(ORDER, address=address, resolver=given.resolver or own_resolver())
    if given.show:
        say(json.dumps(report, indent=2))
    failed = send(ORDER, report)
    if failed:
        say(f"The gateway did not take the report: {failed}", sys.stderr)
        return 1
    say("Reported. The page AirPrint Doctor shows what a phone would see here.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
