"""Kinds of values that several settings have."""

from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

Proof = Literal["card", "card-pin", "card-password", "pin", "password", "code"]


def _network(text: str) -> str:
    ip_network(text, strict=False)
    return text


Network = Annotated[str, AfterValidator(_network)]
"""An address with a prefix length, such as 10.20.0.0/16 or fd00::/8."""
Port = Annotated[int, Field(ge=0, le=65535)]
MIB = 1024 * 1024
PRIVATE_NETWORKS = (
    "127.0.0.0/8",
    "10.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "169.254.0.0/16",
    "::1/128",
    "fc00::/7",
    "fe80::/10",
)
