"""Wires certificates of a public authority (RFC 8555)."""

import re
from urllib.parse import urlsplit

from gateway.adapters.authority import normal_name
from gateway.adapters.certificates import Certificates
from gateway.domain.acme import Asked
from gateway.errors import StartupError
from gateway.services.challenge_answers import ChallengeAnswers
from gateway.services.ports import Clock
from gateway.services.renewals import Renewals
from gateway.settings import Acme, Settings

_BASE64URL = re.compile(r"[A-Za-z0-9_-]+=*")


def asked_of(settings: Settings) -> Asked | None:
    """What an authority is asked for; None where none is. StartupError says what does not go together."""
    given = settings.acme
    if not given.directory:
        return None
    if settings.https.certificate is not None:
        raise StartupError("Give https.certificate or acme.directory, not both: one certificate is served for a name.")
    names = given.names
    if not names:
        try:
            names = Acme(names=(normal_name(urlsplit(settings.site.base_url).hostname or ""),)).names
        except ValueError as error:
            raise StartupError("Give acme.names, or a site.base_url with the host name that leads here.") from error
    return Asked(directory=given.directory, names=names, contact=given.contact, customer=given.eab_kid)


def renewals_of(
    settings: Settings, certificates: Certificates, answers: ChallengeAnswers, clock: Clock
) -> Renewals | None:
    """None where no authority is asked; StartupError when its files cannot be used."""
    asked, chain, given = asked_of(settings), certificates.public, settings.acme
    if asked is None or chain is None:
        return None
    from gateway.adapters.acme_issuer import AcmeIssuer, Directory  # noqa: PLC0415 - 6 MB, which most houses need not

    if given.ca_file is not None and not given.ca_file.is_file():
        raise StartupError(f"There is no {given.ca_file}. Give a PEM file with acme.ca_file, or leave it out.")
    directory = Directory(
        url=asked.directory,
        contact=asked.contact,
        ca=given.ca_file,
        customer=asked.customer,
        secret=_binding_key(given),
    )
    issuer = AcmeIssuer(directory, chain=chain, answers=answers)
    return Renewals(asked=asked, issuer=issuer, shelf=chain, clock=clock)


def _binding_key(given: Acme) -> str:
    key = given.eab_hmac_key.get_secret_value()
    if given.eab_hmac_key_file is not None:
        try:
            key = given.eab_hmac_key_file.read_text("ascii").partition("\n")[0].strip()
        except (OSError, ValueError) as error:
            raise StartupError(f"The key in {given.eab_hmac_key_file} cannot be read.") from error
    if bool(key) != bool(given.eab_kid):
        raise StartupError("Give acme.eab_kid together with acme.eab_hmac_key or acme.eab_hmac_key_file, or neither.")
    if key and not _BASE64URL.fullmatch(key):
        raise StartupError("The key of acme.eab_kid is none: it is base64url, of letters, digits, - and _.")
    return key
