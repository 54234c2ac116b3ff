"""Whatever is noted in the audit log has words; the source itself is asked what that is."""

import ast
from pathlib import Path

from gateway.domain.credit import EntryKind
from gateway.i18n import speaking
from webprint.admin.audit_words import ACTIONS, action, noted, subject
from webprint.admin.printer_pages import _TURNED

ROOT = Path(__file__).parents[3]
WEBHOOK = ("added", "changed", "removed", "secret-renewed")


def noted_actions() -> set[str]:
    """Each "kind.deed" that is given to something called note or audit."""
    found = set()
    for package in ("gateway", "webprint", "mobile_api", "emailprint"):
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                    continue
                if node.func.attr.strip("_") in {"note", "audit"}:
                    texts = [one.value for one in node.args if isinstance(one, ast.Constant)]
                    found |= {one for one in texts if isinstance(one, str) and "." in one and " " not in one}
    return found


def test_every_deed_has_words() -> None:
    deeds = noted_actions()
    assert len(deeds) > 50
    assert deeds - set(ACTIONS) == set()
    assert {f"printer.{turned}" for turned in _TURNED.values()} <= set(ACTIONS)
    assert {f"credit.{kind.value}" for kind in EntryKind if kind is not EntryKind.CHARGE} <= set(ACTIONS)
    assert {f"webhook.{what}" for what in WEBHOOK} <= set(ACTIONS)


def test_a_subject_names_its_kind_in_the_readers_language() -> None:
    with speaking("de"):
        assert subject("group Town school") == "Gruppe Town school"
        assert subject("users") == "users"
        assert subject("odd thing") == "odd thing"
        assert action("token.made") == "Token gemacht"
        assert action("later.version") == "later.version"
        assert (noted("role"), noted("later")) == ("Rolle", "later")
