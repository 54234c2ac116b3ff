"""Nothing that a stranger sends makes the server fail: an IPP status or HTTP 400, never a 5xx, never an exception."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ipp.server.table import POLICIES
from ipp.wire import Attribute, Group, GroupTag, IntRange, Operation, Resolution, Status, ValueTag, build, encode
from tests.fakes import fake_pdf
from tests.ipp.server.house import Answer, Client, a_house, a_request

NAMES = st.sampled_from(
    [
        "requested-attributes", "which-jobs", "my-jobs", "limit", "first-index", "job-id", "job-ids", "job-uri",
        "last-document", "document-number", "document-format", "document-name", "document-natural-language",
        "compression", "job-name", "job-password", "job-password-encryption", "ipp-attribute-fidelity",
        "job-mandatory-attributes", "message", "identify-actions", "job-hold-until", "predecessor-job-id",
        "notify-subscription-id", "notify-subscription-ids", "notify-sequence-numbers", "notify-job-id",
        "my-subscriptions", "copies", "media-col", "page-ranges", "printer-info", "sides-default", "notify-events",
        "notify-pull-method", "notify-lease-duration", "notify-user-data", "document-password",
    ]
)  # fmt: skip
VALUES = st.one_of(
    st.integers(-(2**31), 2**31 - 1).map(lambda n: (ValueTag.INTEGER, n)),
    st.integers(-1, 9).map(lambda n: (ValueTag.ENUM, n)),
    st.booleans().map(lambda b: (ValueTag.BOOLEAN, b)),
    st.text(max_size=30).map(lambda t: (ValueTag.TEXT, t)),
    st.sampled_from(["all", "completed", "ippget", "gzip", "none", "indefinite", "job-created"]).map(
        lambda t: (ValueTag.KEYWORD, t)
    ),
    st.binary(max_size=70).map(lambda b: (ValueTag.OCTET_STRING, b)),
    st.builds(IntRange, st.integers(-(2**31), 2**31 - 1), st.integers(-(2**31), 2**31 - 1)).map(
        lambda r: (ValueTag.RANGE, r)
    ),
    st.just((ValueTag.RESOLUTION, Resolution(0, 0, 7))),
    st.sampled_from([ValueTag.NO_VALUE, ValueTag.UNKNOWN, ValueTag.DELETE_ATTRIBUTE]).map(lambda tag: (tag, None)),
    st.just((ValueTag.BEGIN_COLLECTION, build.members())),
)  # fmt: skip
ATTRIBUTES = st.lists(
    st.builds(Attribute.mixed, NAMES, st.lists(VALUES, min_size=1, max_size=3)), max_size=4, unique_by=lambda a: a.name
)
GROUPS = st.lists(
    st.builds(Group, st.sampled_from([t for t in GroupTag if t not in {GroupTag.END, GroupTag.OPERATION}]), ATTRIBUTES.map(tuple)),
    max_size=2,
)  # fmt: skip
many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


async def answers(octets: bytes, *, address: str = "192.0.2.10") -> Answer:
    house = a_house()
    async with house.running():
        client = Client(house, address=address)
        await client.ask(Operation.PRINT_JOB, document=fake_pdf())
        return await client.post(octets)


def is_orderly(answer: Answer) -> None:
    assert answer.status in {200, 400}
    if answer.status == 200:
        assert answer.code != Status.SERVER_ERROR_INTERNAL_ERROR, answer.message


@many
@given(st.binary(max_size=200))
async def test_noise(octets: bytes) -> None:
    is_orderly(await answers(octets))


@many
@given(st.data())
async def test_a_request_with_flipped_octets(data: st.DataObject) -> None:
    operation = data.draw(st.sampled_from(sorted(POLICIES)))
    octets = bytearray(encode(a_request(operation, build.integer("job-id", 1))) + fake_pdf())
    for _ in range(data.draw(st.integers(1, 6))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    is_orderly(await answers(bytes(octets)))


@many
@given(
    st.sampled_from(sorted(set(POLICIES) - {Operation.GET_NOTIFICATIONS})),
    ATTRIBUTES,
    GROUPS,
    st.sampled_from(["192.0.2.10", "127.0.0.1"]),
)
async def test_well_formed_nonsense(
    operation: Operation, attributes: list[Attribute], groups: list[Group], address: str
) -> None:
    request = a_request(operation, *attributes, groups=groups)
    is_orderly(await answers(encode(request) + fake_pdf(), address=address))


async def test_a_collection_as_deep_as_the_sea() -> None:
    deep = build.members()
    for _ in range(50):
        deep = build.members(build.collection("media-col", deep))
    group = Group(GroupTag.JOB, (build.collection("media-col", deep),))
    answer = await answers(encode(a_request(Operation.VALIDATE_JOB, groups=[group])))
    assert answer.code == Status.CLIENT_ERROR_BAD_REQUEST


async def test_more_attributes_than_anybody_needs() -> None:
    group = Group(GroupTag.JOB, tuple(build.integer(f"a{n}", n) for n in range(5000)))
    answer = await answers(encode(a_request(Operation.VALIDATE_JOB, groups=[group])))
    assert answer.code == Status.CLIENT_ERROR_BAD_REQUEST
