"""A Printer's house rules in words, so that nobody wonders at the preview."""

from gateway.domain.house import HouseRules
from gateway.i18n import gettext as _


def rules_said(rules: HouseRules) -> tuple[str, ...]:
    """One sentence for each rule that changes what comes out."""
    lines = (
        (rules.force_grey, _("This printer prints in grey.")),
        (rules.force_duplex, _("This printer prints on both sides.")),
        (rules.remove_graphics, _("This printer prints the text of pages without their pictures.")),
        (rules.toner_save is not None, _("This printer saves toner: pages come out paler.")),
        (bool(rules.watermark), _("This printer puts a watermark on each side.")),
        (bool(rules.header or rules.footer), _("This printer puts a line of its own on each side.")),
        (rules.cover, _("This printer puts a cover page before each job.")),
        (rules.bates is not None, _("This printer numbers each side.")),
        (rules.trace_mark, _("This printer puts a code with the job's number on each side.")),
    )
    return tuple(text for applies, text in lines if applies)
