"""Authentication-Results (RFC 8601) of a mail server that is ours: what it found out about the sender.

Only fields under a configured name count, and only for a mail that one of our own servers handed over; whatever a
stranger wrote there is no more than text. Where our server contradicts itself, nothing is believed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import authres  # type: ignore[import-untyped]  # authres ships no types
import authres.dmarc  # type: ignore[import-untyped]  # authres ships no types

from emailprint.headers import Heading

_CONTEXT = authres.FeatureContext(authres.dmarc)
_MOST = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """(result, domain) of each method, as our server says."""

    dmarc: tuple[tuple[str, str], ...] = ()
    dkim: tuple[tuple[str, str], ...] = ()
    spf: tuple[tuple[str, str], ...] = ()

    @property
    def empty(self) -> bool:
        return not (self.dmarc or self.dkim or self.spf)


def read(heading: Heading, authorities: Iterable[str]) -> Found:
    """What the topmost fields of our authorities say: those that stand together, before anything older."""
    ours = {name.lower() for name in authorities}
    found: dict[str, list[tuple[str, str]]] = {"dmarc": [], "dkim": [], "spf": []}
    begun = False
    for name, value in heading.fields[: 20 * _MOST]:
        parsed = _parsed(value) if name == "authentication-results" else None
        if parsed is None or str(parsed.authserv_id).lower() not in ours:
            if begun and name in {"received", "from", "to", "subject"}:
                break
            continue
        begun = True
        for result in parsed.results[:_MOST]:
            if result.method in found:
                found[result.method].append((str(result.result).lower(), _domain(result)))
    return Found(**{method: tuple(results) for method, results in found.items()})


def contradicts(heading: Heading, authorities: Iterable[str]) -> bool:
    """Whether any field under our names, wherever it stands, says that DMARC failed."""
    ours = {name.lower() for name in authorities}
    parsed = map(_parsed, heading.all("authentication-results")[:50])
    fields = [one for one in parsed if one is not None and str(one.authserv_id).lower() in ours]
    return any(one.method == "dmarc" and str(one.result).lower() == "fail" for field in fields for one in field.results)


def _parsed(value: str) -> Any:
    """None for what does not parse: it says nothing then."""
    try:
        return _CONTEXT.parse(f"Authentication-Results: {value[:4000]}")
    except (authres.AuthResError, ValueError, IndexError, AttributeError, TypeError):
        return None


_PLACES = {
    "dmarc": (("header", "from"),),
    "dkim": (("header", "d"), ("header", "i")),
    "spf": (("smtp", "mailfrom"),),
}


def _domain(result: Any) -> str:
    properties = {(str(one.type).lower(), str(one.name).lower()): str(one.value) for one in result.properties}
    for place in _PLACES[result.method]:
        if place in properties:
            return properties[place].rpartition("@")[2].strip().rstrip(".").lower()
    return ""
