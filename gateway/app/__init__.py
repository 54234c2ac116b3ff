"""The composition root: the only place that names concrete classes."""

from gateway.adapters.backup import backup, restore
from gateway.app.build import Gateway, build
from gateway.app.checks import Finding, check
from gateway.app.demo import demo
from gateway.app.personal import site_url
from gateway.app.serving import serve

__all__ = ["Finding", "Gateway", "backup", "build", "check", "demo", "restore", "serve", "site_url"]
