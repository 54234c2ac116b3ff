"""`papertap why`: what became of a job, or of a document that never became one."""

from typing import Annotated, Any

import typer

from gateway.app import Gateway, why_of
from gateway.cli.common import AsJson, Config, Data, show, using, when
from gateway.domain.copier import CopierSession
from gateway.domain.user import SYSTEM
from gateway.errors import NotFound
from gateway.services.ports import Trace

MOST = 20


def why_command(
    query: Annotated[str, typer.Argument(help="A job's number, a person, or a part of a job's name.")],
    address: Annotated[str, typer.Option(help="Only what came from this address.")] = "",
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """Say why a job did not come out: its whole life, or what was found."""

    async def work(gateway: Gateway) -> list[dict[str, Any]]:
        why = why_of(gateway)
        found = await why.find(Trace(text=query, address=address, limit=MOST), SYSTEM)
        if not found.jobs and not found.refused and not found.copied:
            raise NotFound(f'Nothing is known of "{query}". Try a person, a part of the name, or the number.')
        if len(found.jobs) != 1 or found.refused or found.copied:
            return [
                *(
                    {"job": j.id, "at": when(j.created_at), "name": j.name, "state": j.state.keyword}
                    for j in found.jobs
                ),
                *(
                    {"job": "refused", "at": when(r.at), "name": r.document_name, "state": r.text or r.outcome}
                    for r in found.refused
                ),
                *(
                    {"job": "copier", "at": when(c.started_at), "name": c.device, "state": _counted(c)}
                    for c in found.copied
                ),
            ]
        life = await why.life(found.jobs[0].id, SYSTEM)
        rows = [{"at": when(m.at), "what": m.what, "by": m.by, "text": m.text} for m in life.moments]
        return [*rows, {"at": "now", "what": life.rule, "by": "", "text": life.next_step}]

    show(using(config, data, work), as_json)


def _counted(session: CopierSession) -> str:
    made = ", ".join(f"{counter.value} {count}" for counter, count in session.counts.items())
    return f"{session.state.value} {made}".strip()
