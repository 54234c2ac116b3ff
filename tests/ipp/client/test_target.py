"""Printer URIs (RFC 3510, RFC 7472)."""

import pytest

from ipp.client.target import Target


@pytest.mark.parametrize(
    ("uri", "parts", "authority"),
    [
        ("ipp://printer.example/ipp/print", ("printer.example", 631, "/ipp/print", False), "printer.example:631"),
        ("ipps://printer.example/ipp/print", ("printer.example", 631, "/ipp/print", True), "printer.example:631"),
        ("ipp://printer.example", ("printer.example", 631, "/", False), "printer.example:631"),
        ("ipp://10.0.0.7:8631/p?q=1", ("10.0.0.7", 8631, "/p?q=1", False), "10.0.0.7:8631"),
        ("IPP://Printer.Example/x", ("printer.example", 631, "/x", False), "printer.example:631"),
        ("ipp://[2001:db8::1]:80/x", ("2001:db8::1", 80, "/x", False), "[2001:db8::1]:80"),
        ("ipp://[fe80::1%25eth0]/x", ("fe80::1%eth0", 631, "/x", False), "[fe80::1]:631"),
    ],
)
def test_parts(uri: str, parts: tuple[str, int, str, bool], authority: str) -> None:
    target = Target.parse(uri)
    assert (target.host, target.port, target.path, target.tls) == parts
    assert target.authority == authority
    assert target.uri == uri


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("http://printer.example/ipp", "must look like"),
        ("socket://printer.example", "must look like"),
        ("ipp:///ipp/print", "must look like"),
        ("printer.example", "must look like"),
        ("", "no URI"),
        ("ipp://printer.example/a b", "percent-encoded"),
        ("ipp://printer.example/a\r\nX: y", "percent-encoded"),
        ("ipp://printer.example/ä", "percent-encoded"),
        ("ipp://me:secret@printer.example/", "do not belong"),
        ("ipp://printer.example:99999/", "Port out of range"),
    ],
)
def test_refused(uri: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        Target.parse(uri)
    assert "secret" not in str(caught.value)
