"""Makes what reaches a directory out of its row; what each kind needs is loaded when there is one of that kind."""

from gateway.adapters.devices.egress import Egress
from gateway.domain.directory import Directory, GraphSettings, Secrets
from gateway.services.ports import Clock
from gateway.services.ports.directories import DirectorySource


class DirectoryMakers:
    """gateway.services.ports.directories.Directories."""

    def __init__(self, *, clock: Clock, egress: Egress | None = None) -> None:
        self._clock = clock
        self._egress = egress or Egress()

    def source(self, directory: Directory, secrets: Secrets) -> DirectorySource:
        settings = directory.settings
        if isinstance(settings, GraphSettings):
            from gateway.adapters.directory.graph import GraphDirectory  # noqa: PLC0415 - an HTTP client

            return GraphDirectory(settings, directory.fields, secrets, clock=self._clock)
        from gateway.adapters.directory.ldap import LdapDirectory  # noqa: PLC0415 - for symmetry: it is light

        return LdapDirectory(settings, directory.fields, secrets, egress=self._egress)
