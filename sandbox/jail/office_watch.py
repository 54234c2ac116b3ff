"""Answers LibreOffice's questions while it loads: never with yes, and it remembers that a password was asked for."""

from typing import Any

import unohelper  # type: ignore[import-not-found]  # only the system's interpreter has it
from com.sun.star.task import (  # type: ignore[import-not-found]  # made by uno at run time
    XInteractionAbort,
    XInteractionHandler2,
)

_PASSWORD = "PasswordRequest"  # noqa: S105 - the end of several exceptions' names


class Watch(unohelper.Base, XInteractionHandler2):  # type: ignore[misc]  # the bases are untyped
    """One document's questions."""

    def __init__(self) -> None:
        self.password_wanted = False

    def handle(self, request: Any) -> None:
        self.handleInteractionRequest(request)

    def handleInteractionRequest(self, request: Any) -> bool:  # noqa: N802 - UNO's name
        """Abort whatever it is. A document that can't be loaded without an answer is not loaded."""
        asked = type(request.getRequest()).__name__
        if _PASSWORD in asked:
            self.password_wanted = True
        for continuation in request.getContinuations():
            if continuation.queryInterface(_ABORT) is not None:
                continuation.select()
                break
        return True


def _abort_type() -> Any:
    import uno  # type: ignore[import-not-found]  # noqa: PLC0415 - with the class above

    return uno.getTypeByName(XInteractionAbort.__pyunointerface__)


_ABORT = _abort_type()
