"""Job template attributes of a Printer (RFC 8011 section 5.2, PWG 5100.3, 5100.7, 5100.13): defaults and choices.

`choices` is what a ticket is checked against; the same values are advertised, so that nothing is offered that would
be refused, and nothing refused that was offered.
"""

from dataclasses import dataclass
from functools import lru_cache

from gateway.domain import description as said
from gateway.domain.capabilities import Capabilities
from gateway.domain.printer import Printer
from ipp.server.media_attributes import default_media, media_attributes
from ipp.wire import Attribute, IntRange, Resolution, build

DPI = 3
COPIES_MAX = 999
NUMBER_UP = (1, 2, 4, 6, 9, 16)
# PWG 5100.3 sections 3.1.7 and 3.1.19: how pages that share a side follow each other, and booklets.
DIRECTIONS = (
    "toright-tobottom",
    "toleft-tobottom",
    "toright-totop",
    "toleft-totop",
    "tobottom-toright",
    "tobottom-toleft",
    "totop-toright",
    "totop-toleft",
)
IMPOSITIONS = ("none", "signature")
JOB_SHEETS = ("none", "standard")
ORIENTATIONS = (3, 4, 5, 6)
QUALITIES = (3, 4, 5)
SCALINGS = ("auto", "auto-fit", "fill", "fit", "none")
OPTIMIZE = ("auto", "graphic", "photo", "text", "text-and-graphic")
INTENTS = ("auto", "absolute", "perceptual", "relative", "relative-bpc", "saturation")
HANDLINGS = (
    "separate-documents-collated-copies",
    "separate-documents-uncollated-copies",
    "single-document",
    "single-document-new-sheet",
)
COLLATIONS = {
    "collated": "separate-documents-collated-copies",
    "uncollated": "separate-documents-uncollated-copies",
}
HOLD_UNTIL = ("no-hold", "indefinite")
# PWG 5100.1 table 1: what finishing templates of the enum values are called.
FINISHING_NAMES = {
    3: "none", 4: "staple", 5: "punch", 6: "cover", 7: "bind", 8: "saddle-stitch", 9: "edge-stitch", 10: "fold",
    11: "trim", 12: "bale", 13: "booklet-maker", 14: "jog-offset", 15: "coat", 16: "laminate",
    20: "staple-top-left", 21: "staple-bottom-left", 22: "staple-top-right", 23: "staple-bottom-right",
    24: "edge-stitch-left", 25: "edge-stitch-top", 26: "edge-stitch-right", 27: "edge-stitch-bottom",
    28: "staple-dual-left", 29: "staple-dual-top", 30: "staple-dual-right", 31: "staple-dual-bottom",
    70: "punch-top-left", 71: "punch-bottom-left", 72: "punch-top-right", 73: "punch-bottom-right",
    74: "punch-dual-left", 75: "punch-dual-top", 76: "punch-dual-right", 77: "punch-dual-bottom",
    90: "fold-accordion", 91: "fold-double-gate", 92: "fold-gate", 93: "fold-half", 94: "fold-half-z",
    95: "fold-left-gate", 96: "fold-letter", 97: "fold-parallel", 98: "fold-poster", 99: "fold-right-gate",
    100: "fold-z",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Choices:
    """What a client may ask of one Printer, by the names of the job template attributes."""

    copies: int
    sides: tuple[str, ...]
    color_modes: tuple[str, ...]
    resolutions: tuple[int, ...]
    finishings: tuple[int, ...]
    output_bins: tuple[str, ...]


@lru_cache(maxsize=256)
def _choices(able: Capabilities) -> Choices:
    colors = ("auto", "color", "monochrome") if able.color else ("auto", "monochrome")
    sides = ("one-sided", "two-sided-long-edge", "two-sided-short-edge") if able.duplex else ("one-sided",)
    return Choices(
        copies=min(max(able.copies, 1), COPIES_MAX),
        sides=sides,
        color_modes=colors,
        resolutions=able.resolutions or (300,),
        finishings=tuple(sorted({3, *able.finishings})),
        output_bins=able.output_bins or ("face-down",),
    )


def choices(printer: Printer) -> Choices:
    return _choices(printer.capabilities)


def default_of(printer: Printer, name: str, allowed: tuple[str, ...]) -> str:
    """The Printer's own default where it is still one of `allowed`, else the first of these."""
    wanted = printer.defaults.get(name, "")
    return wanted if wanted in allowed else allowed[0]


def template_attributes(printer: Printer) -> list[Attribute]:
    """Every xxx-default, xxx-ready and xxx-supported."""
    able = choices(printer)
    wanted = printer.defaults.get("media")
    return [
        build.integer("copies-default", 1),
        build.int_range("copies-supported", IntRange(1, able.copies)),
        *_finishings(able),
        *_keywords(printer, "job-hold-until", HOLD_UNTIL),
        build.boolean("job-hold-until-time-supported", True),
        build.integer("job-priority-default", 50),
        build.integer("job-priority-supported", 1),
        *_keywords(printer, "imposition-template", IMPOSITIONS),
        *_keywords(printer, "job-sheets", JOB_SHEETS),
        build.no_value("job-account-id-default"),
        build.boolean("job-account-id-supported", printer.takes_projects),
        build.no_value("job-accounting-user-id-default"),
        build.boolean("job-accounting-user-id-supported", True),
        *media_attributes(printer.capabilities, wanted),
        *_keywords(printer, "multiple-document-handling", HANDLINGS),
        build.integer("number-up-default", 1),
        build.integer("number-up-supported", *NUMBER_UP),
        build.enum("orientation-requested-default", 3),
        build.enum("orientation-requested-supported", *ORIENTATIONS),
        *_keywords(printer, "output-bin", able.output_bins),
        # The registered member is document-numbers; conformance suites also look for the name without the s.
        build.keyword("overrides-supported", "document-numbers", "document-number", "pages"),
        build.boolean("page-ranges-supported", True),
        *_keywords(printer, "presentation-direction-number-up", DIRECTIONS),
        *_keywords(printer, "print-color-mode", able.color_modes),
        *_keywords(printer, "print-content-optimize", OPTIMIZE),
        build.enum("print-quality-default", 4),
        build.enum("print-quality-supported", *QUALITIES),
        *_keywords(printer, "print-rendering-intent", INTENTS),
        *_keywords(printer, "print-scaling", SCALINGS),
        build.resolution("printer-resolution-default", _dpi(default_resolution(able))),
        build.resolution("printer-resolution-supported", *map(_dpi, able.resolutions)),
        *_keywords(printer, "sheet-collate", tuple(COLLATIONS)),
        *_keywords(printer, "sides", able.sides),
        *_release_action(printer),
    ]


def defaults(printer: Printer) -> dict[str, str]:
    """The keyword defaults as they stand now, for job attributes that the client left open."""
    able = choices(printer)
    return {
        "media": default_media(printer.capabilities, printer.defaults.get("media")).name,
        "sides": default_of(printer, "sides", said.sides_supported(printer)),
        "print-color-mode": default_of(printer, "print-color-mode", able.color_modes),
    }


def default_resolution(able: Choices) -> int:
    return 300 if 300 in able.resolutions else able.resolutions[0]


def _release_action(printer: Printer) -> list[Attribute]:
    """PWG 5100.11: who must do what before paper comes out; a Printer that holds asks its owner to come."""
    actions = ("owner-authorized", "job-password") if printer.holds else ("none", "job-password")
    return [
        build.keyword("job-release-action-default", actions[0]),
        build.keyword("job-release-action-supported", *actions),
    ]


def _finishings(able: Choices) -> list[Attribute]:
    plain = [build.enum("finishings-default", 3), build.enum("finishings-supported", *able.finishings)]
    names = [FINISHING_NAMES[value] for value in able.finishings if value in FINISHING_NAMES]
    if len(names) < 2:
        return plain
    templates = [build.members(build.keyword("finishing-template", name)) for name in names]
    return [
        *plain,
        build.keyword("finishing-template-supported", *names),
        build.collection("finishings-col-database", *templates),
        build.collection("finishings-col-default", templates[0]),
        build.collection("finishings-col-ready", *templates),
        build.keyword("finishings-col-supported", "finishing-template"),
    ]


def _keywords(printer: Printer, name: str, allowed: tuple[str, ...]) -> list[Attribute]:
    return [
        build.keyword(f"{name}-default", default_of(printer, name, allowed)),
        build.keyword(f"{name}-supported", *allowed),
    ]


def _dpi(number: int) -> Resolution:
    return Resolution(number, number, DPI)
