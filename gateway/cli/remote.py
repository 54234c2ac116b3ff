"""`papertap remote`: what a relay has to know of this gateway."""

import json

from gateway.app import Gateway, remote_access
from gateway.cli.common import AsJson, Config, Data, using


def remote(config: Config = None, data: Data = None, as_json: AsJson = False) -> None:
    """Tell this gateway's id for relay.gateways, and what is set up for printing from outside."""

    async def work(gateway: Gateway) -> dict[str, object]:
        settings = gateway.settings.remote
        return {
            "id": remote_access(gateway).gateway,
            "relay": settings.relay or None,
            "mqtt": settings.mqtt or None,
            "stun": list(settings.stun),
            "turn": list(settings.turn),
        }

    told = using(config, data, work)
    if as_json:
        print(json.dumps(told, indent=2))
        return
    print(f"Gateway id: {told['id']}")
    print(
        "Give it to the relay:  PAPERTAP_RELAY__GATEWAYS='[\"" + str(told["id"]) + "\"]' papertap serve --roles relay"
    )
    if told["relay"] is None and told["mqtt"] is None:
        print("Nobody can print from outside yet: set remote.relay or remote.mqtt; see docs/administration.md.")
