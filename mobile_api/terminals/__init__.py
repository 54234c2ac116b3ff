"""The terminal protocol, version 1: JSON messages over a WebSocket, or over HTTPS by long polling (docs/terminals.md)."""

from mobile_api.terminals.app import create_terminals
from mobile_api.terminals.hub import TerminalHub

__all__ = ["TerminalHub", "create_terminals"]
