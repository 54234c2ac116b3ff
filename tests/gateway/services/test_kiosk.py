"""Release stations: who comes in by which proof, for how long, and what the idle screen may tell."""

from dataclasses import replace

import pytest

from gateway.domain.job import JobState
from gateway.domain.kiosk import KioskProof
from gateway.domain.printer import ReleasePolicy
from gateway.errors import (
    BadRequest,
    Forbidden,
    LimitReached,
    NotAuthenticated,
    NotFound,
    NotPossible,
    Throttled,
)
from gateway.services.kiosk import Entry, Result
from gateway.services.limits import Kind
from gateway.services.ports import JobChange
from gateway.settings import Settings
from tests.webprint.web_house import PASSWORD, PIN, House

HERE = "10.0.0.7"
CARD = "04A2197F"
OTHER = "0499AA01"


@pytest.fixture
async def house() -> House:
    return await House().open()


async def a_house(**kiosk: object) -> House:
    house = await House(settings=Settings(data="unused", kiosk=kiosk)).open()
    await house.identity.add_card("alice", CARD)
    return house


async def asking(house: House, *proofs: KioskProof, printer: str = "find-me") -> None:
    await house.printers.change_printer(printer, kiosk_proofs=proofs)


# --- places


async def test_stations_are_the_devices_and_the_printers_that_hold(house: House) -> None:
    names = [station.name for station in house.kiosk.stations()]
    assert names == ["copy-room", "library", "lobby", "find-me"]
    assert house.kiosk.station("find-me").device is None
    device = house.kiosk.station("copy-room").device
    assert device is not None
    assert device.name == "copy-room"


@pytest.mark.parametrize("name", ["nothing", "", "../etc", "COPY-ROOM", "x" * 500])
async def test_what_is_no_station(house: House, name: str) -> None:
    with pytest.raises(NotFound, match="Choose one of the list"):
        house.kiosk.station(name)


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("127.0.0.1", True),
        ("10.9.8.7", True),
        ("192.168.3.4", True),
        ("::ffff:10.0.0.1", True),
        ("fe80::1%eth0", True),
        ("fd00::5", True),
        ("172.32.0.1", False),
        ("203.0.113.5", False),
        ("::ffff:203.0.113.5", False),
        ("2001:db8::1", False),
        ("", False),
        ("not an address", False),
    ],
)
async def test_the_networks_where_a_station_may_stand(house: House, address: str, inside: bool) -> None:
    if inside:
        house.kiosk.check_network(address)
    else:
        with pytest.raises(Forbidden, match="networks of this site"):
            house.kiosk.check_network(address)


async def test_a_station_asks_what_all_printers_together_ask_whose_jobs_come_out_there() -> None:
    house = await a_house()
    await house.printers.add_printer(
        "payroll", policy=ReleasePolicy.SECURE, devices=("copy-room",), kiosk_proofs=(KioskProof.CARD_PIN,)
    )
    assert house.kiosk.station("copy-room").proofs == (KioskProof.CARD_PIN,)
    assert house.kiosk.station("lobby").proofs == (KioskProof.CARD, KioskProof.PIN, KioskProof.PASSWORD)


async def test_codes_are_taken_only_where_guests_may_print(house: House) -> None:
    assert KioskProof.CODE not in house.kiosk.station("copy-room").proofs
    await house.printers.change_printer("find-me", guests=True)
    assert KioskProof.CODE in house.kiosk.station("copy-room").proofs


# --- proofs


async def test_card_alone() -> None:
    house = await a_house()
    assert await house.kiosk.by_card(house.kiosk.station("copy-room"), "04:a2:19:7f", address=HERE) == Entry(
        name="alice"
    )


async def test_an_unknown_card_can_be_added_by_whoever_signs_in_next() -> None:
    house = await a_house()
    station = house.kiosk.station("copy-room")
    entry = await house.kiosk.by_card(station, OTHER, address=HERE)
    assert entry.name is None
    assert entry.card is not None
    assert OTHER not in entry.card, "a hash"
    ticket = await house.kiosk.sessions.keep_card(entry.card, address=HERE)
    bob = await house.identity.actor_of(await house.identity.get("bob"), address=HERE, via="kiosk")
    held = await house.kiosk.card_to_add(station, ticket, bob)
    assert held == entry.card
    await house.personal.cards.add_hash("bob", held)
    assert await house.kiosk.by_card(station, OTHER, address=HERE) == Entry(name="bob")
    assert await house.kiosk.card_to_add(station, ticket, bob) is None, "it is somebody's now"


