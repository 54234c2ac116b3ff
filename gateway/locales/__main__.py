"""`python -m gateway.locales`: takes the texts out of the source into the catalogues; says what is untranslated.

Run it in the source tree after texts have changed, translate what it names in the .po files, and commit them.
"""

import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po
from jinja2.ext import babel_extract

from gateway.i18n import HERE, LANGUAGES
from gateway.locales.harvest import SAID, harvest, refusals

ROOT = HERE.parent.parent
SOURCES = ("gateway", "webprint", "sandbox", "emailprint", "mobile_api")
SILENT = (
    *("gateway/cli", "gateway/app", "gateway/locales", "gateway/adapters/db/migrations", "sandbox/probe.py"),
    *("sandbox/jail/office_", "sandbox/jail/tools.py", "sandbox/jail/flow.py", "sandbox/settings.py"),
)
"""What speaks to administrators at a terminal, in English, or to LibreOffice."""
SPEAKING = (
    *("gateway/app/live_checks.py", "gateway/app/channel_checks.py", "gateway/app/connection_checks.py"),
    "gateway/app/upload_check.py",
)
"""What stands among them and speaks to the pages."""
TEMPLATES = ("*.html", "*.txt", "*.jinja")
MARKED = ("webprint", "emailprint", "mobile_api")
"""Where every text of a table is marked, and constants are something else."""


def collect(root: Path = ROOT) -> Catalog:
    """All texts of the source, without translations."""
    catalogue = Catalog(project="Papertap", charset="utf-8")
    saying = refusals(root / "gateway/errors.py")
    for folder in SOURCES:
        for path in sorted((root / folder).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            if name in SPEAKING or not name.startswith(SILENT):
                # The sandbox has errors of its own, whose first argument is a detail for the log.
                _from_python(
                    catalogue, name, path, frozenset() if folder == "sandbox" else saying, folder not in MARKED
                )
        for path in sorted(path for kind in TEMPLATES for path in (root / folder).rglob(kind)):
            if "templates" in path.parts or "letters" in path.parts:
                _from_template(catalogue, path.relative_to(root).as_posix(), path)
    return catalogue


def _from_python(catalogue: Catalog, name: str, path: Path, saying: frozenset[str], constants: bool) -> None:
    for text in harvest(path.read_text("utf-8"), saying, constants=constants):
        key = (text.text, text.plural) if text.plural else text.text
        catalogue.add(key, locations=[(name, text.line)], auto_comments=[SAID] if text.said else [])


def _from_template(catalogue: Catalog, name: str, path: Path) -> None:
    options = {"trim_blocks": "true", "lstrip_blocks": "true", "silent": "false", "newstyle_gettext": "true"}
    with path.open("rb") as source:
        for line, _function, message, _comments in babel_extract(source, ("_", "gettext", "ngettext"), (), options):
            # Besides its strings a call may have values, which come as None.
            texts = tuple(filter(None, message[:2])) if isinstance(message, tuple) else (message or "",)
            catalogue.add(texts if len(texts) > 1 else texts[0], locations=[(name, line)])


def renew(language: str, source: Catalog) -> Catalog:
    """The catalogue of `language` with exactly the texts of `source`; what was translated stays so."""
    path = HERE / f"{language}.po"
    known = Catalog(locale=language, project="Papertap", charset="utf-8")
    if path.is_file():
        with path.open("rb") as old:
            known = read_po(old, locale=language, charset="utf-8")
    known.update(source, no_fuzzy_matching=True, keep_user_comments=False)
    known.obsolete.clear()
    known.header_comment = f"# The texts of Papertap: {language}."
    return known


def write(language: str, catalogue: Catalog) -> None:
    with (HERE / f"{language}.po").open("wb") as out:
        # Without line numbers and dates a change of the source changes only what it says.
        write_po(out, catalogue, width=120, include_lineno=False, sort_output=True, omit_header=False)


def main() -> int:
    source, missing = collect(), 0
    for language in LANGUAGES[1:]:
        catalogue = renew(language, source)
        write(language, catalogue)
        open_texts = [m for m in catalogue if m.id and not _translated(m.string)]
        missing += len(open_texts)
        print(f"{language}: {len(catalogue)} texts, {len(open_texts)} untranslated")  # noqa: T201 - a command's output
    return 1 if missing else 0


def _translated(string: object) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)


if __name__ == "__main__":
    sys.exit(main())
