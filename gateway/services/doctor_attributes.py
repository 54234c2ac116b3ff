"""What a printer says of itself, held against what clients need and against what was announced: pure."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from gateway.domain.clients import ClientKind
from gateway.services.doctor_findings import Finding, Step, bad, good, warn
from gateway.services.ports.surroundings import Announced, Described

UPDATE = "The printer's own software says so: update it, or print through Papertap, which says it rightly."
REANNOUNCE = "Start the announcer anew. If it stays so, another program announces the printer: switch that off."


def missing_of(client: ClientKind, described: Described) -> tuple[str, ...]:
    """Also an attribute without a value: no-value and unknown are none."""
    return tuple(
        name
        for name in client.asks
        if not any(described.attributes.get(name, ())) and not described.collections.get(name)
    )


def urf_tokens(described: Described) -> list[Finding]:
    """What iOS goes by before it asks for anything else."""
    tokens = described.attributes.get("urf-supported", ())
    client = "iPhone, iPad, Mac"
    if not tokens:
        return [
            bad(
                Step.ATTRIBUTES,
                text="There is no urf-supported: no iPhone shows this printer.",
                mend=UPDATE,
                client=client,
            )
        ]
    two_sided = any(side.startswith("two-sided") for side in described.attributes.get("sides-supported", ()))
    wanted = {"a version (V1.4)": "V", "grey (W8)": "W8", "a resolution (RS300)": "RS", "copies (CP1)": "CP"}
    if two_sided:
        wanted["two-sided printing (DM1 to DM4)"] = "DM"
    if "color" in described.attributes.get("print-color-mode-supported", ()):
        wanted["colour (SRGB24)"] = "SRGB24"
    lacking = [text for text, start in wanted.items() if not any(token.startswith(start) for token in tokens)]
    if lacking:
        text = f"urf-supported lacks {', '.join(lacking)}: iPhones leave the printer or that choice out."
        return [bad(Step.ATTRIBUTES, text=text, mend=UPDATE, client=client)]
    return [good(Step.ATTRIBUTES, text=f"urf-supported has what iPhones need: {','.join(tokens)}.", client=client)]


def media(described: Described) -> list[Finding]:
    """The paper that lies ready is the list that iPhones show; Windows never comes back from a source that is a number."""
    findings: list[Finding] = []
    ready = described.collections.get("media-col-ready", ())
    incomplete = [one for one in ready if "media-size" not in one]
    sources = [one["media-source"] for one in ready if "media-source" in one]
    if ready and incomplete:
        findings.append(bad(Step.MEDIA, text="A paper in media-col-ready has no size: iPhones show none.", mend=UPDATE))
    if ready and len(sources) < len(ready):
        text = "Papers in media-col-ready do not say which tray they lie in: iPhones then show one of them only."
        findings.append(warn(Step.MEDIA, text=text, mend=UPDATE))
    digits = [
        source for source in (*sources, *described.attributes.get("media-source-supported", ())) if source.isdigit()
    ]
    if digits:
        text = f"A tray is called {digits[0]}: Windows stays at “connecting” for ever."
        findings.append(bad(Step.MEDIA, text=text, mend=UPDATE, client="Windows"))
    names = described.attributes.get("media-supported", ())
    odd = [name for name in names if "_" not in name]
    if odd:
        findings.append(
            warn(Step.MEDIA, text=f"Papers have names that are no PWG names, such as {odd[0]}.", mend=UPDATE)
        )
    if ready and not findings:
        findings.append(
            good(Step.MEDIA, text=f"Paper that lies ready: {', '.join(described.attributes.get('media-ready', ()))}.")
        )
    return findings


def agreement(described: Described, seen: Sequence[Announced], *, tls: bool) -> list[Finding]:
    """TXT records and attributes must say the same: clients believe the first, and stumble over the second."""
    if not seen:
        return []
    differences = sorted({text for one in seen for text in _differences(described, one, tls=tls)})
    if differences:
        return [
            bad(
                Step.AGREEMENT,
                text=f"What is announced is not what is answered: {'; '.join(differences)}.",
                mend=REANNOUNCE,
            )
        ]
    count = len(seen)
    return [good(Step.AGREEMENT, text=f"{count} announcements say what the printer itself says.")]


def _page(url: str) -> tuple[str, str, str]:
    """Without the host: a printer answers with the name that it was asked by, and announces its own."""
    parts = urlsplit(url)
    return parts.netloc.rpartition(":")[2] if ":" in parts.netloc else "", parts.path, parts.query


def _differences(described: Described, one: Announced, *, tls: bool) -> list[str]:
    said = described.attributes
    color = _flag("color" in said.get("print-color-mode-supported", ()))
    duplex = _flag(any(side.startswith("two-sided") for side in said.get("sides-supported", ())))
    pairs = [
        ("UUID", one.txt.get("UUID", "").lower(), _first(said, "printer-uuid").removeprefix("urn:uuid:").lower()),
        ("Color", one.txt.get("Color", color), color),
        ("Duplex", one.txt.get("Duplex", duplex), duplex),
        ("adminurl", one.txt.get("adminurl", ""), _first(said, "printer-more-info")),
        ("ty", one.txt.get("ty", ""), _first(said, "printer-make-and-model")),
    ]
    found = [
        f"{key} is {announced or 'nothing'}, but {answered}"
        for key, announced, answered in pairs
        if announced != answered and not (key == "adminurl" and _page(announced) == _page(answered))
    ]
    found += _lists(one, "URF", said.get("urf-supported", ()))
    found += _lists(one, "pdl", said.get("document-format-supported", ()))
    if "rp" in one.txt and not any(uri.endswith("/" + one.txt["rp"]) for uri in said.get("printer-uri-supported", ())):
        found.append(f"rp is {one.txt['rp']}, where nothing is")
    if one.type.startswith("_ipps") and not tls:
        found.append("_ipps is announced, and there is no TLS")
    authentication = set(said.get("uri-authentication-supported", ())) - {"none", "requesting-user-name"}
    if (
        one.txt.get("air", "none") == "none"
        and authentication
        and "none" not in said.get("uri-authentication-supported", ())
    ):
        found.append("air is none, but a password is asked for")
    return found


def _lists(one: Announced, key: str, answered: Sequence[str]) -> list[str]:
    """What is announced must be true; a TXT item has 255 octets and may have to leave the rest out."""
    announced = [item for item in one.txt.get(key, "").split(",") if item]
    untrue = [item for item in announced if item not in answered]
    if not announced and answered:
        return [f"{key} is missing"]
    return [f"{key} has {untrue[0]}, which the printer does not"] if untrue else []


def _first(said: Mapping[str, tuple[str, ...]], name: str) -> str:
    return next(iter(said.get(name, ())), "")


def _flag(value: bool) -> str:
    return "T" if value else "F"
