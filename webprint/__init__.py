"""Web pages: the start page, sign-in, and one's own jobs."""

from webprint.app import create_app
from webprint.site import Ports

__all__ = ["Ports", "create_app"]
