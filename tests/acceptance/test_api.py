"""curl as a stranger's program: a token, a document, the stream of events, and a webhook that can be checked."""

import base64
import hashlib
import hmac
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from tests.peers.ours import Instance, papertap
from tests.peers.sink import Sink, sink_beside

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("api")]
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj trailer<</Root 1 0 R>>"
PATIENCE = 60.0


@pytest.fixture(scope="module")
def gateway() -> Iterator[Instance]:
    setup = (("printer", "add", "find-me"), ("user", "add", "ann", "--role", "administrator"))
    with papertap(*setup, roles="front,deliver", WEBHOOKS__NETWORKS='["127.0.0.0/8"]') as instance:
        yield instance


@pytest.fixture(scope="module")
def token(gateway: Instance) -> str:
    words = ("token", "add", "curl", "--user", "ann", "--scope", "jobs:own", "--scope", "settings", "--json")
    made: dict[str, str] = json.loads(gateway.here(*words))
    return made["token"]


@pytest.fixture(scope="module")
def receiver() -> Iterator[Sink]:
    with sink_beside() as made:
        yield made


def curl(gateway: Instance, path: str, *words: str, token: str = "") -> tuple[int, str]:
    """(status, body)"""
    proof = ("-H", f"Authorization: Bearer {token}") if token else ()
    address = f"http://127.0.0.1:{gateway.http_port}/api/v1/{path}"
    command = ["curl", "-sS", "--max-time", "60", "-w", "\n%{http_code}", *proof, *words, address]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), body


def test_a_document_is_sent_in_pieces_and_listed(gateway: Instance, token: str, tmp_path: Path) -> None:
    file = tmp_path / "report.pdf"
    file.write_bytes(PDF)
    raw = ("-X", "POST", "-T", str(file), "-H", "Content-Type: application/pdf", "-H", "Transfer-Encoding: chunked")
    status, body = curl(gateway, "jobs?printer=find-me&name=Report&copies=2", *raw, token=token)
    assert status == 201, body
    job = json.loads(body)
    assert (job["owner"], job["octets"], job["copies"]) == ("ann", len(PDF), 2)
    form = ("-F", "printer=find-me", "-F", f"file=@{file};type=application/pdf")
    assert curl(gateway, "jobs", *form, token=token)[0] == 201
    listed = json.loads(curl(gateway, "jobs", token=token)[1])["items"]
    assert job["id"] in {each["id"] for each in listed}


def test_a_stranger_gets_a_problem_and_the_description(gateway: Instance) -> None:
    status, body = curl(gateway, "jobs", "-H", "Accept-Language: fr")
    assert (status, json.loads(body)["code"]) == (401, "not-authenticated")
    status, body = curl(gateway, "openapi.json")
    assert status == 200
    assert "/jobs/{id}/release" in json.loads(body)["paths"]


def test_over_tls_with_our_own_authority(gateway: Instance, token: str, tmp_path: Path) -> None:
    ca, host = tmp_path / "ca.pem", socket.gethostname()
    subprocess.run(["curl", "-sSo", ca, f"http://127.0.0.1:{gateway.http_port}/ca.pem"], check=True)
    there = f"{host}:{gateway.https_port}"
    answer = subprocess.run(
        [
            *("curl", "-sS", "--cacert", ca, "--resolve", f"{there}:127.0.0.1"),
            *("-H", f"Authorization: Bearer {token}", f"https://{there}/api/v1/me"),
        ],
        check=True,
        capture_output=True,
    )
    assert json.loads(answer.stdout)["name"] == "ann"


def test_a_brought_certificate_is_shown_without_a_restart(gateway: Instance, token: str, tmp_path: Path) -> None:
    """By openssl: a chain and key that a renewing program hands over at the shell."""
    authority, host = trustme.CA(), "print.example.org"
    issued, ca, chain, key = authority.issue_cert(host), *(tmp_path / name for name in ("ca", "chain", "key"))
    authority.cert_pem.write_to_path(str(ca))
    chain.write_bytes(b"".join(blob.bytes() for blob in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    gateway.here("certificate", "bring", str(chain), str(key))
    look = ["openssl", "s_client", "-connect", f"127.0.0.1:{gateway.https_port}", "-CAfile", ca]
    look += ["-verify_hostname", host, "-verify_return_error"]
    try:
        end = time.monotonic() + PATIENCE
        while subprocess.run(look, input=b"Q\n", check=False, capture_output=True).returncode:
            assert time.monotonic() < end, "the old one is still served"
            time.sleep(0.2)
        told = json.loads(curl(gateway, "certificate", token=token)[1])
        assert (told["names"], told["own"], told["public"]) == ([host], False, None)
        printed = subprocess.run(
            ["openssl", "x509", "-in", chain, "-noout", "-fingerprint", "-sha256"], check=True, capture_output=True
        )
        assert told["fingerprint"] in printed.stdout.decode()
    finally:
        gateway.here("certificate", "own")


def test_what_stands_in_the_way_is_told_to_a_program(gateway: Instance, token: str) -> None:
    status, body = curl(gateway, "checks", token=token)
    found = {one["key"]: one for one in json.loads(body)}
    assert (status, found["storage"]["found"]["ok"], found["web"]["found"]) == (200, True, None)
    status, body = curl(gateway, "checks/web", "-X", "POST", token=token)
    assert (status, json.loads(body)["ok"]) == (200, True), "it connects to its own pages"
    status, body = curl(gateway, "backups", "-X", "POST", token=token)
    assert status == 201, body
    assert json.loads(body) in json.loads(curl(gateway, "backups", token=token)[1])


def test_the_stream_tells_of_a_job_at_once(gateway: Instance, token: str) -> None:
    address = f"http://127.0.0.1:{gateway.http_port}/api/v1/events"
    command = ["curl", "-sSN", "--max-time", "60", "-H", f"Authorization: Bearer {token}", address]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as listening:
        assert listening.stdout is not None
        assert listening.stdout.readline().startswith("retry:")
        status, body = curl(
            gateway, "jobs", "-H", "Content-Type: application/pdf", "--data-binary", PDF.decode(), token=token
        )
        assert status == 201, body
        wanted = json.loads(body)["id"]
        told = next(json.loads(line[5:]) for line in listening.stdout if line.startswith("data: {"))
        listening.terminate()
    assert (told["type"], told["job"]) == ("job-created", wanted)


def test_a_webhook_is_told_and_can_check_who_tells(gateway: Instance, token: str, receiver: Sink) -> None:
    url = f"http://127.0.0.1:{receiver.port}/ok"
    body = json.dumps({"name": "Sink", "url": url, "kinds": ["job-created"]})
    status, answer = curl(gateway, "webhooks", "-H", "Content-Type: application/json", "-d", body, token=token)
    assert status == 201, answer
    secret = base64.b64decode(json.loads(answer)["secret"].removeprefix("whsec_"))
    status, answer = curl(
        gateway, "jobs?name=Told", "-H", "Content-Type: application/pdf", "--data-binary", PDF.decode(), token=token
    )
    assert status == 201, answer
    end = time.monotonic() + PATIENCE
    while not (told := [each for each in receiver.seen if b'"Told"' in each[2]]) and time.monotonic() < end:
        time.sleep(0.1)
    _, headers, sent = told[0]
    text = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + sent
    expected = "v1," + base64.b64encode(hmac.new(secret, text, hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == expected
    assert (json.loads(sent)["type"], json.loads(sent)["data"]["owner"]) == ("job-created", "ann")
    log = gateway.data.with_suffix(".log").read_text()
    assert token not in log
    assert base64.b64encode(secret).decode() not in log
