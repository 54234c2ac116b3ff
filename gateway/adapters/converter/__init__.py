"""The Converter port on the sandbox: the only package outside of it that knows it."""

from gateway.adapters.converter.recipes import recipe
from gateway.adapters.converter.sandboxed import SandboxConverter, machine_findings

__all__ = ["SandboxConverter", "machine_findings", "recipe"]
