"""What a Printer says of itself (RFC 8011 section 5.4, PWG 5100.12-14), and that it is never stale."""

import re
from typing import Any

import pytest

from gateway.domain import description as said
from gateway.domain.capabilities import Capabilities, Media
from gateway.domain.device import DeviceState, DeviceStatus
from gateway.settings import Settings, Site
from ipp.wire import Attribute, Collection, GroupTag, IntRange, Operation, Resolution, Status, ValueTag, build, encode
from tests.fakes import a_printer
from tests.ipp.server.house import Client, a_house, a_request

GET = Operation.GET_PRINTER_ATTRIBUTES


async def told(client: Client, *asked: str) -> dict[str, Attribute]:
    requested = [build.keyword("requested-attributes", *asked)] if asked else []
    answer = await client.ask(GET, *requested)
    assert answer.code == Status.SUCCESSFUL_OK
    return {attribute.name: attribute for attribute in answer.group(GroupTag.PRINTER)}


def test_the_device_id_has_the_form_of_ieee_1284() -> None:
    assert re.fullmatch(r"([-A-Za-z ]+:[^;]*;)+", said.device_id(a_printer()))


# PWG 5100.14 section 5.2 and PWG 5100.12 section 6: (attribute, syntax, number of values or None for several).
REQUIRED: list[tuple[str, ValueTag, int | None]] = [
    ("charset-configured", ValueTag.CHARSET, 1),
    ("color-supported", ValueTag.BOOLEAN, 1),
    ("compression-supported", ValueTag.KEYWORD, None),
    ("copies-supported", ValueTag.RANGE, 1),
    ("document-format-default", ValueTag.MIME_TYPE, 1),
    ("document-format-supported", ValueTag.MIME_TYPE, None),
    ("finishings-supported", ValueTag.ENUM, None),
    ("generated-natural-language-supported", ValueTag.LANGUAGE, None),
    ("identify-actions-supported", ValueTag.KEYWORD, None),
    ("ipp-features-supported", ValueTag.KEYWORD, None),
    ("job-creation-attributes-supported", ValueTag.KEYWORD, None),
    ("job-password-length-supported", ValueTag.RANGE, 1),
    ("media-col-default", ValueTag.BEGIN_COLLECTION, 1),
    ("media-col-ready", ValueTag.BEGIN_COLLECTION, None),
    ("media-size-supported", ValueTag.BEGIN_COLLECTION, None),
    ("multiple-operation-time-out", ValueTag.INTEGER, 1),
    ("notify-lease-duration-supported", ValueTag.RANGE, 1),
    ("notify-pull-method-supported", ValueTag.KEYWORD, None),
    ("orientation-requested-default", ValueTag.ENUM, 1),
    ("overrides-supported", ValueTag.KEYWORD, None),
    ("pages-per-minute-color", ValueTag.INTEGER, 1),
    ("printer-alert", ValueTag.OCTET_STRING, None),
    ("printer-config-change-date-time", ValueTag.DATE_TIME, 1),
    ("printer-current-time", ValueTag.DATE_TIME, 1),
    ("printer-device-id", ValueTag.TEXT, 1),
    ("printer-geo-location", ValueTag.UNKNOWN, 1),
    ("printer-icons", ValueTag.URI, 3),
    ("printer-message-from-operator", ValueTag.TEXT, 1),
    ("printer-name", ValueTag.NAME, 1),
    ("printer-resolution-supported", ValueTag.RESOLUTION, None),
    ("printer-state", ValueTag.ENUM, 1),
    ("printer-supply", ValueTag.OCTET_STRING, None),
    ("printer-up-time", ValueTag.INTEGER, 1),
    ("printer-uuid", ValueTag.URI, 1),
    ("pwg-raster-document-resolution-supported", ValueTag.RESOLUTION, None),
    ("pwg-raster-document-sheet-back", ValueTag.KEYWORD, 1),
    ("urf-supported", ValueTag.KEYWORD, None),
    ("which-jobs-supported", ValueTag.KEYWORD, None),
]


@pytest.mark.parametrize(("name", "tag", "count"), REQUIRED, ids=lambda v: v if isinstance(v, str) else "")
async def test_a_required_attribute(client: Client, name: str, tag: ValueTag, count: int | None) -> None:
    attribute = (await told(client))[name]
    assert set(attribute.tags) == {tag}
    assert count is None or len(attribute.values) == count


# What the IPP class driver of Windows asks for when a printer is added.
WINDOWS = (
    "uri-authentication-supported", "uri-security-supported", "document-format-default", "document-format-preferred",
    "document-format-supported", "ipp-versions-supported", "media-supported", "media-type-supported",
    "mopria-certified", "printer-dns-sd-name", "printer-firmware-name", "printer-firmware-string-version",
    "printer-device-id", "printer-uuid", "printer-make-and-model", "printer-info", "printer-name", "printer-location",
    "printer-more-info", "printer-uri-supported", "printer-icons",
)  # fmt: skip


async def test_what_windows_asks_for_is_all_there(client: Client) -> None:
    assert set(await told(client, *WINDOWS)) == set(WINDOWS)


