"""Asking a public authority for a certificate (RFC 8555): what became of the last time, and when the next may be."""

from dataclasses import dataclass

HOUR = 3600.0
LONGEST = 24 * HOUR


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What an authority was asked for; another question need not wait for what became of this one."""

    directory: str
    names: tuple[str, ...]
    contact: str = ""
    customer: str = ""  # the key identifier of an external account binding


@dataclass(frozen=True, kw_only=True, slots=True)
class LastTry:
    """`failures` in a row, 0 when it went well; `text` and `mend` say why it did not; `patience`: as Retry-After had it."""

    asked: Asked
    at: float
    failures: int = 0
    text: str = ""
    mend: str = ""
    patience: float = 0.0

    def next_at(self, asked: Asked, now: float) -> float:
        """When `asked` may be asked again: after 1 h, 2 h, 4 h, ... up to a day, and no sooner than we were told to.

        Whatever went wrong, also with a clock that was set back or a certificate that is old as soon as it is made: an
        authority is not asked every minute.
        """
        if self.asked != asked or self.at > now:
            return 0.0
        doubled = HOUR * (1 << max(0, min(self.failures, 10) - 1))
        return max(self.at + min(doubled, LONGEST), self.patience)
