"""The profile that LibreOffice starts with: nothing runs, nothing is fetched, nothing is asked.

Written anew in each jail, so that no document finds what another one left. Without `user/extensions/buildid` of the very
build that starts, LibreOffice ends in silence with status 81: it wants to set up its extensions first.
"""

from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

_COMMON = "/org.openoffice.Office.Common"
_SCRIPTING = f"{_COMMON}/Security/Scripting"

# (path, property, value); the level of macro security 3 is "very high": only from trusted places, of which there are none.
SETTINGS: tuple[tuple[str, str, str], ...] = (
    (_SCRIPTING, "MacroSecurityLevel", "3"),
    (_SCRIPTING, "DisableMacrosExecution", "true"),
    (_SCRIPTING, "BlockUntrustedRefererLinks", "true"),
    (_SCRIPTING, "CheckDocumentEvents", "true"),
    (_SCRIPTING, "HyperlinksWithCtrlClick", "true"),
    (f"{_COMMON}/Misc", "FirstRun", "false"),
    (f"{_COMMON}/Misc", "CrashReport", "false"),
    (f"{_COMMON}/Misc", "UseLocking", "false"),
    (f"{_COMMON}/Misc", "UseDocumentSystemFileLocking", "false"),
    (f"{_COMMON}/Save/Document", "AutoSave", "false"),
    (f"{_COMMON}/Save/Document", "CreateBackup", "false"),
    (f"{_COMMON}/Cache/GraphicManager", "TotalCacheSize", "67108864"),
    ("/org.openoffice.Office.Java/VirtualMachine", "Enable", "false"),
    ("/org.openoffice.Office.Recovery/RecoveryInfo", "Enabled", "false"),
    ("/org.openoffice.Office.Recovery/AutoSave", "Enabled", "false"),
    # 2 is "never", where 0 is "always" and 1 "on request".
    ("/org.openoffice.Office.Writer/Content/Update", "Link", "2"),
    ("/org.openoffice.Office.Calc/Content/Update", "Link", "2"),
    # 1 is "never recalculate": what the author saw is printed, and no function is called to find out.
    ("/org.openoffice.Office.Calc/Formula/Load", "OOXMLRecalcMode", "1"),
    ("/org.openoffice.Office.Calc/Formula/Load", "ODFRecalcMode", "1"),
    ("/org.openoffice.Setup/Office", "ooSetupInstCompleted", "true"),
)


def write_profile(folder: Path, program: Path) -> None:
    """Make the user installation `folder` for the LibreOffice under `program`. OSError when that has no build id."""
    user = folder / "user"
    (user / "extensions").mkdir(parents=True)
    (user / "extensions" / "buildid").write_text(_build_id(program / "versionrc"), encoding="ascii")
    (user / "registrymodifications.xcu").write_text(_registry(), encoding="utf-8")


def _build_id(version: Path) -> str:
    for line in version.read_text(encoding="utf-8").splitlines():
        if line.startswith("buildid="):
            return line.removeprefix("buildid=").strip()
    raise OSError(f"{version} names no build")


def _registry() -> str:
    items = (
        f"<item oor:path={quoteattr(path)}><prop oor:name={quoteattr(name)} oor:op='fuse'>"
        f"<value>{escape(value)}</value></prop></item>\n"
        for path, name, value in SETTINGS
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<oor:items xmlns:oor="http://openoffice.org/2001/registry" '
        'xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">\n'
        f"{''.join(items)}</oor:items>\n"
    )
