"""How much is measured: small figures while something is being developed, the whole ones for the record."""

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass

INTAKE_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """`seconds` of load in each run; `runs` of ours and the peer's in turn; the rest are amounts."""

    seconds: float = 3.0
    runs: int = 3
    jobs: int = 10_000  # held
    ended: int = 500_000  # jobs of history
    megabytes: int = 1024  # of the one large document
    releases: int = 100
    users: int = 100_000
    groups: int = 50_000
    open_pages: int = 500
    intake_seconds: float = INTAKE_SECONDS
    intake_rate: float = 20.0  # jobs a second

    @staticmethod
    def options(parser: ArgumentParser) -> None:
        plain = Plan()
        parser.add_argument("--seconds", type=float, default=plain.seconds, help="of load in each run")
        parser.add_argument("--runs", type=int, default=plain.runs, help="of ours and of the peer's, in turn")
        parser.add_argument("--jobs", type=int, default=plain.jobs, help="held, for memory, restart and growth")
        parser.add_argument("--ended", type=int, default=plain.ended, help="jobs of history, for growth")
        parser.add_argument("--megabytes", type=int, default=plain.megabytes, help="of the large document, for memory")
        parser.add_argument("--releases", type=int, default=plain.releases, help="of each kind of device, for device")
        parser.add_argument("--users", type=int, default=plain.users, help="that there are, for pages")
        parser.add_argument("--groups", type=int, default=plain.groups, help="that there are, for people")
        parser.add_argument("--open-pages", type=int, default=plain.open_pages, help="with live updates, for live")
        parser.add_argument("--minutes", type=float, default=0, help="of intake instead of 20 s")

    @classmethod
    def of(cls, given: Namespace) -> "Plan":
        return cls(
            seconds=given.seconds,
            runs=given.runs,
            jobs=given.jobs,
            ended=given.ended,
            megabytes=given.megabytes,
            releases=given.releases,
            users=given.users,
            groups=given.groups,
            open_pages=given.open_pages,
            intake_seconds=given.minutes * 60 if given.minutes else INTAKE_SECONDS,
        )
