"""The process inside the jail: import everything, say so, then serve documents until it is killed."""

import contextlib
import os
import resource
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sandbox.errors import Crashed, SandboxError, TooLarge, to_wire
from sandbox.jail import fonts, look, render, unpack
from sandbox.jail.channel import Channel, file_chunks
from sandbox.jail.document import Opened, merged, open_document
from sandbox.jail.image_pdf import ImagePdf, Picture, deflated
from sandbox.jail.incoming import Incoming
from sandbox.jail.raster import Space
from sandbox.jail.task import Task, task_from_wire
from sandbox.model import Facts, PageFacts, Thumbnails, facts_to_wire, rendered_to_wire
from sandbox.protocol import ProtocolError

# All of the jail's memory file system, so that nothing of one document is left there for the next.
_FOLDER = Path("/tmp")  # noqa: S108 - the jail's own
_PROCESSES = 64
_NICE = 5
_OOM_SCORE = 800


def main() -> None:
    """Serve. Standard output is kept for the frames: what a library prints goes to standard error instead."""
    resource.setrlimit(resource.RLIMIT_NPROC, (_PROCESSES, _PROCESSES))
    _yield_to_the_gateway()
    target = os.dup(1)
    os.dup2(2, 1)
    channel = Channel(0, target)
    _warm_up(_FOLDER)
    channel.send({"event": "ready"})
    while (request := channel.request()) is not None:
        if not serve(channel, request, _FOLDER):
            # The rest of the document is still coming; a fresh worker is cheaper than reading it all.
            sys.exit(0)
        render.forget(_FOLDER)


def _yield_to_the_gateway() -> None:
    """Clients wait for the gateway's answers, hardly anybody for a conversion; and when memory ends, it ends here."""
    os.nice(_NICE)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(_OOM_SCORE), encoding="ascii")


def _warm_up(folder: Path) -> None:
    """Take a blank page all the way: the first use of each library costs more than the document does."""
    task = Task(operation="prepare", folder=folder)
    blank = folder / "blank.pdf"
    with ImagePdf(blank) as pdf:
        picture = Picture(width=8, height=8, points=(595, 842), space=Space.RGB)
        pdf.add(picture, deflated([bytes(192)]))
    opened = open_document(task, Incoming(file_chunks(blank)))
    look.facts(opened.path, thumbnails=Thumbnails(count=1), show=lambda *_: None, max_pixels=task.max_pixels)
    # Any font will do: the question is what makes the list of those that are installed.
    fonts.found(opened.path, ("Carlito",))
    render.plan(opened, task)
    render.forget(folder)


def serve(channel: Channel, request: dict[str, Any], folder: Path) -> bool:
    """Answer one request; returns whether the worker can go on. Every error becomes an error header."""
    try:

        def office(media_type: str, path: Path) -> Incoming:
            channel.stream({"name": "office", "format": media_type}, file_chunks(path))
            return Incoming(channel.document())

        def report(count: int) -> None:
            channel.send({"event": "pages", "count": count})

        task = task_from_wire(request, folder, report, office)
        channel.send({"event": "done", **_work(channel, task)})
    except SandboxError as error:
        channel.send(to_wire(error))
    except MemoryError as error:
        channel.send(to_wire(TooLarge(f"memory: {error}", limit="memory")))
    except ProtocolError:
        raise
    except OSError as error:
        full = error.errno in {27, 28}  # EFBIG, ENOSPC: of the jail's memory file system
        channel.send(to_wire(TooLarge(str(error), limit="memory") if full else Crashed(f"OSError: {error}")))
    except Exception as error:  # noqa: BLE001 - foreign input may raise anything; the sender still gets an answer
        channel.send(to_wire(Crashed(f"{type(error).__name__}: {error}")))
    else:
        return True
    return False


def _work(channel: Channel, task: Task) -> dict[str, object]:
    if task.operation == "unpack":
        return unpack.unpacked(channel, task)
    opened = (
        merged(task, _incoming(channel, task))
        if task.operation == "merge"
        else open_document(task, Incoming(channel.document()))
    )
    match task.operation:
        case "inspect" | "prepare" | "thumbnails" | "merge":
            return _describe(channel, task, opened)
        case "render":
            made = render.plan(opened, task)
            channel.stream({"name": "result"}, render.chunks(made, task))
            return {"rendered": rendered_to_wire(render.rendered(made, task.recipe))}
        case "preview":
            return {"rendered": rendered_to_wire(render.previewed(opened, task, _shown(channel)))}
        case _:
            raise Crashed("an unknown operation")


def _incoming(channel: Channel, task: Task) -> Iterator[Incoming]:
    """The documents of a merge. The answers of the office worker come the same way, so each one is asked for."""
    for number in range(task.documents):
        if number and task.office is not None:
            channel.send({"event": "next"})
        yield Incoming(channel.document())


def _shown(channel: Channel) -> look.Show:
    def show(page: int, picture: bytes) -> None:
        channel.stream({"name": "thumbnail", "page": page}, (picture,))

    return show


def _describe(channel: Channel, task: Task, opened: Opened) -> dict[str, object]:
    pages: tuple[PageFacts, ...] = opened.pages or ()
    found = fonts.Found()
    if opened.pages is None and opened.path.exists():
        pages = look.facts(
            opened.path,
            thumbnails=task.thumbnails,
            show=_shown(channel),
            known=opened.colors,
            max_pixels=task.max_pixels,
        )
        found = fonts.found(opened.path, opened.fonts)
    if task.operation in {"prepare", "merge"}:
        channel.stream({"name": "result"}, file_chunks(opened.path))
    cleaned = opened.cleaned
    facts = Facts(
        format=opened.format,
        pages=pages,
        encrypted=cleaned.encrypted,
        print_permitted=cleaned.print_permitted,
        repaired=cleaned.repaired,
        removed=cleaned.removed,
        notes=(*opened.notes, *found.notes),
        fonts=found.used,
        missing_fonts=found.missing,
        inspection=opened.inspection,
        asks=opened.asks,
    )
    return {"facts": facts_to_wire(facts)}
