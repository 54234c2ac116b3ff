"""Brings the interpreter, the libraries and our own in-jail code within reach of a worker.

A worker runs under a user id that can't enter a checkout in a 0700 home. Our own modules are always copied and compiled
(they are small, and a worker then never sees half of an upgrade); libraries and interpreter are bound where they are,
and copied once where the worker could not reach them.
"""

import compileall
import hashlib
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from sandbox import policy
from sandbox.errors import Unavailable

# What the worker imports from site-packages, and the folders of shared libraries beside them.
_IMAGES = ("PIL", "pillow.libs", "pillow_heif", "pillow_heif.libs", "_pillow_heif.*.so")
_PDF = ("pikepdf", "pikepdf.libs", "pypdfium2", "pypdfium2_raw", "pypdfium2_cfg")
_OTHERS = ("olefile", "markdown_it", "mdurl", "docx", "openpyxl", "et_xmlfile", "defusedxml", "lxml")
LIBRARIES = (*_PDF, *_IMAGES, *_OTHERS)
_NEEDED = ("pikepdf", "PIL", "pypdfium2", "pillow_heif", "olefile", "markdown_it", "docx", "openpyxl", "defusedxml")
# Imported by pikepdf where it is installed; its absence is no fault.
_COMPANIONS = ("packaging", "typing_extensions.py", "deprecated", "wrapt")

OFFICE_PYTHON = "/usr/bin/python3"
_OFFICE_PROGRAMS = (Path("/usr/lib/libreoffice/program"), Path("/usr/lib64/libreoffice/program"))
_UNO_PATHS = (Path("/usr/lib/python3/dist-packages"),)


def runtime_dir(chosen: Path | None) -> Path:
    """The folder for slot locks and copies: ours alone to write, readable by the workers. Unavailable when it is not."""
    own = os.getuid()
    path = chosen or (Path("/run/papertap-sandbox") if own == 0 else _user_runtime(own))
    try:
        path.mkdir(mode=0o755, parents=True, exist_ok=True)
        found = path.lstat()
    except OSError as error:
        raise Unavailable(f"the runtime folder {path} can't be made: {error.strerror}") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != own or found.st_mode & 0o022:
        raise Unavailable(f"the runtime folder {path} is not ours alone; remove it or set another one")
    return path


def lock_dir(runtime: Path) -> Path:
    """Where slots are locked. As root a slot stands for a user id of this machine, so there is one place for all."""
    return runtime_dir(None) if os.geteuid() == 0 else runtime


def gather(runtime: Path, *, foreign_user: bool) -> policy.Code:
    """The interpreter and the read-only binds of a worker. `foreign_user`: it runs as somebody other than we do."""
    if foreign_user and not _reachable(runtime):
        raise Unavailable(f"the workers' user can't enter the runtime folder {runtime}; choose one outside of a home")
    binds = [(str(_own_code(runtime)), policy.APP)]
    for source in _library_paths():
        reachable = not foreign_user or _reachable(source)
        binds.append((str(source if reachable else _copied(runtime, source)), f"{policy.PACKAGES}/{source.name}"))
    python, prefix = _interpreter()
    if prefix is not None:
        if foreign_user and not _reachable(prefix):
            raise Unavailable(
                f"the interpreter under {prefix} can't be entered by the workers' user; use /usr/bin/python3"
            )
        binds.append((str(prefix), str(prefix)))
    return policy.Code(python=python, binds=tuple(binds))


def gather_office(runtime: Path, *, foreign_user: bool) -> policy.Code:
    """The same for an office worker: the system's interpreter, which has LibreOffice's binding, and our code alone.

    Unavailable when LibreOffice or its binding is not installed.
    """
    if foreign_user and not _reachable(runtime):
        raise Unavailable(f"the workers' user can't enter the runtime folder {runtime}; choose one outside of a home")
    return policy.Code(
        python=OFFICE_PYTHON,
        binds=((str(_own_code(runtime)), policy.APP),),
        paths=(policy.APP, *map(str, _UNO_PATHS)),
        start=f"from sandbox.jail.office import main; main({str(office_program())!r})",
        # No display, and no search for one.
        environment=(("SAL_USE_VCLPLUGIN", "svp"),),
    )


