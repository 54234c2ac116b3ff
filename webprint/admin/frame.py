"""What every page of the house has in common: the menu beside it, and what was done or refused above it."""

from typing import Any

from starlette.responses import RedirectResponse, Response

from gateway.errors import NotFound, Refusal
from gateway.i18n import said
from webprint.admin.menu import menu_for
from webprint.answers import status_of
from webprint.policy import POLICY
from webprint.site import Site, Visit


class AdminPage:
    """A base for the handlers of one area; templates extend admin/base.html."""

    def __init__(self, site: Site) -> None:
        self._site = site

    def page(
        self,
        visit: Visit,
        template: str,
        *,
        refusal: Refusal | None = None,
        done: str = "",
        status: int = 200,
        **values: Any,
    ) -> Response:
        """`refusal` gives the status and a notice; `done` is a finished sentence."""
        return self._site.page(
            visit,
            f"admin/{template}",
            status=status if refusal is None else status_of(refusal),
            menu=menu_for(visit.actor, visit.request.url.path, POLICY),
            refusal="" if refusal is None else said(refusal.message),
            done=done,
            visit_time=self._site.clock.now(),
            **values,
        )


def found_or_raise(refusal: Refusal) -> Refusal:
    """What is not there is no matter of a form: its page is gone."""
    if isinstance(refusal, NotFound):
        raise refusal
    return refusal


def seen_other(path: str) -> Response:
    """After a form: a reload of the page must not send it again."""
    return RedirectResponse(path, status_code=303)
