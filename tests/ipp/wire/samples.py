"""Messages as octets, written out as RFC 8010 lays them out, for tests that need exact bytes or a corpus to damage."""

from datetime import UTC, datetime

from ipp.wire import (
    Attribute,
    Group,
    GroupTag,
    IntRange,
    Message,
    Operation,
    Resolution,
    Status,
    StringWithLanguage,
    ValueTag,
    build,
)


def element(tag: int, name: bytes, value: bytes) -> bytes:
    return bytes([tag]) + len(name).to_bytes(2, "big") + name + len(value).to_bytes(2, "big") + value


HEADER = bytes.fromhex("0200 0002 00000001")
CHARSET = element(0x47, b"attributes-charset", b"utf-8")

PRINT_JOB_OCTETS = (
    bytes.fromhex("0101 0002 00000001")
    + b"\x01"
    + b"\x47\x00\x12attributes-charset\x00\x05utf-8"
    + b"\x48\x00\x1battributes-natural-language\x00\x05en-us"
    + b"\x45\x00\x0bprinter-uri\x00\x27ipp://printer.example:631/ipp/print/oak"
    + b"\x42\x00\x08job-name\x00\x06foobar"
    + b"\x22\x00\x16ipp-attribute-fidelity\x00\x01\x01"
    + b"\x02"
    + b"\x21\x00\x06copies\x00\x04\x00\x00\x00\x14"
    + b"\x44\x00\x05sides\x00\x13two-sided-long-edge"
    + b"\x03"
)
PRINT_JOB = Message(
    (1, 1),
    Operation.PRINT_JOB,
    1,
    (
        Group(
            GroupTag.OPERATION,
            (
                build.charset("attributes-charset", "utf-8"),
                build.language("attributes-natural-language", "en-us"),
                build.uri("printer-uri", "ipp://printer.example:631/ipp/print/oak"),
                build.name("job-name", "foobar"),
                build.boolean("ipp-attribute-fidelity", True),
            ),
        ),
        Group(
            GroupTag.JOB,
            (build.integer("copies", 20), build.keyword("sides", "two-sided-long-edge")),
        ),
    ),
)

IGNORED_OCTETS = (
    bytes.fromhex("0101 0001 00000001")
    + b"\x01"
    + b"\x47\x00\x12attributes-charset\x00\x05utf-8"
    + b"\x41\x00\x0estatus-message\x00\x0cignored some"
    + b"\x05"
    + b"\x21\x00\x06copies\x00\x04\x00\x00\x00\x14"
    + b"\x10\x00\x05sides\x00\x00"
    + b"\x02"
    + b"\x21\x00\x06job-id\x00\x04\x00\x00\x00\x93"
    + b"\x23\x00\x09job-state\x00\x04\x00\x00\x00\x03"
    + b"\x03"
)
IGNORED = Message(
    (1, 1),
    Status.SUCCESSFUL_OK_IGNORED_OR_SUBSTITUTED_ATTRIBUTES,
    1,
    (
        Group(
            GroupTag.OPERATION,
            (build.charset("attributes-charset", "utf-8"), build.text("status-message", "ignored some")),
        ),
        Group(GroupTag.UNSUPPORTED, (build.integer("copies", 20), build.unsupported("sides"))),
        Group(GroupTag.JOB, (build.integer("job-id", 147), build.enum("job-state", 3))),
    ),
)

COLLECTION_OCTETS = (
    bytes.fromhex("0200 0005 7fffffff")
    + b"\x02"
    + b"\x34\x00\x09media-col\x00\x00"
    + b"\x4a\x00\x00\x00\x0amedia-size"
    + b"\x34\x00\x00\x00\x00"
    + b"\x4a\x00\x00\x00\x0bx-dimension"
    + b"\x21\x00\x00\x00\x04\x00\x00\x52\x08"
    + b"\x4a\x00\x00\x00\x0by-dimension"
    + b"\x21\x00\x00\x00\x04\x00\x00\x74\x04"
    + b"\x37\x00\x00\x00\x00"
    + b"\x4a\x00\x00\x00\x0amedia-type"
    + b"\x44\x00\x00\x00\x0astationery"
    + b"\x44\x00\x00\x00\x0cphotographic"
    + b"\x37\x00\x00\x00\x00"
    + b"\x34\x00\x00\x00\x00\x37\x00\x00\x00\x00"
    + b"\x03"
)
COLLECTION = Message(
    (2, 0),
    Operation.CREATE_JOB,
    0x7FFFFFFF,
    (
        Group(
            GroupTag.JOB,
            (
                build.collection(
                    "media-col",
                    build.members(
                        build.collection(
                            "media-size",
                            build.members(build.integer("x-dimension", 21000), build.integer("y-dimension", 29700)),
                        ),
                        build.keyword("media-type", "stationery", "photographic"),
                    ),
                    build.members(),
                ),
            ),
        ),
    ),
)

