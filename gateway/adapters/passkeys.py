"""WebAuthn ceremonies with the `webauthn` package; its many errors become one refusal in words."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import structlog
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import (
    base64url_to_bytes,
    parse_authentication_credential_json,
    parse_client_data_json,
    parse_registration_credential_json,
)
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from gateway.errors import NotAuthenticated
from gateway.services.ports import Assertion, NewCredential, Party

MILLISECONDS = 300_000  # how long the browser may ask its user
MAX_CREDENTIAL = 1023  # octets, WebAuthn Level 3 section 7.1 step 25

log = structlog.get_logger(__name__)


class WebAuthn:
    """gateway.services.ports.Authenticators."""

    def creation_options(
        self, party: Party, *, challenge: bytes, handle: bytes, user: str, full_name: str, known: Sequence[bytes]
    ) -> str:
        options = generate_registration_options(
            rp_id=party.rp_id,
            rp_name=party.name,
            user_id=handle,
            user_name=user,
            user_display_name=full_name or user,
            challenge=challenge,
            timeout=MILLISECONDS,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED,
                require_resident_key=True,
                user_verification=UserVerificationRequirement.REQUIRED,
            ),
            exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
        )
        return options_to_json(options)

    def request_options(self, party: Party, *, challenge: bytes, known: Sequence[bytes] = ()) -> str:
        options = generate_authentication_options(
            rp_id=party.rp_id,
            challenge=challenge,
            timeout=MILLISECONDS,
            allow_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
            user_verification=UserVerificationRequirement.REQUIRED,
        )
        return options_to_json(options)

    def read(self, answer: str) -> Assertion:
        with _in_words():
            credential = base64url_to_bytes(_member(answer, "rawId"))
            response = _response(answer)
            client_data = parse_client_data_json(base64url_to_bytes(response["clientDataJSON"]))
            handle = response.get("userHandle")
            return Assertion(
                credential=credential,
                challenge=client_data.challenge,
                user_handle=base64url_to_bytes(handle) if isinstance(handle, str) and handle else None,
            )

    def verify_creation(self, answer: str, party: Party, *, challenge: bytes) -> NewCredential:
        with _in_words():
            made = verify_registration_response(
                credential=parse_registration_credential_json(answer),
                expected_challenge=challenge,
                expected_rp_id=party.rp_id,
                expected_origin=party.origin,
                require_user_verification=True,
            )
            if len(made.credential_id) > MAX_CREDENTIAL:
                raise ValueError("the credential id is too long")
            return NewCredential(
                credential=made.credential_id,
                public_key=made.credential_public_key,
                sign_count=made.sign_count,
                backed_up=made.credential_backed_up,
            )

    def verify_assertion(
        self, answer: str, party: Party, *, challenge: bytes, public_key: bytes, sign_count: int
    ) -> tuple[int, bool]:
        with _in_words():
            found = verify_authentication_response(
                credential=parse_authentication_credential_json(answer),
                expected_challenge=challenge,
                expected_rp_id=party.rp_id,
                expected_origin=party.origin,
                credential_public_key=public_key,
                credential_current_sign_count=sign_count,
                require_user_verification=True,
            )
            return found.new_sign_count, found.credential_backed_up


@contextmanager
def _in_words() -> Iterator[None]:
    """The package's parsers also raise what Python raises at octets that make no sense; none of it is our defect."""
    try:
        yield
    except (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError) as error:
        log.info("passkey.refused", reason=f"{type(error).__name__}: {error}"[:300])
        raise NotAuthenticated(
            "The passkey did not prove that it is you. Try again, or sign in another way."
        ) from error


def _member(answer: str, name: str) -> str:
    value = json.loads(answer)[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return value


def _response(answer: str) -> dict[str, str]:
    value = json.loads(answer)["response"]
    if not isinstance(value, dict):
        raise TypeError("the response is no object")
    return value
