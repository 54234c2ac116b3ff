"""The OpenAPI document: what FastAPI reads off the routes, and what it cannot know: who may, and how a no looks."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from mobile_api.examples import EXAMPLES
from mobile_api.policy import Rule, rule_of
from mobile_api.problems import MEDIA_TYPE, TITLES, FieldError, Problem
from mobile_api.router import GuardedRoute

DESCRIPTION = """\
What Papertap's pages do, for programs. Send a token as `Authorization: Bearer papertap_…`, made on the page *Tokens* or with
`papertap token add`. Lists come in pages: give `next` back as `cursor`. A creating call may carry an `Idempotency-Key`:
the same key and body within 24 hours get the first answer again. Answers with an `ETag` take it back as `If-Match`.
A refusal is `application/problem+json` (RFC 9457) with a stable `code`, and a `detail` for people in the language of
`Accept-Language` (en, de, fr)."""

_SECURITY = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token; its scopes say what it is for."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "__Host-papertap",
        "description": "The portal's session; what changes something carries its token as X-CSRF, too.",
    },
}


def describe(app: FastAPI) -> dict[str, Any]:
    """Made anew at each call: who gives it away keeps the octets, which are a tenth of it."""
    routes = [route for route in app.routes if isinstance(route, GuardedRoute)]
    made = get_openapi(
        title=app.title, version=app.version, description=DESCRIPTION, routes=routes, servers=app.servers
    )
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    schemas["FieldError"] = FieldError.model_json_schema()
    schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas["Problem"].pop("$defs", None)
    for name, example in EXAMPLES.items():
        if name in schemas:
            schemas[name]["examples"] = [example]
    made["components"]["securitySchemes"] = _SECURITY
    made["components"]["responses"] = {str(status): _refusal(text) for status, text in TITLES.items()}
    for route in routes:
        _complete(made["paths"], route)
    return made


def _refusal(title: str) -> dict[str, Any]:
    return {"description": title, "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}}


def _complete(paths: dict[str, Any], route: APIRoute) -> None:
    rule = rule_of(route.endpoint) or Rule()
    for method in route.methods or ():
        operation = paths[route.path_format].get(method.lower())
        if operation is None:
            continue
        operation["security"] = (
            [] if rule.anyone else [{"token": [] if rule.any_scope else list(rule.scopes)}, {"session": []}]
        )
        operation["x-permission"] = _who(rule)
        responses = operation["responses"]
        responses.pop("422", None)
        for status in _refusals(method, route, rule):
            responses.setdefault(str(status), {"$ref": f"#/components/responses/{status}"})
        if rule.recent:
            operation["security"] = [{"session": []}]
        if method == "POST" and not rule.anyone:
            operation.setdefault("parameters", []).append(_KEY)


_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Random text: the same call under the same key is done once, for 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 200, "pattern": "^[!-~]+$"},
}


def _refusals(method: str, route: APIRoute, rule: Rule) -> list[int]:
    found = [400, 429, 500, 503]
    if not rule.anyone:
        found += [401, 403]
    if route.param_convertors or not rule.anyone or method != "GET":
        found.append(404)
    if route.dependant.query_params or route.dependant.path_params or method != "GET":
        found.append(422)
    if method != "GET":
        found += [409, 412, 413, 415, 507]
    return sorted(set(found))


def _who(rule: Rule) -> str:
    if rule.anyone:
        return "anyone"
    if rule.permission is not None:
        names = " or ".join(permission.value for permission in rule.permissions)
        return names + (" (at one site at least)" if rule.somewhere else "")
    return "own" if rule.scope is None else f"own, or {rule.scope.value}"
