"""How those who wait are woken."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from gateway.domain.events import Happening


class EventBus(Protocol):
    """Wakes whoever listens. Delivery is at most once: a listener that missed one reads the rows."""

    def publish(self, happening: Happening) -> None:
        """Never blocks and never fails."""

    def subscribe(self) -> AbstractAsyncContextManager[AsyncIterator[Happening]]: ...
