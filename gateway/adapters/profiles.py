"""Signed configuration profiles (.mobileconfig): AirPrint destinations, and our authority as a root to trust.

    Configuration (com.apple.airprint: IPAddress, ResourcePath, Port, ForceTLS; com.apple.security.root: DER)
    in a property list, in a CMS SignedData (RFC 5652) with the certificate chain, DER

The formats are Apple's: "Device Management", payloads AirPrint and CertificateRoot. Identifiers and UUIDs come out of
the installation and the key alone, so that a profile that is installed again replaces the earlier one.
"""

import asyncio
import hashlib
import plistlib
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID, uuid5

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from gateway.adapters.certificates import Certificates
from gateway.domain.description import cut
from gateway.domain.queue import Destination

_NAMESPACE: Final = UUID("6f0f2f3c-5f57-4a0b-9e0a-3f1f6c5d7b21")  # any fixed one: names below it are ours
_TEXT_MAX: Final = 500
MEDIA_TYPE: Final = "application/x-apple-aspen-config"


class SignedProfiles:
    """gateway.services.ports.Profiles, signed with what Certificates gives: below our CA, or the customer's."""

    def __init__(self, certificates: Certificates, *, organization: str) -> None:
        self._certificates, self._organization = certificates, organization

    async def air_print(self, destinations: Sequence[Destination], *, key: str, name: str, text: str) -> bytes:
        return await asyncio.to_thread(self._air_print, tuple(destinations), key, name, text)

    def _air_print(self, destinations: tuple[Destination, ...], key: str, name: str, text: str) -> bytes:
        authority = self._certificates.ca_pem
        contents = [_air_print_payload(destinations)] if destinations else []
        if authority is not None:
            contents.append(_root_payload(x509.load_pem_x509_certificate(authority)))
        return self._signed(self._configuration(contents, key=key, name=name, text=text))

    def _configuration(self, contents: list[dict[str, Any]], *, key: str, name: str, text: str) -> bytes:
        identifier = f"papertap.{self.installation()}.{key}"
        payloads = [_identified(content, f"{identifier}.{number}") for number, content in enumerate(contents)]
        shown = {
            "PayloadDisplayName": cut(name, _TEXT_MAX),
            "PayloadDescription": cut(text, _TEXT_MAX),
            "PayloadOrganization": cut(self._organization, _TEXT_MAX),
            "PayloadScope": "System",
            "PayloadType": "Configuration",
            "PayloadContent": payloads,
        }
        return plistlib.dumps(_identified(shown, identifier))

    def installation(self) -> str:
        """The same for ever: our authority's key is never changed; a customer's certificate keeps its first name."""
        if self._certificates.ca_pem is None:
            return hashlib.sha256(self._certificates.hosts[0].encode()).hexdigest()[:16]
        key = x509.load_pem_x509_certificate(self._certificates.ca_pem).public_key()
        octets = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        return hashlib.sha256(octets).hexdigest()[:16]

    def _signed(self, profile: bytes) -> bytes:
        signing = self._certificates.signing()
        builder = PKCS7SignatureBuilder().set_data(profile)
        builder = builder.add_signer(signing.certificate, signing.key, hashes.SHA256())
        for further in signing.chain:
            builder = builder.add_certificate(further)
        return builder.sign(serialization.Encoding.DER, [PKCS7Options.Binary])


def _identified(payload: dict[str, Any], identifier: str) -> dict[str, Any]:
    unique = str(uuid5(_NAMESPACE, identifier)).upper()
    return payload | {"PayloadIdentifier": identifier, "PayloadUUID": unique, "PayloadVersion": 1}


def _air_print_payload(destinations: tuple[Destination, ...]) -> dict[str, Any]:
    entries = [
        {
            "IPAddress": destination.host.strip("[]"),
            "ResourcePath": destination.path,
            "Port": destination.port,
            "ForceTLS": destination.secure,
        }
        for destination in destinations
    ]
    return {"PayloadType": "com.apple.airprint", "PayloadDisplayName": "AirPrint", "AirPrint": entries}


def _root_payload(authority: x509.Certificate) -> dict[str, Any]:
    return {
        "PayloadType": "com.apple.security.root",
        "PayloadDisplayName": authority.subject.rfc4514_string(),
        "PayloadCertificateFileName": "papertap-ca.cer",
        "PayloadContent": authority.public_bytes(serialization.Encoding.DER),
    }
