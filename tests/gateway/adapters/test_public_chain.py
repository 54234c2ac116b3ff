"""The certificate of a public authority: for whom it is shown, under which key, and what is not taken."""

import contextlib
import ssl
import stat
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from cryptography import x509

from gateway.adapters.authority import subject_names
from gateway.adapters.certificates import BROUGHT_CHAIN, BROUGHT_KEY, Certificates
from gateway.adapters.public_chain import PublicChain
from gateway.domain.acme import Asked, LastTry
from tests.fake_acme import Authority
from tests.fakes import FakeClock

DAY = 86400.0
NAMES = ("print.example", "copy.example")


class House:
    def __init__(self, folder: Path) -> None:
        self.folder, self.clock = folder, FakeClock()
        self.authority = Authority(self.clock)
        self.chain = PublicChain(directory=folder, clock=self.clock)
        self.certificates = Certificates(
            directory=folder, names=("gateway.local", *NAMES), clock=self.clock, public=self.chain
        )
        self.certificates.load()

    def take(self, **how: float) -> None:
        self.chain.keep(self.authority.signed(self.chain.request(NAMES), **how), NAMES)  # type: ignore[arg-type]

    def shown(self, name: str | None) -> x509.Certificate:
        """By a handshake in memory."""
        client_in, client_out, server_in, server_out = (ssl.MemoryBIO() for _ in range(4))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        client = context.wrap_bio(client_in, client_out, server_hostname=name)
        server = self.certificates.context.wrap_bio(server_in, server_out, server_side=True)
        for _ in range(4):
            for end in (client, server):
                with contextlib.suppress(ssl.SSLWantReadError):
                    end.do_handshake()
                server_in.write(client_out.read())
                client_in.write(server_out.read())
        octets = client.getpeercert(binary_form=True)
        assert octets is not None
        return x509.load_der_x509_certificate(octets)

    def is_public(self, name: str | None) -> bool:
        return self.shown(name) != self.certificates.certificate()


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path / "tls")


def test_who_asks_for_its_name_is_shown_it_and_all_others_what_they_were_shown_before(house: House) -> None:
    assert not house.is_public("print.example")
    house.take()
    for name in ("print.example", "PRINT.example", "copy.example"):
        assert house.is_public(name)
        assert house.certificates.is_public(name)
        assert house.certificates.certificate(name) == house.shown(name)
    for name in (None, "gateway.local", "hall.print.example", "127.0.0.1"):
        assert not house.is_public(name)
    assert not house.certificates.is_public("")


def test_it_has_the_key_that_phones_remember_also_after_a_renewal(house: House) -> None:
    house.take()
    first = house.shown("print.example")
    house.take()
    second = house.shown("print.example")
    assert first != second
    assert first.public_key() == second.public_key() == house.shown(None).public_key()


def test_it_is_shown_while_it_is_good_and_another_process_knows(house: House) -> None:
    house.take(days=30)
    elsewhere = Certificates(
        directory=house.folder,
        names=(),
        clock=house.clock,
        public=PublicChain(directory=house.folder, clock=house.clock),
    )
    assert elsewhere.certificate("print.example") == house.shown("print.example")
    house.clock.tick(31 * DAY)
    assert not house.is_public("print.example")
    assert not house.certificates.is_public("print.example")
    assert elsewhere.certificate("print.example") == elsewhere.certificate()


def test_it_is_there_after_a_restart_and_follows_the_disk(house: House) -> None:
    house.take()
    before = house.shown("print.example")
    again = House(house.folder)
    assert again.shown("print.example") == before
    house.take()
    assert again.certificates.refresh()
    assert not again.certificates.refresh()
    assert again.shown("print.example") == house.shown("print.example")
    (house.folder / "acme.crt").unlink()
    again.certificates.refresh()
    assert not again.is_public("print.example")


def test_what_is_broken_on_the_disk_stops_no_start(house: House) -> None:
    house.take()
    (house.folder / "acme.crt").chmod(0o600)
    (house.folder / "acme.crt").write_text("nothing")
    (house.folder / "acme.json").write_text('{"asked": 7}')
    again = House(house.folder)
    assert not again.is_public("print.example")
    assert (again.chain.kept(), again.chain.last()) == (None, None)


def test_with_another_key_it_is_none(house: House) -> None:
    house.take()
    for name in ("server.key", "server.crt"):
        (house.folder / name).unlink()
    again = House(house.folder)
    assert not again.is_public("print.example")
    assert again.chain.kept() is None


def test_what_it_says_of_itself(house: House) -> None:
    assert house.chain.kept() is None
    house.take(days=89)
    kept = house.chain.kept()
    assert kept is not None
    assert (kept.names, kept.issuer, kept.late) == (NAMES, "Intermediate", False)
    assert kept.ends - kept.begins == 90 * DAY
    house.clock.tick(58 * DAY)
    assert house.chain.kept() == kept
    house.clock.tick(2 * DAY)
    assert house.chain.kept() == replace(kept, late=True)


def test_the_request_names_hosts_alone_for_the_servers_key(house: House) -> None:
    request = x509.load_pem_x509_csr(house.chain.request(NAMES))
    assert request.is_signature_valid
    assert request.public_key() == house.shown(None).public_key()
    assert list(request.subject) == []
    assert stat.S_IMODE((house.folder / "server.key").stat().st_mode) == 0o400


@pytest.mark.parametrize(
    ("how", "sentence"),
    [
        ({"names": ("print.example",)}, "lacks copy.example"),
        ({"days": -0.5}, "not valid at this moment"),
        ({"begins": 1}, "not valid at this moment"),
    ],
)
def test_what_does_not_fit_is_not_taken(house: House, how: dict[str, object], sentence: str) -> None:
    house.take()
    before = house.shown("print.example")
    with pytest.raises(ValueError, match=sentence):
        house.take(**how)  # type: ignore[arg-type]
    assert house.shown("print.example") == before


def test_another_key_and_what_is_no_chain_are_not_taken(house: House, tmp_path: Path) -> None:
    other = House(tmp_path / "other")
    with pytest.raises(ValueError, match="another key"):
        house.chain.keep(other.authority.signed(other.chain.request(NAMES)), NAMES)
    signed = house.authority.signed(house.chain.request(NAMES))
    with pytest.raises(ValueError, match="no chain"):
        house.chain.keep(signed.replace(house.authority.above, other.authority.above), NAMES)
    with pytest.raises(ValueError):
        house.chain.keep(b"<html>", NAMES)
    assert not house.is_public("print.example")


def test_what_became_of_the_last_time_is_kept(house: House) -> None:
    assert house.chain.last() is None
    last = LastTry(
        asked=Asked(directory="https://acme.example", names=NAMES, contact="a@b.example", customer="kid"),
        at=house.clock.now(),
        failures=2,
        text="No.",
        mend="Do.",
        patience=house.clock.now() + 60,
    )
    house.chain.note(last)
    assert House(house.folder).chain.last() == last
    assert stat.S_IMODE((house.folder / "acme.json").stat().st_mode) == 0o600


def test_a_customers_own_certificate_goes_on_for_all_other_names(house: House) -> None:
    house.take()
    public = house.shown("print.example")
    issued = trustme.CA().issue_cert("gateway.local", "print.example")
    (house.folder / BROUGHT_KEY).write_bytes(issued.private_key_pem.bytes())
    (house.folder / BROUGHT_CHAIN).write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    assert house.certificates.refresh()
    assert house.shown("print.example") == public
    assert subject_names(house.shown("gateway.local")) == ("gateway.local", "print.example")
