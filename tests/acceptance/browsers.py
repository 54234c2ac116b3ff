"""How Chromium is started, the sizes that pages are looked at in, and what is measured on each of them."""

from tests.peers.manners import ARGUMENTS, CONTRAST, DESKTOP, NARROW, PHONE, SMALL

WIDE = "document.documentElement.scrollWidth"

__all__ = ["ARGUMENTS", "CONTRAST", "DESKTOP", "NARROW", "PHONE", "SMALL", "WIDE"]
