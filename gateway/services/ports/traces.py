"""Who is told of spans."""

from typing import Protocol

from gateway.domain.trace import Span


class Traces(Protocol):
    """Takes spans of jobs on to whoever keeps them."""

    def tell(self, span: Span) -> None:
        """Never blocks and never fails: where they cannot go on, the oldest are forgotten."""
