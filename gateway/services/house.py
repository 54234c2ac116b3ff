"""What staff needs to run the house, in one hand: the administration's pages and commands work with these services."""

from dataclasses import dataclass

from gateway.services.audit import Audit
from gateway.services.charging import Charging
from gateway.services.groups import Groups
from gateway.services.lockouts import Lockouts
from gateway.services.project_import import ProjectImports
from gateway.services.projects import Projects
from gateway.services.roles import Roles
from gateway.services.second_factor import SecondFactors
from gateway.services.user_admin import UserAdmin


@dataclass(frozen=True, kw_only=True, slots=True)
class House:
    audit: Audit
    roles: Roles
    groups: Groups
    second: SecondFactors
    users: UserAdmin
    lockouts: Lockouts
    projects: Projects
    project_imports: ProjectImports
    charging: Charging
