"""A pipe that goes over to the event loop for good, so that exactly one side closes its descriptor."""

import asyncio
import os
from typing import IO


class Handed:
    """What `connect_read_pipe` and `connect_write_pipe` are given in place of the pipe's own file object.

    uvloop closes the descriptor itself and afterwards the file object, counting on EBADF. In a process with threads the
    number may be in use again by then, and the second close hits somebody else's file. Here the loop gets a descriptor
    of its own, and `close` does something only for a loop that leaves the closing to it.
    """

    def __init__(self, pipe: IO[bytes], loop: asyncio.AbstractEventLoop) -> None:
        self._descriptor = os.dup(pipe.fileno())
        pipe.close()
        self._closes = isinstance(loop, asyncio.SelectorEventLoop)

    def fileno(self) -> int:
        return self._descriptor

    def close(self) -> None:
        if self._closes:
            self._closes = False
            os.close(self._descriptor)
