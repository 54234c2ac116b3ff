"""Whether the pages of people, groups, roles and the audit log stay quick with a hundred thousand people."""

import time

from tests.benchmarks import rows
from tests.benchmarks.client import PASSWORD, Visitor
from tests.benchmarks.plan import Plan
from tests.benchmarks.report import Report, spread
from tests.peers.ours import papertap

MILLISECONDS = 150.0
TIMES = 30
PAGES = (
    ("people", "/admin/users"),
    ("people, from the middle", "/admin/users?after=user-50000"),
    ("people found", "/admin/users?q=user-77"),
    ("nobody found", "/admin/users?q=nothing+such"),
    ("groups", "/admin/groups"),
    ("no group found", "/admin/groups?q=nothing+such"),
    ("a group", "/admin/group?name=group-1"),
    ("roles", "/admin/roles"),
    ("audit log", "/admin/audit"),
    ("who is locked out", "/admin/lockouts"),
)


def people(plan: Plan, report: Report) -> None:
    with papertap(("user", "add", "root", "--password", PASSWORD, "--role", "administrator")) as instance:
        began = time.monotonic()
        rows.add_people(instance.data, plan.users)
        rows.add_groups(instance.data, plan.groups)
        report.title(
            f"Pages of the house with {plan.users:,} people and {plan.groups:,} groups "
            f"(rows added in {time.monotonic() - began:.0f} s)"
        )
        visitor = Visitor(instance.http_port, "root")
        try:
            for what, path in PAGES:
                _measure(report, visitor, what, path)
        finally:
            visitor.close()


def _measure(report: Report, visitor: Visitor, what: str, path: str) -> None:
    taken = []
    for _ in range(TIMES):
        began = time.monotonic()
        visitor.get(path)
        taken.append((time.monotonic() - began) * 1000)
    median, worst = spread(taken)
    report.line(what, median, "ms", note=f"p99 {worst:.1f} ms")
    report.at_most(f"House: {what}, time", median, MILLISECONDS, "ms")
