"""`papertap mail`: whether letters can be sent, and what became of them."""

from typing import Annotated, Any

import typer

from gateway.app import Gateway
from gateway.cli.common import AsJson, Config, Data, show, using, when
from gateway.domain.letter import Post, PostState

mail = typer.Typer(no_args_is_help=True, help="Outgoing mail: try it, and see what became of letters.")


@mail.command("test")
def mail_test(
    address: str,
    language: Annotated[str, typer.Option(help="en, de or fr.")] = "en",
    config: Config = None,
    data: Data = None,
) -> None:
    """Send a mail to ADDRESS now, and say what the mail server answered."""

    async def work(gateway: Gateway) -> str:
        return await gateway.mailer.try_out(address, language)

    print(f"The mail server took it: {using(config, data, work)}")


@mail.command("list")
def mail_list(
    state: Annotated[list[PostState] | None, typer.Option(help="May be given several times.")] = None,
    limit: Annotated[int, typer.Option()] = 100,
    config: Config = None,
    data: Data = None,
    as_json: AsJson = False,
) -> None:
    """List letters, newest first: what waits, what was sent, what was given up and why."""
    posts = using(config, data, lambda gateway: gateway.database.outbox.posts(states=state or (), limit=limit))
    show([_post(post) for post in posts], as_json)


def _post(post: Post) -> dict[str, Any]:
    """Without its values: a link in them may be somebody's way in."""
    return {
        "id": post.id,
        "kind": post.kind,
        "to": post.to,
        "state": post.state.value,
        "tries": post.tries,
        "created": when(post.created_at),
        "due": when(post.due_at) if post.state is PostState.WAITING else None,
        "ended": when(post.ended_at),
        "answer": post.answer,
    }
