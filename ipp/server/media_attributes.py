"""media and media-col attributes (PWG 5100.7 section 6.3, PWG 5101.1): the lists that paper menus are built from."""

from collections.abc import Iterable

from gateway.domain.capabilities import A4, Capabilities, Media
from gateway.domain.ticket import MediaCol
from ipp.wire import Attribute, Collection, build

MARGINS = ("media-bottom-margin", "media-left-margin", "media-right-margin", "media-top-margin")
MEDIA_COL_MEMBERS = ("media-size", "media-size-name", "media-source", "media-type", *MARGINS)


def default_media(able: Capabilities, wanted: str | None) -> Media:
    """The Printer's own choice, else A4, else what is in a tray, else the first."""
    ready = next((media for media in able.media if media.ready), able.media[0])
    return (able.find_media(wanted) if wanted else None) or able.find_media(A4) or ready


def media_attributes(able: Capabilities, wanted: str | None) -> list[Attribute]:
    """-default, -ready and -supported; media-col-database is apart, since it is sent only when named."""
    default = default_media(able, wanted)
    ready = [media for media in able.media if media.ready] or [default]
    margins = sorted({media.margin for media in able.media})
    return [
        build.keyword("media-default", default.name),
        build.keyword("media-ready", *_unique(media.name for media in ready)),
        build.keyword("media-supported", *_unique(media.name for media in able.media)),
        build.collection("media-col-default", media_col(default)),
        build.collection("media-col-ready", *(media_col(media) for media in ready)),
        build.keyword("media-col-supported", *MEDIA_COL_MEMBERS),
        build.collection("media-size-supported", *_sizes(able.media)),
        build.keyword("media-source-supported", *_unique(media.source for media in able.media)),
        build.keyword("media-type-supported", *_unique([*able.media_types, *(media.type for media in able.media)])),
        *(build.integer(f"{name}-supported", *margins) for name in MARGINS),
    ]


def media_col_database(able: Capabilities) -> Attribute:
    return build.collection("media-col-database", *(media_col(media) for media in able.media))


def media_col(media: Media) -> Collection:
    return build.members(
        build.collection("media-size", _size(media.x, media.y)),
        build.keyword("media-size-name", media.name),
        build.keyword("media-source", media.source),
        build.keyword("media-type", media.type),
        *(build.integer(name, media.margin) for name in MARGINS),
    )


def media_col_of_ticket(media: MediaCol) -> Collection:
    """What the client asked for, no more."""
    margins = (media.bottom_margin, media.left_margin, media.right_margin, media.top_margin)
    return build.members(
        build.collection("media-size", _size(media.x, media.y)),
        *([build.keyword("media-source", media.source)] if media.source else []),
        *([build.keyword("media-type", media.type)] if media.type else []),
        *(build.integer(name, value) for name, value in zip(MARGINS, margins, strict=True) if value is not None),
    )


def _size(x: int, y: int) -> Collection:
    return build.members(build.integer("x-dimension", x), build.integer("y-dimension", y))


def _sizes(several: Iterable[Media]) -> list[Collection]:
    return [_size(x, y) for x, y in dict.fromkeys((media.x, media.y) for media in several)]


def _unique(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