async def test_a_ticket_for_a_card_ends_and_belongs_to_its_address() -> None:
    house = await a_house()
    ticket = await house.kiosk.sessions.keep_card("hash", address=HERE)
    assert await house.kiosk.sessions.card(ticket, address=HERE) == "hash"
    assert await house.kiosk.sessions.card(ticket, address="10.0.0.8") is None
    assert await house.kiosk.sessions.find(ticket, address=HERE) is None, "it signs nobody in"
    ticket = await house.kiosk.sessions.keep_card("hash", address=HERE)
    house.clock.tick(90)
    assert await house.kiosk.sessions.card(ticket, address=HERE) is None


async def test_the_number_of_cards_is_limited_and_the_oldest_may_go() -> None:
    house = await a_house(cards=2)
    await house.personal.cards.add_hash("alice", house.identity.card_hash("0411"))
    third = house.identity.card_hash("0422")
    with pytest.raises(LimitReached, match="2 cards already"):
        await house.personal.cards.add_hash("alice", third)
    await house.personal.cards.add_hash("alice", third, replace_oldest=True)
    assert (await house.identity.get("alice")).cards == (house.identity.card_hash("0411"), third)


async def test_another_ones_card_cannot_be_added() -> None:
    house = await a_house()
    with pytest.raises(Exception, match="belongs to another user"):
        await house.personal.cards.add_hash("bob", house.identity.card_hash(CARD))


async def test_no_card_is_added_where_one_is_half_a_proof() -> None:
    """Else a stolen password would become card and password at once."""
    house = await a_house()
    await asking(house, KioskProof.CARD_PASSWORD)
    station = house.kiosk.station("find-me")
    bob = await house.identity.actor_of(await house.identity.get("bob"), address=HERE, via="kiosk")
    ticket = await house.kiosk.sessions.keep_card("hash", address=HERE)
    assert not house.kiosk.may_enrol(station)
    assert await house.kiosk.card_to_add(station, ticket, bob) is None


async def test_card_and_pin() -> None:
    house = await a_house()
    await asking(house, KioskProof.CARD_PIN)
    station = house.kiosk.station("find-me")
    entry = await house.kiosk.by_card(station, CARD, address=HERE)
    assert (entry.name, entry.second) == (None, KioskProof.PIN)
    assert entry.card is not None
    with pytest.raises(NotAuthenticated):
        await house.kiosk.by_second(station, entry.card, "000001", address=HERE)
    assert await house.kiosk.by_second(station, entry.card, PIN, address=HERE) == Entry(name="alice")
    with pytest.raises(NotAuthenticated, match="not taken here"):
        await house.kiosk.by_pin(station, PIN, address=HERE)
    with pytest.raises(NotAuthenticated, match="not taken here"):
        await house.kiosk.by_password(station, "alice", PASSWORD, address=HERE)


async def test_card_and_password() -> None:
    house = await a_house()
    await asking(house, KioskProof.CARD_PASSWORD)
    station = house.kiosk.station("find-me")
    entry = await house.kiosk.by_card(station, CARD, address=HERE)
    assert entry.second is KioskProof.PASSWORD
    assert await house.kiosk.by_second(station, entry.card or "", PASSWORD, address=HERE) == Entry(name="alice")


async def test_card_and_pin_tells_who_has_no_pin_what_to_do() -> None:
    house = await a_house()
    await house.identity.add_card("bob", OTHER)
    await asking(house, KioskProof.CARD_PIN)
    with pytest.raises(NotAuthenticated, match="no PIN yet"):
        await house.kiosk.by_card(house.kiosk.station("find-me"), OTHER, address=HERE)


async def test_a_group_can_ask_for_more_than_the_printer() -> None:
    house = await a_house(group_proofs={"finance": ("card-pin",)})
    station = house.kiosk.station("copy-room")
    assert (await house.kiosk.by_card(station, CARD, address=HERE)).name == "alice"
    await house.identity.change_user("alice", groups=("finance",))
    assert (await house.kiosk.by_card(station, CARD, address=HERE)).second is KioskProof.PIN
    with pytest.raises(NotAuthenticated, match="not enough for your group"):
        await house.kiosk.by_pin(station, PIN, address=HERE)


async def test_where_no_card_is_taken() -> None:
    house = await a_house()
    await asking(house, KioskProof.PIN)
    with pytest.raises(NotAuthenticated, match="No card is taken here"):
        await house.kiosk.by_card(house.kiosk.station("find-me"), CARD, address=HERE)


@pytest.mark.parametrize("sent", ["", "12", "no card at all", "Z" * 70, "0" * 200, "\0\0\0\0"])
async def test_what_is_no_card_number(sent: str) -> None:
    house = await a_house()
    with pytest.raises(NotAuthenticated, match="no card number"):
        await house.kiosk.by_card(house.kiosk.station("copy-room"), sent, address=HERE)


