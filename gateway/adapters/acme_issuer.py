"""A certificate from a public authority by ACME (RFC 8555), its challenge http-01, spoken by EFF's library `acme`.

The library blocks, for minutes where an authority is slow: the conversation has a thread of its own, which is left
behind when the process ends.
"""

import asyncio
import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import requests
import structlog
from acme import challenges, client, errors, messages
from josepy.jwa import ES256
from josepy.jwk import JWKEC

from gateway.adapters.public_chain import PublicChain
from gateway.services.challenge_answers import ChallengeAnswers
from gateway.services.ports.acme import NotIssued

ACCOUNT_KEY = "acme-account.key"
ANSWER_SECONDS = 20  # of one request
DEADLINE = timedelta(seconds=120)  # from the order to the certificate
LONGEST_PATIENCE = 30 * 86400.0  # a Retry-After beyond it is a mistake
_NONCE_TRIES = 5
_AGENT = "Papertap"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Directory:
    """Where the authority is asked. `ca`: PEM of the CA of its own TLS; `customer` and `secret` (base64url) bind an account."""

    url: str
    contact: str = ""
    ca: Path | None = None
    customer: str = ""
    secret: str = ""


class AcmeIssuer:
    """gateway.services.ports.acme.Issuer: the account's key is made once, and who it is asked for anew each time."""

    def __init__(self, directory: Directory, *, chain: PublicChain, answers: ChallengeAnswers) -> None:
        self._directory, self._chain, self._answers = directory, chain, answers

    async def issue(self, names: Sequence[str]) -> None:
        loop = asyncio.get_running_loop()
        over: asyncio.Future[NotIssued | None] = loop.create_future()

        def settle(outcome: NotIssued | None) -> None:
            if not over.done():
                over.set_result(outcome)

        def work() -> None:
            outcome = self._outcome(names)
            with suppress(RuntimeError):  # the loop is closed: the process ends
                loop.call_soon_threadsafe(settle, outcome)

        Thread(target=work, name="acme", daemon=True).start()
        outcome = await over
        if outcome is not None:
            raise outcome

    def _outcome(self, names: Sequence[str]) -> NotIssued | None:
        network: _Network | None = None
        try:
            network = _Network(self._chain, self._directory.ca)
            self._chain.keep(self._signed(network, names), names)
        except Exception as error:  # noqa: BLE001 - whatever it was: an authority must not be asked again at once
            patience = network.patience() if network is not None else 0.0
            return _why(error, patience)
        finally:
            if network is not None:
                network.session.close()
        return None

    def _signed(self, network: "_Network", names: Sequence[str]) -> bytes:
        """The chain in PEM that the authority prefers."""
        authority = client.ClientV2(client.ClientV2.get_directory(self._directory.url, network), network)
        self._sign_in(authority, network)
        order = authority.new_order(self._chain.request(names))
        deadline = datetime.now() + DEADLINE  # noqa: DTZ005 - the library compares it with its own
        tokens: list[str] = []
        try:
            for one in order.authorizations:
                if one.body.status == messages.STATUS_PENDING:
                    self._answer(authority, one, tokens)
            order = authority.poll_authorizations(order, deadline)
            return authority.finalize_order(order, deadline).fullchain_pem.encode()
        finally:
            for token in tokens:
                self._answers.drop(token)

    def _sign_in(self, authority: client.ClientV2, network: "_Network") -> None:
        """The account of our key: found by it, or made (RFC 8555 section 7.3)."""
        given: dict[str, Any] = {"terms_of_service_agreed": True}
        if self._directory.contact:
            given["email"] = self._directory.contact
        if self._directory.customer:
            given["external_account_binding"] = messages.ExternalAccountBinding.from_data(
                account_public_key=network.account_key.public_key(),
                kid=self._directory.customer,
                hmac_key=self._directory.secret,
                directory=authority.directory,
            )
        try:
            authority.new_account(messages.NewRegistration.from_data(**given))
        except errors.ConflictError as known:
            network.account = messages.RegistrationResource(uri=known.location, body=messages.Registration())

    def _answer(
        self, authority: client.ClientV2, authorization: messages.AuthorizationResource, tokens: list[str]
    ) -> None:
        offered = next((c for c in authorization.body.challenges if isinstance(c.chall, challenges.HTTP01)), None)
        if offered is None:
            raise NotIssued(
                "refused",
                name=authorization.body.identifier.value,
                detail=f"it does not offer http-01 for {authorization.body.identifier.value}",
            )
        response, answer = offered.response_and_validation(authority.net.key)
        token = offered.chall.encode("token")
        self._answers.put(token, answer)
        tokens.append(token)
        authority.answer_challenge(offered, response)


