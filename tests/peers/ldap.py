"""A private slapd on free ports: people, groups that contain groups, LDAP, StartTLS and LDAPS with a CA of its own.

Everything is loaded with slapadd before it starts, which takes a second for some thousand entries.
"""

import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.peers.processes import free_port, stopped, wait_for

BASE = "dc=school,dc=example"
SERVICE, SERVICE_PASSWORD = f"cn=papertap,{BASE}", "read-only password"
PASSWORD = "correct horse"  # everybody's
SLAPD = "/usr/sbin/slapd"

CONFIG = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
pidfile {folder}/slapd.pid
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
TLSVerifyClient {verify}
sizelimit 500
database mdb
suffix "{base}"
rootdn "cn=root,{base}"
rootpw root
directory {folder}/db
maxsize 1073741824
index objectClass,uid,member,entryCSN,entryUUID eq
overlay ppolicy
limits dn.exact="{service}" size.soft=500 size.hard=500 size.prtotal=unlimited
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{service}" read by dn.exact="{certificate}" read by anonymous auth by * none
authz-regexp "cn=papertap client" "{certificate}"
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Slapd:
    port: int
    tls_port: int
    ca: str
    certificate: str
    key: str

    @property
    def url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        """By address: libldap takes "localhost" for the machine's own name, which no certificate here has."""
        return f"ldaps://127.0.0.1:{self.tls_port}"

    def modify(self, ldif: str) -> None:
        """As its owner would."""
        subprocess.run(
            ["ldapmodify", "-x", "-H", self.url, "-D", f"cn=root,{BASE}", "-w", "root"],
            input=ldif.encode(),
            check=True,
            capture_output=True,
        )


def person(uid: str, number: int, **more: str) -> str:
    """An LDIF record."""
    fields = {
        "cn": f"Person {number}",
        "sn": str(number),
        "mail": f"{uid}@school.example",
        "departmentNumber": f"D{number % 7}",
        "employeeNumber": f"04{number:06X}",
        "preferredLanguage": ("de", "fr", "en")[number % 3],
        "userPassword": PASSWORD,
    } | more
    lines = [f"dn: uid={uid},ou=people,{BASE}", "objectClass: inetOrgPerson", f"uid: {uid}"]
    return "\n".join([*lines, *(f"{name}: {value}" for name, value in fields.items())]) + "\n\n"


def group(name: str, *members: str) -> str:
    lines = [f"dn: cn={name},ou=groups,{BASE}", "objectClass: groupOfNames", f"cn: {name}"]
    return "\n".join([*lines, *(f"member: {member}" for member in members)]) + "\n\n"


def of_person(uid: str) -> str:
    return f"uid={uid},ou=people,{BASE}"


def of_group(name: str) -> str:
    return f"cn={name},ou=groups,{BASE}"


def tree(people: int) -> str:
    """`people` called u0, u1, ...; classes of 30 in years in the school; two groups that contain each other."""
    heads = f"dn: {BASE}\nobjectClass: dcObject\nobjectClass: organization\no: School\ndc: school\n\n"
    for name in ("people", "groups"):
        heads += f"dn: ou={name},{BASE}\nobjectClass: organizationalUnit\nou: {name}\n\n"
    heads += f"dn: {SERVICE}\nobjectClass: person\ncn: papertap\nsn: p\nuserPassword: {SERVICE_PASSWORD}\n\n"
    records = [heads, *(person(f"u{n}", n) for n in range(people))]
    classes = range(0, people, 30)
    for begin in classes:
        members = [of_person(f"u{n}") for n in range(begin, min(begin + 30, people))]
        records.append(group(f"class-{begin // 30}", *members))
    years = range(0, len(classes), 4)
    records += [
        group(f"year-{begin // 4}", *(of_group(f"class-{n}") for n in range(begin, min(begin + 4, len(classes)))))
        for begin in years
    ]
    records.append(group("school", *(of_group(f"year-{n // 4}") for n in years)))
    records.append(group("ring-a", of_group("ring-b"), of_person("u0")))
    records.append(group("ring-b", of_group("ring-a"), of_group("ring-b")))
    return "".join(records)


@contextmanager
def slapd(folder: Path, *, people: int = 60, more: str = "", verify: str = "never") -> Iterator[Slapd]:
    """`more` are further LDIF records; `verify` demand asks every client that speaks TLS for a certificate."""
    if not Path(SLAPD).exists() or shutil.which("ldapmodify") is None:
        raise RuntimeError("slapd is missing: run make setup-test")
    ca, certificate, key = _certificates(folder)
    (folder / "db").mkdir(mode=0o700)
    config = folder / "slapd.conf"
    certificate_dn = f"cn=client,{BASE}"
    config.write_text(
        CONFIG.format(folder=folder, base=BASE, service=SERVICE, certificate=certificate_dn, verify=verify)
    )
    loaded = subprocess.run(
        ["/usr/sbin/slapadd", "-q", "-f", str(config), "-d", "0"],
        input=(tree(people) + more).encode(),
        capture_output=True,
        check=False,
    )
    if loaded.returncode:
        raise RuntimeError(f"slapadd failed: {loaded.stderr.decode()[-500:]}")
    port, tls_port = free_port(), free_port()
    urls = f"ldap://127.0.0.1:{port} ldaps://127.0.0.1:{tls_port}"
    process = subprocess.Popen(
        [SLAPD, "-f", str(config), "-h", urls, "-d", "0"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    with stopped(process):
        wait_for(port, process)
        wait_for(tls_port, process)
        yield Slapd(port=port, tls_port=tls_port, ca=ca, certificate=certificate, key=key)


def _certificates(folder: Path) -> tuple[str, str, str]:
    """PEM of the CA, and of a client with its key."""
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1", common_name="school")
    client = authority.issue_cert("client.example", common_name="papertap client")
    files: Mapping[str, bytes] = {
        "ca.pem": authority.cert_pem.bytes(),
        "server.pem": server.cert_chain_pems[0].bytes(),
        "server.key": server.private_key_pem.bytes(),
    }
    for name, octets in files.items():
        (folder / name).write_bytes(octets)
    return (
        authority.cert_pem.bytes().decode(),
        client.cert_chain_pems[0].bytes().decode(),
        client.private_key_pem.bytes().decode(),
    )
