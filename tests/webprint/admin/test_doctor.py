"""The doctor's page looks around from each interface, hands out probes, and shows what they saw."""

import re

from gateway.services.network_doctor import ProbeReport
from gateway.services.network_view import NameView, Reached, View
from tests.fakes_doctor import heard_of
from tests.webprint.visitor import Visitor, visiting
from tests.webprint.web_house import House

PAGE = "/admin/doctor"


async def test_each_interface_has_its_lines(house: House, ada: Visitor) -> None:
    every = tuple(each for one in house.printers.all() for each in heard_of(one, "192.0.2.10"))
    house.network.views = [
        View(place="eth0 (192.0.2.10)", address="192.0.2.10", heard=every),
        View(place="wlan0 (10.0.0.1)", address="10.0.0.1"),
    ]
    await ada.get(PAGE)
    text = (await ada.post(f"{PAGE}/network")).text
    assert re.search(r"eth0 \(192\.0\.2\.10\)</h3>.*?notice good.*?A phone here sees all printers", text, re.DOTALL)
    assert re.search(r"wlan0 \(10\.0\.0\.1\)</h3>.*?notice bad.*?let UDP port 5353 pass", text, re.DOTALL)


async def test_a_probe_is_loaded_and_what_it_saw_is_shown_by_network(house: House, ada: Visitor) -> None:
    await ada.get(PAGE)
    answer = await ada.post(f"{PAGE}/probe")
    assert answer.headers["content-disposition"] == 'attachment; filename="papertap-probe.py"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.text.startswith("program for ")
    silent = View(place="", address="10.1.2.3", own=False)
    report = ProbeReport(
        machine="<b>library</b>",
        system="Linux",
        address="10.1.2.3",
        multicast=silent,
        names=NameView(resolver="10.1.2.1", error="<script>"),
        reached=(Reached(host="gw", port=8631, address="gw", tls="TLSv1.3", status=0),),
    )
    await house.network.doctor().take(house.network.codes[-1], report, "10.1.2.3")
    text = (await ada.get(PAGE)).text
    assert "10.1.2.0/24" in text
    assert "The printer at gw, port 8631, answers by TLSv1.3." in text
    assert "The resolver 10.1.2.1 does not answer: &lt;script&gt;." in text
    assert "&lt;b&gt;library" in text
    await ada.post(f"{PAGE}/forget", {"network": "10.1.2.0/24"})
    assert "10.1.2.0/24" not in (await ada.get(PAGE)).text


async def test_without_https_it_says_what_to_do(house: House, ada: Visitor) -> None:
    house.network.without_https = True
    await ada.get(PAGE)
    answer = await ada.post(f"{PAGE}/probe")
    assert answer.status_code == 409
    assert "A probe reports by HTTPS." in answer.text


async def test_only_who_may_change_settings_gets_a_probe(house: House) -> None:
    async with visiting(house.app()) as alice:
        await alice.sign_in()
        for path in ("network", "probe", "forget"):
            assert (await alice.post(f"{PAGE}/{path}")).status_code == 403
    assert house.network.codes == []