async def test_a_disabled_user_stays_out_with_every_proof() -> None:
    house = await a_house()
    station = house.kiosk.station("copy-room")
    cookie, _ = await house.kiosk.sessions.open("alice", address=HERE)
    await house.users.save_user(replace(await house.identity.get("alice"), disabled=True))
    assert (await house.kiosk.by_card(station, CARD, address=HERE)).name is None
    with pytest.raises(NotAuthenticated):
        await house.kiosk.by_pin(station, PIN, address=HERE)
    assert await house.kiosk.sessions.find(cookie, address=HERE) is None


async def test_a_guests_code_reaches_the_guests_jobs_alone(house: House) -> None:
    await house.printers.change_printer("find-me", guests=True)
    cookie, guest = await house.guests.open(house.printers.get("find-me"), address="10.0.0.99")
    mine = await house.add(owner=guest.name, name="My photo")
    await house.add(name="Plan of alice")
    station = house.kiosk.station("copy-room")
    entry = await house.kiosk.by_code(station, house.guests.code(guest, cookie), address=HERE)
    found = await house.kiosk.sessions.find(
        (await house.kiosk.sessions.open(entry.name or "", address=HERE))[0], address=HERE
    )
    assert found is not None
    assert [job.id for job in await house.kiosk.waiting(found[1])] == [mine.id]
    with pytest.raises(NotAuthenticated, match="No document waits"):
        await house.kiosk.by_code(station, "000000", address=HERE)


# --- guessing


async def test_ten_thousand_pins_over_many_terminals() -> None:
    """One address tries PIN after PIN at every station in turn for a day: the table lets through what it says."""
    house = await a_house()
    stations = [house.kiosk.station(name) for name in ("copy-room", "library", "lobby", "find-me")]
    start, tried, waited = house.clock.now(), 0, 0
    for guess in range(10_000):
        if house.clock.now() - start > 24 * 3600:
            break
        try:
            await house.kiosk.by_pin(stations[guess % 4], f"{700_000 + guess:06d}", address=HERE)
        except Throttled as refusal:
            waited += 1
            house.clock.tick(refusal.retry_after)
        except NotAuthenticated:
            tried += 1
    policy = house.identity.limits.table[Kind.PIN_ALONE_ADDRESS]
    locks = (house.clock.now() - start) / policy.lock
    assert waited > 0
    assert tried <= policy.tries * (locks + 1), "as many as the table says, then nothing until the lock is over"
    assert tried < 6_000, f"of a million PINs in a day, not {tried}"


async def test_guesses_from_many_addresses_meet_at_the_terminal() -> None:
    """Twenty in a minute at one station, from however many addresses of the site."""
    house = await a_house()
    station, tried = house.kiosk.station("copy-room"), 0
    for guess in range(10_000):
        try:
            await house.kiosk.by_pin(station, f"{700_000 + guess:06d}", address=f"10.1.{guess // 250}.{guess % 250}")
        except Throttled:
            continue
        except NotAuthenticated:
            tried += 1
    assert tried == house.settings.identity.tries_per_minute
    with pytest.raises(Throttled, match="at this terminal"):
        await house.kiosk.by_card(station, CARD, address=HERE)
    house.clock.tick(60)
    assert (await house.kiosk.by_card(station, CARD, address=HERE)).name == "alice", "nobody is locked out for good"


async def test_the_pin_after_a_card_locks_the_name_after_five_tries() -> None:
    house = await a_house()
    await asking(house, KioskProof.CARD_PIN)
    station = house.kiosk.station("find-me")
    entry = await house.kiosk.by_card(station, CARD, address=HERE)
    for guess in range(5):
        with pytest.raises(NotAuthenticated):
            await house.kiosk.by_second(station, entry.card or "", f"00001{guess}", address=HERE)
    with pytest.raises(Throttled):
        await house.kiosk.by_second(station, entry.card or "", PIN, address=HERE)
    assert house.identity.unlock("alice") == 1
    assert (await house.kiosk.by_second(station, entry.card or "", PIN, address=HERE)).name == "alice"


# --- sessions


async def test_a_session_ends_thirty_seconds_after_the_last_touch(house: House) -> None:
    cookie, _ = await house.kiosk.sessions.open("alice", address=HERE)
    for _ in range(5):
        house.clock.tick(29)
        assert await house.kiosk.sessions.find(cookie, address=HERE) is not None
    house.clock.tick(15)
    assert await house.kiosk.sessions.find(cookie, address=HERE, touch=False) is not None
    house.clock.tick(15)
    assert await house.kiosk.sessions.find(cookie, address=HERE) is None, "looking by itself is no touch"
    assert await house.users.session((await house.kiosk.sessions.open("alice", address=HERE))[1].id_hash)


