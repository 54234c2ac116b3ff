"""Implementations of the promises in `gateway.services.ports`."""
