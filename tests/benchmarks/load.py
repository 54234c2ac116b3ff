"""Load from a program that none of us wrote: wrk sends one prepared request again and again over kept connections."""

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tests.benchmarks.messages import print_job

_SCRIPT = """
local file = io.open("{body}", "rb")
local body = file:read("*all")
file:close()
wrk.method = "POST"
wrk.path = "{path}"
wrk.headers["Content-Type"] = "application/ipp"
wrk.body = body
refused_count = 0
function response(status, headers, answer)
  if status ~= 200 or #answer < 4 or answer:byte(3) > 0 then refused_count = refused_count + 1 end
end
local threads = {{}}
function setup(thread) table.insert(threads, thread) end
function done(summary, latency, requests)
  local bad = 0
  for _, thread in ipairs(threads) do bad = bad + (thread:get("refused_count") or 0) end
  io.write(string.format("RESULT %d %d %d %d %d\\n", summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99),
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
    + summary.errors.status + bad))
end
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """`rate` a second; `p50` and `p99` in milliseconds; `errors` of connections and statuses."""

    rate: float
    p50: float
    p99: float
    errors: int
    requests: int


def post(port: int, path: str, body: bytes, *, concurrency: int, seconds: float) -> Result:
    """POSTs `body` as application/ipp for `seconds`, whole ones as wrk wants them, over `concurrency` connections from one thread."""
    with tempfile.TemporaryDirectory() as scratch:
        payload, script = Path(scratch, "body.ipp"), Path(scratch, "post.lua")
        payload.write_bytes(body)
        script.write_text(_SCRIPT.format(body=payload, path=path))
        command = [
            "wrk",
            "-t1",
            f"-c{concurrency}",
            f"-d{max(1, round(seconds))}s",
            "--timeout",
            "30s",
            "-s",
            str(script),
        ]
        output = subprocess.run(
            [*command, f"http://127.0.0.1:{port}{path}"], check=True, capture_output=True, text=True
        ).stdout
    found = re.search(r"RESULT (\d+) (\d+) (\d+) (\d+) (\d+)", output)
    if found is None:
        raise RuntimeError(f"wrk said nothing that could be read:\n{output}")
    requests, duration, p50, p99, errors = map(int, found.groups())
    return Result(rate=requests / (duration / 1e6), p50=p50 / 1000, p99=p99 / 1000, errors=errors, requests=requests)


def taken(results: list[Result]) -> Result:
    """The medians of several runs; errors and requests are added up."""
    return Result(
        rate=median(r.rate for r in results),
        p50=median(r.p50 for r in results),
        p99=median(r.p99 for r in results),
        errors=sum(r.errors for r in results),
        requests=sum(r.requests for r in results),
    )


def fill(port: int, path: str, uri: str, count: int, *, octets: int = 2000) -> None:
    """At least `count` held jobs, as fast as they are taken."""
    done = 0
    while done < count:
        done += post(port, path, print_job(uri, octets), concurrency=8, seconds=1).requests