EVERY_SYNTAX_OCTETS = (
    bytes.fromhex("0200 0000 00000007")
    + b"\x04"
    + element(0x21, b"integer", b"\xff\xff\xff\xfe")
    + element(0x21, b"", b"\x80\x00\x00\x00")
    + element(0x22, b"boolean", b"\x00")
    + element(0x23, b"enum", b"\x00\x00\x00\x05")
    + element(0x30, b"octets", b"\x00\xff")
    + element(0x31, b"date", bytes.fromhex("07ea 0b 14 09 0c 3a 05 2d 03 1e"))
    + element(0x31, b"", bytes.fromhex("07ea 0b 14 09 0c 3a 00 2b 00 00"))
    + element(0x32, b"resolution", bytes.fromhex("00000258 0000012c 04"))
    + element(0x33, b"range", bytes.fromhex("00000001 000003e7"))
    + element(0x35, b"text", b"\x00\x02de\x00\x04Gr\xc3\xbc")
    + element(0x36, b"name", b"\x00\x05fr-ca\x00\x00")
    + element(0x44, b"media", b"iso_a4_210x297mm")
    + element(0x42, b"", b"Letterhead")
    + element(0x46, b"scheme", b"ipps")
    + element(0x49, b"mime", b"application/pdf")
    + element(0x12, b"unknown", b"")
    + element(0x13, b"none", b"")
    + element(0x79, b"later", b"\x01\x02")
    + element(0x7F, b"extended", b"\x00\x00\x10\x00!")
    + b"\x0e"
    + element(0x42, b"n", b"later group")
    + b"\x03"
)
EVERY_SYNTAX = Message(
    (2, 0),
    Status.SUCCESSFUL_OK,
    7,
    (
        Group(
            GroupTag.PRINTER,
            (
                build.integer("integer", -2, -(2**31)),
                build.boolean("boolean", False),
                build.enum("enum", 5),
                build.octets("octets", b"\x00\xff"),
                build.date_time(
                    "date",
                    datetime.fromisoformat("2026-11-20T09:12:58.500-03:30"),
                    datetime(2026, 11, 20, 9, 12, 58, tzinfo=UTC),
                ),
                build.resolution("resolution", Resolution(600, 300, 4)),
                build.int_range("range", IntRange(1, 999)),
                build.text_with_language("text", StringWithLanguage("Grü", "de")),
                build.name_with_language("name", StringWithLanguage("", "fr-ca")),
                Attribute.mixed("media", [(ValueTag.KEYWORD, "iso_a4_210x297mm"), (ValueTag.NAME, "Letterhead")]),
                build.uri_scheme("scheme", "ipps"),
                build.mime("mime", "application/pdf"),
                build.unknown("unknown"),
                build.no_value("none"),
                Attribute("later", ValueTag(0x79), (b"\x01\x02",)),
                Attribute("extended", ValueTag(0x7F), (b"\x00\x00\x10\x00!",)),
            ),
        ),
        Group(GroupTag(0x0E), (build.name("n", "later group"),)),
    ),
)

SAMPLES = {
    "print-job": (PRINT_JOB_OCTETS, PRINT_JOB),
    "ignored-attributes": (IGNORED_OCTETS, IGNORED),
    "collection": (COLLECTION_OCTETS, COLLECTION),
    "every-syntax": (EVERY_SYNTAX_OCTETS, EVERY_SYNTAX),
}
