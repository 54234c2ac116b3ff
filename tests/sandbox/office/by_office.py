"""Makes documents that nothing but an office writes, and opens documents as someone without a jail would.

Run by the system's interpreter, which has LibreOffice's binding: `by_office.py PROGRAM FOLDER` with the work on standard
input as JSON, a list of {"source", "target", "filter", "password", "trusting"}; nothing here imports ours. A `trusting`
one is opened with macros allowed and all links followed, which shows that a document would do harm if it could.
"""

import contextlib
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_ALWAYS_EXECUTE_NO_WARN = 4
_NEVER_EXECUTE = 0
_FULL_UPDATE = 3


def main(program: str, folder: str) -> None:
    pipe = f"tests-{os.getpid()}"
    command = [f"{program}/soffice.bin", "--headless", "--invisible", "--norestore", "--nologo", "--nodefault"]
    command += [f"--accept=pipe,name={pipe};urp;", f"-env:UserInstallation={Path(folder).as_uri()}"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=2) as office:
        try:
            desktop = _connected(pipe, office)
            for work in json.load(sys.stdin):
                _do(desktop, work)
        finally:
            office.kill()


def _connected(pipe: str, office: "subprocess.Popen[bytes]") -> Any:
    import uno  # type: ignore[import-not-found]

    local = uno.getComponentContext()
    resolver = local.ServiceManager.createInstanceWithContext("com.sun.star.bridge.UnoUrlResolver", local)
    end = time.monotonic() + 60
    while time.monotonic() < end and office.poll() is None:
        with contextlib.suppress(Exception):
            context = resolver.resolve(f"uno:pipe,name={pipe};urp;StarOffice.ComponentContext")
            return context.ServiceManager.createInstanceWithContext("com.sun.star.frame.Desktop", context)
        time.sleep(0.02)
    raise SystemExit(f"LibreOffice does not start: {office.poll()}")


def _do(desktop: Any, work: dict[str, Any]) -> None:
    trusting = work["trusting"]
    document = desktop.loadComponentFromURL(
        Path(work["source"]).as_uri(),
        "_blank",
        0,
        _values(
            Hidden=True,
            MacroExecutionMode=_ALWAYS_EXECUTE_NO_WARN if trusting else _NEVER_EXECUTE,
            **({"UpdateDocMode": _FULL_UPDATE} if trusting else {}),
        ),
    )
    if document is None:
        raise SystemExit(f"LibreOffice does not read {work['source']}")
    if trusting:
        _let(document)
    locked = _locked(work["filter"], work["password"]) if work["password"] else {}
    document.storeToURL(Path(work["target"]).as_uri(), _values(FilterName=work["filter"], **locked))
    document.close(True)


def _let(document: Any) -> None:
    """Do for the document what it asks for, as a person would who says yes to each question."""
    if hasattr(document, "updateLinks"):
        document.updateLinks()
    if hasattr(document, "calculateAll"):
        document.calculateAll()
    start = {value.Name: value.Value for value in document.getEvents().getByName("OnLoad") or ()}
    if "Script" in start:
        document.getScriptProvider().getScript(start["Script"]).invoke((), (), ())
    for script in _starters(document):
        document.getScriptProvider().getScript(script).invoke((), (), ())


_STARTERS = ("Document_Open", "Workbook_Open", "Auto_Open")


def _starters(document: Any) -> list[str]:
    """What Microsoft's programs run when they open a document with a Visual Basic project; LibreOffice does not."""
    if "Project" not in document.BasicLibraries.ElementNames:
        return []
    library = document.BasicLibraries.getByName("Project")
    return [
        f"vnd.sun.star.script:Project.{module}.{name}?language=Basic&location=document"
        for module in library.ElementNames
        for name in _STARTERS
        if f"Sub {name}(" in library.getByName(module)
    ]


def _locked(kind: str, password: str) -> dict[str, object]:
    """What LibreOffice's dialog for passwords hands to each family of filters."""
    import uno

    if "97" in kind:
        # MS-OFFCRYPTO section 2.3.6.2, RC4 with a key of 40 bits.
        document = os.urandom(16)
        start = hashlib.md5(password.encode("utf-16-le"), usedforsecurity=False).digest()[:5]
        key = hashlib.md5((start + document) * 16, usedforsecurity=False).digest()
        data = {"STD97EncryptionKey": uno.ByteSequence(key), "STD97UniqueID": uno.ByteSequence(document)}
    elif "2007" in kind:
        data = {"OOXPassword": password, "CryptoType": "Standard"}
    else:
        return {"Password": password}
    named = []
    for name, value in data.items():
        one = uno.createUnoStruct("com.sun.star.beans.NamedValue")
        one.Name, one.Value = name, value
        named.append(one)
    return {"EncryptionData": uno.Any("[]com.sun.star.beans.NamedValue", tuple(named))}


def _values(**values: object) -> tuple[Any, ...]:
    import uno

    made = []
    for name, value in values.items():
        one = uno.createUnoStruct("com.sun.star.beans.PropertyValue")
        one.Name, one.Value = name, value
        made.append(one)
    return tuple(made)


if __name__ == "__main__":
    main(*sys.argv[1:])
