"""HTML from standard input to PDF on standard output, and nothing fetched from anywhere: a process for one sheet."""

import resource
import sys

from weasyprint import HTML  # type: ignore[import-untyped]  # reason: it has no types

MEMORY = 1024 * 1024 * 1024
CPU_SECONDS = 60


def fetch_nothing(url: str, *_given: object, **_named: object) -> dict[str, object]:
    raise ValueError(f"A sheet has everything in itself; {url[:100]} is not fetched.")


def main() -> int:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    html = sys.stdin.buffer.read().decode()
    HTML(string=html, url_fetcher=fetch_nothing, base_url=None).write_pdf(sys.stdout.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