async def test_lists_that_belong_together_are_equally_long(client: Client) -> None:
    every = await told(client)
    for names in (
        ("printer-uri-supported", "uri-security-supported", "uri-authentication-supported"),
        ("printer-alert", "printer-alert-description"),
        ("printer-supply", "printer-supply-description"),
    ):
        assert len({len(every[name].values) for name in names}) == 1


async def test_what_discovery_announces_is_what_ipp_says(client: Client) -> None:
    printer = client.house.printers.get("find-me")
    every = await told(client)
    assert every["urf-supported"].values == said.urf_supported(printer)
    assert every["printer-uuid"].value == said.uuid_urn(printer)
    assert every["printer-make-and-model"].value == said.make_and_model(printer)
    assert every["printer-more-info"].value == said.more_info(printer, "http://printer.example:8080")
    assert every["document-format-supported"].values == said.document_formats_supported(printer)
    assert every["sides-supported"].values == said.sides_supported(printer)
    assert every["printer-dns-sd-name"].value == said.dns_sd_name(printer)


async def test_a_name_that_a_conflict_changed_is_told_as_it_is_announced() -> None:
    names = ["Find me"]
    house = a_house(options={"dns_sd_name": lambda _: names[-1]})
    async with house.running():
        assert (await told(Client(house)))["printer-dns-sd-name"].value == "Find me"
        names.append("Find me (2)")
        assert (await told(Client(house)))["printer-dns-sd-name"].value == "Find me (2)"


async def test_no_media_source_is_a_bare_number_and_ready_trays_differ(client: Client) -> None:
    """Windows hangs on numeric keywords, iOS drops all but one size of a tray."""
    every = await told(client)
    assert not any(str(value).isdigit() for value in every["media-source-supported"].values)
    sources = [c.get("media-source") for c in every["media-col-ready"].values if isinstance(c, Collection)]
    assert len({s.value for s in sources if s}) == len(sources)


async def test_sheets_have_their_exact_size(client: Client) -> None:
    sizes = (await told(client))["media-size-supported"].values
    exact = {tuple(member.value for member in size) for size in sizes if isinstance(size, Collection)}
    assert {(21000, 29700), (21590, 27940)} <= exact


# -- requested-attributes


@pytest.mark.parametrize("asked", [(), ("all",), ("job-template",), ("printer-description",)])
async def test_media_col_database_is_sent_only_when_it_is_named(client: Client, asked: tuple[str, ...]) -> None:
    assert "media-col-database" not in await told(client, *asked)
    assert "media-col-database" in await told(client, *asked, "media-col-database")


async def test_groups_of_attributes(client: Client) -> None:
    template, description = await told(client, "job-template"), await told(client, "printer-description")
    assert {"media-supported", "copies-default", "sides-supported", "media-col-ready"} <= template.keys()
    assert {"printer-name", "printer-state", "printer-up-time", "urf-supported"} <= description.keys()
    assert not template.keys() & description.keys()
    assert (await told(client, "subscription-template")).keys() > {"notify-events-supported", "ippget-event-life"}
    every = await told(client)
    assert template.keys() | description.keys() < every.keys()


async def test_unknown_names_do_not_matter(client: Client) -> None:
    assert set(await told(client, "no-such-attribute", "printer-name")) == {"printer-name"}
    assert await told(client, "none") == {}
    assert set(await told(client, "printer-up-time")) == {"printer-up-time"}


# -- never stale


async def test_the_state_follows_the_printer(client: Client) -> None:
    await told(client)
    await client.house.printers.pause("find-me")
    after = await told(client)
    assert after["printer-state"].value == 5
    assert after["printer-state-reasons"].values == ("paused",)
    await client.house.printers.set_device_status(
        "laser", DeviceStatus(state=DeviceState.STOPPED, reasons=("media-empty-error",), message="No paper")
    )
    after = await told(client)
    assert "media-empty-error" in after["printer-state-reasons"].values
    assert b"code=inputMediaSupplyEmpty;severity=critical" in after["printer-alert"].values
    assert "No paper" in str(after["printer-state-message"].value)


async def test_settings_follow_the_printer(client: Client) -> None:
    await told(client)
    await client.house.printers.change_printer("find-me", info="New name", location="Cellar", geo_location="1.5,2.5")
    after = await told(client)
    assert (after["printer-info"].value, after["printer-location"].value) == ("New name", "Cellar")
    assert after["printer-geo-location"] == build.uri("printer-geo-location", "geo:1.5,2.5")


async def test_time_goes_on_in_kept_answers(client: Client) -> None:
    before = await told(client)
    client.house.clock.tick(7.0)  # type: ignore[attr-defined]  # a FakeClock
    after = await told(client)
    assert after["printer-up-time"].value == before["printer-up-time"].value + 7  # type: ignore[operator]  # integers
    assert after["printer-current-time"].value != before["printer-current-time"].value


async def test_a_deleted_printer_is_gone_for_those_who_asked_before(client: Client) -> None:
    client.path = "/ipp/print/direct"
    await told(client)
    await client.house.printers.delete_printer("direct")
    assert (await client.ask(GET)).code == Status.CLIENT_ERROR_NOT_FOUND


