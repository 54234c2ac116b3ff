"""What a network gets over UDP, whose senders can be forged."""

from dnslib import DNSRecord

from discovery.unicast_limit import ResponseLimit, Verdict, network_of
from gateway.settings import Dns
from tests.discovery.naming import ZONE, Naming, many, question

VICTIM = "198.51.100.7"


def test_a_share_comes_back_with_time_and_networks_are_counted_apart() -> None:
    limit = ResponseLimit(rate=100, burst=300)
    one, other = network_of("192.0.2.1"), network_of("192.0.3.1")
    assert network_of("192.0.2.200") == one
    assert network_of("2001:db8::1") == network_of("2001:db8:0:ff::2%eth0") != network_of("2001:db8:1::1")
    verdicts = [limit.take(one, 150, 0.0) for _ in range(6)]
    assert verdicts == [Verdict.ANSWER] * 2 + [Verdict.TRUNCATE, Verdict.DROP] * 2
    assert limit.take(other, 150, 0.0) is Verdict.ANSWER
    assert limit.take(one, 150, 1.5) is Verdict.ANSWER
    assert limit.take(one, 150, 1.6) is Verdict.TRUNCATE


def test_the_quietest_networks_are_forgotten() -> None:
    limit = ResponseLimit(rate=1, burst=10)
    for number in range(30_000):
        limit.take(number.to_bytes(3, "big"), 10, 0.0)
    assert len(limit._buckets) == 10_000
    assert limit.take((29_999).to_bytes(3, "big"), 10, 0.0) is Verdict.TRUNCATE
    assert limit.take((0).to_bytes(3, "big"), 10, 0.0) is Verdict.ANSWER


async def test_a_flood_in_a_forged_name_gets_back_less_than_it_sends() -> None:
    naming = await Naming(printers=many(30)).ready()
    names = [("Printer number " + f"{n:04d}", "_ipp", "_tcp", *ZONE) for n in range(30)]
    packets = [question(name, kind) for name in names for kind in ("TXT", "SRV", "ANY")]
    packets += [question(("_ipp", "_tcp", *ZONE)), question(("nobody", *ZONE), "A"), question(ZONE, "SOA")]
    sent = received = 0
    for number in range(20_000):
        packet = packets[number % len(packets)]
        answer = naming.authority.answer(packet, VICTIM)
        sent, received = sent + len(packet), received + len(answer or b"")
        naming.clock.tick(1 / 2000)
    assert received / sent <= 1.0
    resolver = await Naming(printers=many(30), settings=Dns(resolvers=(f"{VICTIM}/32",))).ready()
    assert all(resolver.authority.answer(packet, VICTIM) for packet in packets * 20)


async def test_who_is_limited_is_sent_to_tcp_in_an_answer_no_longer_than_its_question() -> None:
    naming = await Naming(settings=Dns(answer_rate=0, answer_burst=0)).ready()
    packet = question(ZONE, "SOA")
    first, second = (naming.authority.answer(packet, VICTIM) for _ in range(2))
    assert first is not None
    assert DNSRecord.parse(first).header.tc == 1
    assert len(first) <= len(packet)
    assert second is None
    assert naming.authority.answer(packet, VICTIM, tcp=True) is not None
    damaged = packet[:-3]
    assert [naming.authority.answer(damaged, VICTIM) for _ in range(2)] == [None, None]
