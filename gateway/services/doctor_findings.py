"""What AirPrint Doctor found: one line of its report, and the report."""

from dataclasses import dataclass
from enum import StrEnum


class Tone(StrEnum):
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"


class Step(StrEnum):
    BROWSE = "browse"
    RESOLVE = "resolve"
    CONNECT = "connect"
    TLS = "tls"
    ATTRIBUTES = "attributes"
    AGREEMENT = "agreement"
    MEDIA = "media"
    JOB = "job"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """`client` is "" where it concerns all; `mend` is "" where nothing is to be done."""

    step: Step
    tone: Tone
    text: str
    client: str = ""
    mend: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    uri: str
    findings: tuple[Finding, ...]

    @property
    def tone(self) -> Tone:
        """The worst of all."""
        tones = {finding.tone for finding in self.findings}
        return next((tone for tone in (Tone.BAD, Tone.WARN) if tone in tones), Tone.GOOD)

    def of(self, client: str) -> tuple[Finding, ...]:
        return tuple(finding for finding in self.findings if finding.client in {"", client})


def good(step: Step, *, text: str, client: str = "") -> Finding:
    return Finding(step=step, tone=Tone.GOOD, text=text, client=client)


def warn(step: Step, *, text: str, mend: str, client: str = "") -> Finding:
    return Finding(step=step, tone=Tone.WARN, text=text, mend=mend, client=client)


def bad(step: Step, *, text: str, mend: str, client: str = "") -> Finding:
    return Finding(step=step, tone=Tone.BAD, text=text, mend=mend, client=client)
