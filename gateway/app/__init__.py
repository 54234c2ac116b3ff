"""The composition root: the only place that names concrete classes."""

from gateway.adapters.backup import backup, restore
from gateway.app.administration import setup_of, why_of
from gateway.app.build import Gateway, build
from gateway.app.checks import check
from gateway.app.demo import demo
from gateway.app.personal import site_url
from gateway.app.remote import remote_access
from gateway.app.serving import serve
from gateway.services.health import Finding

__all__ = [
    "Finding",
    "Gateway",
    "backup",
    "build",
    "check",
    "demo",
    "remote_access",
    "restore",
    "serve",
    "setup_of",
    "site_url",
    "why_of",
]