def office_program() -> Path:
    """The folder of LibreOffice's programs. Unavailable when something that an office worker needs is missing."""
    found = next((folder for folder in _OFFICE_PROGRAMS if (folder / "soffice.bin").exists()), None)
    if found is None:
        raise Unavailable(
            "LibreOffice is not installed; install libreoffice-writer, libreoffice-calc and libreoffice-impress"
        )
    if not any((folder / "uno.py").exists() for folder in _UNO_PATHS) or not Path(OFFICE_PYTHON).exists():
        raise Unavailable("LibreOffice's Python binding is not installed; install python3-uno")
    return found


def _user_runtime(uid: int) -> Path:
    base = os.environ.get("XDG_RUNTIME_DIR", "")
    return Path(base) / "papertap-sandbox" if base else Path(tempfile.gettempdir()) / f"papertap-sandbox-{uid}"


def _interpreter() -> tuple[str, Path | None]:
    """The interpreter that our environment was made from, and the tree to bind when it is not under /usr."""
    base = Path(getattr(sys, "_base_executable", "") or sys.executable).resolve()
    if base.is_relative_to("/usr"):
        return str(base), None
    return str(base), Path(sys.base_prefix).resolve()


def _library_paths() -> list[Path]:
    """Where the worker's libraries lie. Unavailable when one is missing."""
    found: list[Path] = []
    for name in _NEEDED:
        spec = find_spec(name)
        if spec is None or spec.origin is None:
            raise Unavailable(f"the library {name} is not installed")
        site = Path(spec.origin).parent.parent
        found += [path for item in (*LIBRARIES, *_COMPANIONS) for path in site.glob(item)]
    return sorted(set(found))


def _own_code(runtime: Path) -> Path:
    source = Path(__file__).parent
    files = sorted(path for path in source.rglob("*.py"))
    digest = hashlib.sha256(sys.version.encode())
    for path in files:
        digest.update(str(path.relative_to(source)).encode() + b"\0" + path.read_bytes())
    return _once(runtime / f"app-{digest.hexdigest()[:16]}", lambda folder: _install(source, folder / "sandbox"))


def _install(source: Path, target: Path) -> None:
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    compileall.compile_dir(target, quiet=1, stripdir=str(target.parent), prependdir=policy.APP)


def _copied(runtime: Path, source: Path) -> Path:
    """A copy of a library, made once for each of its versions (told by where it is and when it was installed)."""
    key = f"{source}\0{source.stat().st_mtime_ns}\0{sys.version}"
    folder = runtime / f"lib-{hashlib.sha256(key.encode()).hexdigest()[:16]}"

    def fill(target: Path) -> None:
        if source.is_dir():
            shutil.copytree(source, target / source.name)
        else:
            shutil.copy(source, target / source.name)

    return _once(folder, fill) / source.name


def _once(folder: Path, fill: Callable[[Path], None]) -> Path:
    """Fill a folder beside its place and rename it there, so that two gateways starting at once both see it whole."""
    if folder.is_dir():
        return folder
    staging = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
    try:
        fill(staging)
        _open_up(staging)
        staging.rename(folder)
    except OSError:
        if not folder.is_dir():
            raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return folder


def _open_up(folder: Path) -> None:
    folder.chmod(0o755)
    for path in folder.rglob("*"):
        if not path.is_symlink():
            path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)


def _reachable(path: Path) -> bool:
    """Whether anybody may enter every folder on the way to `path` and read it."""
    ways = [parent.stat().st_mode & 0o001 for parent in path.resolve().parents]
    mode = path.stat().st_mode
    return all(ways) and bool(mode & 0o004) and (not path.is_dir() or bool(mode & 0o001))
