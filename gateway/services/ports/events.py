"""How those who wait are woken."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from gateway.domain.events import Event, Happening


class EventBus(Protocol):
    """Wakes whoever listens. Delivery is at most once: a listener that missed one reads the rows."""

    def publish(self, happening: Happening) -> None:
        """Never blocks and never fails."""

    def subscribe(self, *wanted: Event) -> AbstractAsyncContextManager[AsyncIterator[Happening]]:
        """What is published while the block is open: of these kinds, or, where none is named, of all."""