async def test_nobody_stays_for_ever(house: House) -> None:
    cookie, _ = await house.kiosk.sessions.open("alice", address=HERE)
    for _ in range(59):
        house.clock.tick(10)
        assert await house.kiosk.sessions.find(cookie, address=HERE) is not None
    house.clock.tick(10)
    assert await house.kiosk.sessions.find(cookie, address=HERE) is None


async def test_a_session_belongs_to_its_address_and_a_clock_that_runs_back_ends_it(house: House) -> None:
    cookie, _ = await house.kiosk.sessions.open("alice", address=HERE)
    assert await house.kiosk.sessions.find(cookie, address="10.0.0.8") is None
    cookie, _ = await house.kiosk.sessions.open("alice", address=HERE)
    house.clock.jump(-3600)
    assert await house.kiosk.sessions.find(cookie, address=HERE) is None


async def test_cookies_of_stations_and_of_the_portal_mean_nothing_to_each_other(house: House) -> None:
    kiosk, _ = await house.kiosk.sessions.open("alice", address=HERE)
    portal, _ = await house.identity.open_session(await house.identity.get("alice"), method="password", address=HERE)
    assert await house.identity.session(kiosk) is None
    assert await house.kiosk.sessions.find(portal, address=HERE) is None
    assert await house.kiosk.sessions.find(kiosk, address=HERE) is not None


# --- releases


async def test_what_the_idle_screen_tells_of_the_last_release(house: House) -> None:
    station = house.kiosk.station("copy-room")
    alice = await house.identity.actor_of(await house.identity.get("alice"), address=HERE, via="kiosk")
    assert await house.kiosk.result(station) is None
    jobs = [await house.add() for _ in range(4)]
    await house.kiosk.release(station, [job.id for job in jobs], alice)
    assert await house.kiosk.result(station) == Result(printed=0, going=4, stuck=0)
    await house.change(jobs[0].id, state=JobState.COMPLETED)
    await house.change(jobs[1].id, state=JobState.PROCESSING_STOPPED)
    await house.change(jobs[2].id, state=JobState.PENDING_HELD, output_device=None)
    assert await house.kiosk.result(station) == Result(printed=1, going=1, stuck=2)
    assert await house.kiosk.result(house.kiosk.station("lobby")) is None
    house.clock.tick(301)
    assert await house.kiosk.result(station) is None


async def test_a_station_releases_at_its_own_device_or_the_chosen_one(house: House) -> None:
    alice = await house.identity.actor_of(await house.identity.get("alice"), address=HERE, via="kiosk")
    first, second, third = [await house.add() for _ in range(3)]
    (one,) = await house.kiosk.release(house.kiosk.station("copy-room"), [first.id], alice)
    (two,) = await house.kiosk.release(house.kiosk.station("copy-room"), [second.id], alice, device="lobby")
    (three,) = await house.kiosk.release(house.kiosk.station("find-me"), [third.id], alice)
    assert one.job is not None
    assert one.job.output_device == "copy-room"
    assert one.job.released_by == "alice"
    assert two.job is not None
    assert two.job.output_device == "lobby"
    assert isinstance(three.refusal, NotPossible), "several devices, none chosen"
    with pytest.raises(BadRequest):
        await house.kiosk.release(house.kiosk.station("copy-room"), [], alice)


async def test_another_ones_job_is_not_found_at_a_station(house: House) -> None:
    job = await house.add()
    bob = await house.identity.actor_of(await house.identity.get("bob"), address=HERE, via="kiosk")
    (outcome,) = await house.kiosk.release(house.kiosk.station("copy-room"), [job.id], bob)
    assert isinstance(outcome.refusal, NotFound)
    assert await house.jobs.get(job.id) == job
    assert await house.kiosk.result(house.kiosk.station("copy-room")) is None


async def test_a_job_that_was_purged_is_no_longer_told_of(house: House) -> None:
    job = await house.add()
    alice = await house.identity.actor_of(await house.identity.get("alice"), address=HERE, via="kiosk")
    await house.kiosk.release(house.kiosk.station("copy-room"), [job.id], alice)
    await house.jobs.update(job.id, lambda row: JobChange(job=replace(row, state=JobState.CANCELED)))
    assert await house.kiosk.result(house.kiosk.station("copy-room")) == Result(printed=0, going=0, stuck=0)