async def test_a_repeated_request_is_answered_with_its_own_request_id(client: Client) -> None:
    for request_id in (1, 2, 2**31 - 1):
        for version in ((1, 0), (1, 1), (2, 0), (2, 2)):
            answer = await client.ask(GET, request_id=request_id, version=version)
            assert (answer.message.request_id, answer.message.version) == (request_id, version)
    for request_id in (0, -1):
        assert (await client.ask(GET, request_id=request_id)).code == Status.CLIENT_ERROR_BAD_REQUEST


async def test_the_same_octets_at_another_path_are_another_request(client: Client) -> None:
    octets = encode(a_request(GET, path="/ipp/print"))
    for path, name in (("/ipp/print", "find-me"), ("/ipp/print/direct", "direct"), ("/ipp/print", "find-me")):
        assert (await client.post(octets, path=path)).printer("printer-name") == name


async def test_a_changed_default_printer_answers_at_once(client: Client) -> None:
    assert (await told(client))["printer-name"].value == "find-me"
    await client.house.printers.change_printer("find-me", is_default=False)
    await client.house.printers.change_printer("direct", is_default=True)
    assert (await told(client))["printer-name"].value == "direct"


# -- where the client came from


def uris(every: dict[str, Attribute]) -> list[Any]:
    return list(zip(every["printer-uri-supported"].values, every["uri-security-supported"].values, strict=True))


async def test_the_names_that_a_client_used_are_in_every_uri(client: Client) -> None:
    for host in ("192.0.2.1:8631", "office-printer.local:8631", "[2001:db8::1]:8631", "gw.example:443"):
        client.headers = {"host": host}
        every = await told(client)
        assert uris(every)[0] == (f"ipp://{host}/ipp/print/find-me", "none")
        assert all(str(uri).startswith(f"http://{host}/ipp/icons/") for uri in every["printer-icons"].values)


async def test_over_tls_the_secure_uri_comes_first(client: Client) -> None:
    client.secure, client.headers = True, {"host": "gw.example:8443"}
    assert uris(await told(client)) == [
        ("ipps://gw.example:8443/ipp/print/find-me", "tls"),
        ("ipp://gw.example:8631/ipp/print/find-me", "none"),
    ]


@pytest.mark.parametrize("host", ["", "bad host", "x" * 300, "a/../../b", "printer.example:99999999", '"><script>'])
async def test_an_unusable_host_header_is_replaced_by_our_own_address(client: Client, host: str) -> None:
    client.headers = {"host": host}
    assert uris(await told(client))[0][0] == "ipp://192.0.2.1:8631/ipp/print/find-me"


async def test_a_virtual_host_is_a_printer_of_its_own() -> None:
    house = a_house(options={"virtual_host": {"direct.example": "direct"}.get})
    async with house.running():
        at_name, elsewhere = Client(house, headers={"host": "direct.example"}), Client(house)
        assert (await told(at_name))["printer-name"].value == "direct"
        assert (await told(elsewhere))["printer-name"].value == "find-me"


async def test_a_site_with_a_base_url_shows_that() -> None:
    house = a_house(settings=Settings(site=Site(base_url="https://print.example/")))
    async with house.running():
        every = await told(Client(house))
    assert every["printer-more-info"].value == "https://print.example/?printer=find-me"


# -- honest about devices


async def test_a_plain_device_is_offered_as_it_is() -> None:
    able = Capabilities(
        color=False,
        duplex=False,
        copies=1,
        resolutions=(600,),
        media=(Media(name="na_letter_8.5x11in", x=21590, y=27940),),
    )
    house = a_house(printer_rows=[a_printer("plain", capabilities=able, is_default=True)])
    async with house.running():
        every = await told(Client(house))
    assert every["color-supported"].value is False
    assert "pages-per-minute-color" not in every
    assert every["print-color-mode-supported"].values == ("auto", "monochrome")
    assert every["sides-supported"].values == ("one-sided",)
    assert every["copies-supported"].value == IntRange(1, 1)
    assert every["printer-resolution-default"].value == Resolution(600, 600)
    assert every["media-default"].value == "na_letter_8.5x11in"
    assert len(every["printer-supply"].values) == 1


async def test_finishings_come_with_their_templates() -> None:
    house = a_house(printer_rows=[a_printer("stapler", capabilities=Capabilities(finishings=(4, 20)), is_default=True)])
    async with house.running():
        every = await told(Client(house))
    assert every["finishings-supported"].values == (3, 4, 20)
    assert every["finishing-template-supported"].values == ("none", "staple", "staple-top-left")
    assert len(every["finishings-col-database"].values) == 3


async def test_defaults_of_the_printer_are_told_while_they_hold(client: Client) -> None:
    await client.house.printers.change_printer("find-me", defaults={"sides": "two-sided-long-edge", "media": "gone"})
    every = await told(client)
    assert every["sides-default"].value == "two-sided-long-edge"
    assert every["media-default"].value == "iso_a4_210x297mm"
