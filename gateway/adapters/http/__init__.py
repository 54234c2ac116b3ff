"""The HTTP listener: many sockets, plain and TLS, one ASGI application."""

from gateway.adapters.http.door import TlsMode, TlsSource
from gateway.adapters.http.limits import Admission, Limits
from gateway.adapters.http.listener import Listener

__all__ = ["Admission", "Limits", "Listener", "TlsMode", "TlsSource"]