class _Network(client.ClientNetwork):
    """Tries again where a nonce is refused, and keeps what the last refusal had as Retry-After."""

    def __init__(self, chain: PublicChain, ca: Path | None) -> None:
        self.account_key = JWKEC(key=chain.key(ACCOUNT_KEY))
        super().__init__(
            self.account_key,
            alg=ES256,
            verify_ssl=str(ca) if ca else True,  # type: ignore[arg-type]  # reason: goes to requests, which takes a path
            user_agent=_AGENT,
            timeout=ANSWER_SECONDS,
        )
        self._retry_after: requests.Response | None = None
        self.session.hooks["response"].append(self._hear)

    def _hear(self, response: requests.Response, *_: Any, **__: Any) -> None:
        self._retry_after = response if not response.ok and "Retry-After" in response.headers else None

    def patience(self) -> float:
        """Seconds for which the authority wants to be left alone; 0 when it said nothing of it."""
        if self._retry_after is None:
            return 0.0
        told = client.ClientV2.retry_after(self._retry_after, 0) - datetime.now()  # noqa: DTZ005 - as the library has it
        return min(max(0.0, told.total_seconds()), LONGEST_PATIENCE)

    def post(self, *args: Any, **kwargs: Any) -> requests.Response:
        """RFC 8555 section 6.5: a nonce may be refused at any time. The library itself tries twice."""
        for _ in range(_NONCE_TRIES - 1):
            try:
                return super().post(*args, **kwargs)
            except messages.Error as error:
                if error.code != "badNonce":
                    raise
        return super().post(*args, **kwargs)


def _why(error: Exception, patience: float) -> NotIssued:
    match error:
        case NotIssued():
            return error
        case errors.ValidationError():
            return _of_challenge(error, patience)
        case errors.IssuanceError():
            return _of_problem(error.error, patience)
        case messages.Error():
            return _of_problem(error, patience)
    kind, detail = _of_library(error)
    return NotIssued(kind, detail=detail, retry_after=patience)


def _of_library(error: Exception) -> tuple[str, str]:
    """(kind, detail) of what came between, or was no answer of ACME."""
    match error:
        case errors.TimeoutError():
            found = "late", ""
        case requests.exceptions.SSLError():
            found = "untrusted", _root(error)
        case requests.exceptions.RequestException():
            found = "unreachable", _root(error)
        case errors.ClientError() if error.args and isinstance(error.args[0], requests.Response):
            found = "unreachable", f"status {error.args[0].status_code}"
        case ValueError() | errors.Error():
            found = "unfit", str(error)
        case _:
            log.error("acme.failed", exc_info=error)
            found = "unfit", f"{type(error).__name__}: {error}"
    return found


def _of_challenge(error: errors.ValidationError, patience: float) -> NotIssued:
    """The first name that was not proved."""
    failed = error.failed_authzrs[0].body
    problem = next(one.error for one in failed.challenges if one.error is not None)
    return _of_problem(problem, patience, name=failed.identifier.value)


def _of_problem(problem: messages.Error, patience: float, name: str = "") -> NotIssued:
    if not name and problem.identifier is not None:
        name = problem.identifier.value
    kind = str(problem.typ).rpartition(":")[2]
    return NotIssued(kind, name=name, detail=problem.detail or problem.title or "", retry_after=patience)


def _root(error: BaseException) -> str:
    """What the system said, below all that libraries wrapped around it."""
    words = ""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return cause.verify_message
        words = (cause.strerror or words) if isinstance(cause, OSError) else words
        cause = cause.__cause__ or cause.__context__
    return words or ("no answer in time" if isinstance(error, requests.exceptions.Timeout) else str(error))
