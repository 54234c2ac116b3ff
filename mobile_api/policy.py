"""Who may call what, declared at each route; a route without a rule answers nobody, and a test fails for it.

    @router.get("/printers/{name}")
    @needs(Permission.PRINTERS)
    async def show(...)

A rule says which door is opened; which job, user or site the caller then reaches is decided by the services, as for pages.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from gateway.domain.rights import Permission
from gateway.domain.user import Actor
from gateway.services.api_tokens import OWN

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])
_RULE = "__papertap_rule__"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """`anyone`: also strangers. `permission`: what staff needs, `somewhere` at one site at least, else everywhere;
    `otherwise` does as well.

    Without one it is the caller's own: whoever is signed in, or a token with the scope jobs:own or, for staff, `scope`.
    `any_scope`: whatever a token is for. `recent`: a session whose user proved itself within minutes; no token will do. `streams`: the body is not
    held in memory; what takes it knows the idempotency key, or changes nothing more when it is sent again. `secret`: the answer shows a secret once, and is never kept.
    """

    anyone: bool = False
    permission: Permission | None = None
    otherwise: Permission | None = None
    somewhere: bool = False
    scope: Permission | None = None
    any_scope: bool = False
    recent: bool = False
    streams: bool = False
    secret: bool = False

    @property
    def scopes(self) -> tuple[str, ...]:
        """Any of these must be in a token."""
        if self.permission is not None:
            return tuple(permission.value for permission in self.permissions)
        return (OWN,) if self.scope is None else (OWN, self.scope.value)

    @property
    def permissions(self) -> tuple[Permission, ...]:
        """Any of these does."""
        return tuple(one for one in (self.permission, self.otherwise) if one is not None)

    def allows(self, actor: Actor) -> bool:
        if self.anyone:
            return True
        if self.permission is None:
            return actor.user is not None
        may = actor.may_somewhere if self.somewhere else actor.may
        return any(may(permission) for permission in self.permissions)


def needs(
    permission: Permission,
    *,
    otherwise: Permission | None = None,
    somewhere: bool = False,
    recent: bool = False,
    streams: bool = False,
    secret: bool = False,
) -> Callable[[Endpoint], Endpoint]:
    """`somewhere`: at one site at least; the handler then shows or changes what is in reach alone."""
    return _declared(
        Rule(
            permission=permission,
            otherwise=otherwise,
            somewhere=somewhere,
            recent=recent,
            streams=streams,
            secret=secret,
        )
    )


def own(
    scope: Permission | None = None,
    *,
    any_scope: bool = False,
    recent: bool = False,
    streams: bool = False,
    secret: bool = False,
) -> Callable[[Endpoint], Endpoint]:
    """The caller's own things; with `scope` staff reaches others' through the same route, as the service decides."""
    return _declared(Rule(scope=scope, any_scope=any_scope, recent=recent, streams=streams, secret=secret))


def anyone() -> Callable[[Endpoint], Endpoint]:
    return _declared(Rule(anyone=True))


def rule_of(endpoint: Callable[..., Any]) -> Rule | None:
    """None means: nobody."""
    found = getattr(endpoint, _RULE, None)
    return found if isinstance(found, Rule) else None


def _declared(rule: Rule) -> Callable[[Endpoint], Endpoint]:
    def declare(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, _RULE, rule)
        return endpoint

    return declare
