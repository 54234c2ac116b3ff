"""What printing from outside needs of this machine: the gateway's key."""

from gateway.adapters.remote.keys import P256Keys, verify

__all__ = ["P256Keys", "verify"]
