"""The addresses of this machine, for certificates and for links."""

import ifaddr


def own_addresses() -> tuple[str, ...]:
    """IPv4 and IPv6 of all interfaces, without scope, loopback last."""
    found = [str(ip.ip[0] if isinstance(ip.ip, tuple) else ip.ip) for a in ifaddr.get_adapters() for ip in a.ips]
    return tuple(sorted(dict.fromkeys(found), key=lambda address: address in {"127.0.0.1", "::1"}))
