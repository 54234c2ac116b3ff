"""What a certificate authority finds at /.well-known/acme-challenge/ while it looks whose a name is (RFC 8555 8.3)."""

import re

_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,256}")


class ChallengeAnswers:
    """Put in by the thread that talks to the authority, taken out by the pages."""

    def __init__(self) -> None:
        self._answers: dict[str, str] = {}

    def put(self, token: str, answer: str) -> None:
        """ValueError for what is no token: base64url alone, of 128 bits at least."""
        if not _TOKEN.fullmatch(token):
            raise ValueError("the authority's token is none")
        self._answers[token] = answer

    def get(self, token: str) -> str | None:
        return self._answers.get(token)

    def drop(self, token: str) -> None:
        self._answers.pop(token, None)
