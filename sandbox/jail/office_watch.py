"""Answers LibreOffice's questions while it loads: never with yes, and it remembers that a password was asked for.

What is asked is known by the answers that are offered: the question itself is an exception, and LibreOffice 7.4's binding
fails with SystemError when it is to hand one over as a value.
"""

from typing import Any

import unohelper  # type: ignore[import-not-found]  # only the system's interpreter has it
from com.sun.star.task import (  # type: ignore[import-not-found]  # made by uno at run time
    XInteractionAbort,
    XInteractionHandler2,
    XInteractionPassword,
)


class Watch(unohelper.Base, XInteractionHandler2):  # type: ignore[misc]  # the bases are untyped
    """One document's questions."""

    def __init__(self) -> None:
        self.password_wanted = False

    def handle(self, request: Any) -> None:
        self.handleInteractionRequest(request)

    def handleInteractionRequest(self, request: Any) -> bool:  # noqa: N802 - UNO's name
        """Abort whatever it is. A document that can't be loaded without an answer is not loaded."""
        continuations = request.getContinuations()
        self.password_wanted |= any(_is(each, XInteractionPassword) for each in continuations)
        for each in continuations:
            if _is(each, XInteractionAbort):
                each.select()
                break
        return True


def _is(continuation: Any, interface: Any) -> bool:
    import uno  # type: ignore[import-not-found]  # noqa: PLC0415 - with the class above

    return continuation.queryInterface(uno.getTypeByName(interface.__pyunointerface__)) is not None
