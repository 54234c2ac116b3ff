"""The office worker's process inside the jail: start LibreOffice, warm it up, say so, then serve until it is killed.

Run by the system's interpreter, because that one has LibreOffice's binding; so it imports the standard library and the
few modules of ours that need no more.
"""

import contextlib
import os
import resource
import sys
from pathlib import Path
from typing import Any

from sandbox.errors import Crashed, FormatUnsupported, SandboxError, TooLarge, to_wire
from sandbox.jail.channel import Channel, file_chunks
from sandbox.jail.incoming import Incoming
from sandbox.jail.office_engine import Engine
from sandbox.jail.office_filters import reader
from sandbox.jail.office_options import OfficeTask, settle, task_from_wire
from sandbox.jail.office_warmup import warm_up
from sandbox.protocol import ProtocolError

_FOLDER = Path("/tmp")  # noqa: S108 - the jail's own
_PROCESSES = 64
_NICE = 5
_OOM_SCORE = 900
_FULL = {27, 28}  # EFBIG, ENOSPC: of the jail's memory file system


def main(program: str) -> None:
    """Serve with the LibreOffice whose programs lie in `program`. Standard output is kept for the frames."""
    resource.setrlimit(resource.RLIMIT_NPROC, (_PROCESSES, _PROCESSES))
    os.nice(_NICE)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE), encoding="ascii")
    target = os.dup(1)
    os.dup2(2, 1)
    channel = Channel(0, target)
    engine = Engine(Path(program), _FOLDER)
    warm_up(engine)
    channel.send({"event": "ready"})
    while (request := channel.request()) is not None:
        if not serve(channel, request, engine):
            sys.exit(0)


def serve(channel: Channel, request: dict[str, Any], engine: Engine) -> bool:
    """Answer one request; returns whether the worker can go on. Every error becomes an error header."""
    try:
        task = task_from_wire(request, engine.folder, lambda count: channel.send({"event": "pages", "count": count}))
        _convert(channel, task, engine)
    except SandboxError as error:
        channel.send(to_wire(error))
    except ProtocolError:
        raise
    except OSError as error:
        full = error.errno in _FULL
        channel.send(to_wire(TooLarge(str(error), limit="memory") if full else Crashed(f"OSError: {error}")))
    except Exception as error:  # noqa: BLE001 - UNO's exceptions are made at run time; the sender still gets an answer
        channel.send(to_wire(Crashed(f"{type(error).__name__}: {getattr(error, 'Message', '') or error}")))
    else:
        return True
    return False


def _convert(channel: Channel, task: OfficeTask, engine: Engine) -> None:
    """Names of our own, so that nothing of what a sender wrote reaches LibreOffice but the content.

    The gateway has its answer before LibreOffice has put the document away. A worker that fails in that ends without a
    word: its answer was good.
    """
    source, target = task.folder / "document", task.folder / "printable.pdf"
    answered = False
    Incoming(channel.document()).store(source, task.max_stored_bytes)
    chosen = reader(task.format, source)
    if chosen is None:
        raise FormatUnsupported(f"no office document: {task.format}")
    try:
        with engine.opened(source, chosen, task.password, read_only=not task.alters) as document:
            settle(document, engine.sheets(document), task, engine.address)
            task.pages(engine.page_count(document))
            engine.export(document, target)
            channel.stream({"name": "result"}, file_chunks(target))
            channel.send({"event": "done"})
            answered = True
    except Exception:
        if answered:
            sys.exit(0)
        raise
    finally:
        source.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
