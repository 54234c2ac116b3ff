"""Reads what a PostScript file says of itself (Adobe DSC 3.0, PPD features): its pages are counted when it is drawn.

Distilling loses what drivers ask of the device: copies and two-sided printing. They are told as wishes.
"""

import re
from pathlib import Path

from sandbox.model import Asks

_HEAD = 512 * 1024
_FEATURE = re.compile(rb"%%Begin(?:Feature|NonPPDFeature): \*?(\w+)[ \t]+(\w+)")
_REQUIRED = re.compile(rb"^%%Requirements:([^\r\n]{0,400})", re.MULTILINE)
_COPIES = re.compile(rb"numcopies\((\d{1,4})\)|/NumCopies[ \t]+(\d{1,4})\b")
_DEVICE = re.compile(rb"/Duplex[ \t]+(true|false)(?:[ \t]*/Tumble[ \t]+(true|false))?")
_DUPLEX = {
    b"None": "one-sided",
    b"DuplexNoTumble": "two-sided-long-edge",
    b"DuplexTumble": "two-sided-short-edge",
}


def asks(path: Path) -> Asks:
    """Of the prolog and set-up, where drivers write it: the first half megabyte."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    copies = next((int(one or two) for one, two in _COPIES.findall(head)), 0)
    return Asks(copies=copies if 1 <= copies <= 9999 else 0, sides=_sides(head), gray=False)


def _sides(head: bytes) -> str:
    features = dict(_FEATURE.findall(head))
    if features.get(b"Duplex") in _DUPLEX:
        return _DUPLEX[features[b"Duplex"]]
    if found := _DEVICE.search(head):
        two = "two-sided-short-edge" if found[2] == b"true" else "two-sided-long-edge"
        return two if found[1] == b"true" else "one-sided"
    required = b" ".join(_REQUIRED.findall(head)).split()
    if b"duplex(tumble)" in required:
        return "two-sided-short-edge"
    return "two-sided-long-edge" if b"duplex" in required else ""
