"""What a device can do, or a Printer by the union of its devices, in words."""

from dataclasses import dataclass

from gateway.domain.capabilities import Capabilities
from gateway.i18n import N_, Words, ngettext
from gateway.i18n import gettext as _

_FORMATS = {
    "application/pdf": "PDF",
    "image/pwg-raster": "PWG Raster",
    "image/urf": "Apple Raster",
    "image/jpeg": "JPEG",
    "application/postscript": "PostScript",
    "application/vnd.hp-PCL": "PCL",
    "application/vnd.hp-PCLXL": "PCL XL",
}
# Finishings of IPP (PWG 5100.1 section 5): those that people ask for.
_FINISHINGS = Words(
    {4: N_("Staples"), 5: N_("Punched holes"), 6: N_("Cover"), 7: N_("Binding"), 10: N_("Folding"), 13: N_("Booklets")}
)
_SHOWN = 12


@dataclass(frozen=True, kw_only=True, slots=True)
class Ability:
    label: str
    text: str


def abilities(can: Capabilities) -> tuple[Ability, ...]:
    papers = list(dict.fromkeys(media.name.split("_")[1].upper() for media in can.media if "_" in media.name))
    more = len(papers) - _SHOWN
    paper = ", ".join(papers[:_SHOWN]) + (
        f" {ngettext('and %(num)s more', 'and %(num)s more', more)}" if more > 0 else ""
    )
    finishings = [_FINISHINGS[number] for number in can.finishings if number in _FINISHINGS]
    rows = (
        (_("Model"), can.make_and_model),
        (_("Takes"), ", ".join(_FORMATS.get(kind, kind) for kind in can.formats)),
        (_("Colour"), _("Yes") if can.color else _("No")),
        (_("Two-sided"), _("Yes") if can.duplex else _("No")),
        (_("Paper"), paper),
        (_("Resolutions"), ", ".join(f"{dpi} dpi" for dpi in can.resolutions)),
        (_("Finishings"), ", ".join(finishings)),
        (_("Pages a minute"), str(can.pages_per_minute)),
    )
    return tuple(Ability(label=label, text=text) for label, text in rows if text)
