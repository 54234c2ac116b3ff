"""The IPP requests that are measured, made with our own codec, and the document that they carry."""

from ipp.wire import Attribute, Group, GroupTag, Message, Operation, build, encode

A_PAGE = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]>>endobj
trailer<</Root 1 0 R>>
%%EOF
"""


def document(octets: int) -> bytes:
    """A one-page PDF padded with a comment to that many octets."""
    return A_PAGE + b"%" + b"x" * (octets - len(A_PAGE) - 2) + b"\n"


def request(operation: Operation, uri: str, *attributes: Attribute) -> bytes:
    group = Group(
        GroupTag.OPERATION,
        (
            build.charset("attributes-charset", "utf-8"),
            build.language("attributes-natural-language", "en"),
            build.uri("printer-uri", uri),
            build.name("requesting-user-name", "bench"),
            *attributes,
        ),
    )
    return encode(Message((2, 0), operation, 1, (group,)))


def print_message(uri: str, name: str = "bench") -> bytes:
    """What goes in front of the document."""
    return request(
        Operation.PRINT_JOB,
        uri,
        build.name("job-name", name),
        build.mime("document-format", "application/pdf"),
    )


def print_job(uri: str, octets: int) -> bytes:
    return print_message(uri) + document(octets)


def get_printer_attributes(uri: str) -> bytes:
    return request(Operation.GET_PRINTER_ATTRIBUTES, uri, build.keyword("requested-attributes", "all"))


def get_jobs(uri: str, limit: int, *, which: str = "not-completed") -> bytes:
    return request(
        Operation.GET_JOBS,
        uri,
        build.integer("limit", limit),
        build.keyword("which-jobs", which),
        build.keyword("requested-attributes", "job-id", "job-name", "job-state", "job-originating-user-name"),
    )
