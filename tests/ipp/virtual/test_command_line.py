"""`python -m ipp.virtual` as a process of its own."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from ipp.client import IppClient
from ipp.virtual.__main__ import main
from ipp.wire import GroupTag, JobState, build
from tests.ipp.virtual.samples import a_pdf, in_pieces

ROOT = Path(__file__).parents[3]


async def test_it_says_where_it_listens_prints_refills_and_stops(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "ipp.virtual", "--directory", str(tmp_path), "--ipp-port", "0", "--raw-port", "0"),
        *("--no-pictures", "--speed", "0", "--misbehave", "paper-out:1", "--format", "application/pdf", "--simplex"),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(60):
            uris = [(await process.stdout.readline()).decode().strip() for _ in range(2)]
        assert [uri.partition(":")[0] for uri in uris] == ["ipp", "socket"]
        async with IppClient(uris[0]) as client, asyncio.timeout(60):
            await client.print_job(in_pieces(a_pdf(2)), (build.name("job-name", "x"),))
            while await _state(client) != JobState.PROCESSING_STOPPED:
                await asyncio.sleep(0.01)
            process.send_signal(signal.SIGUSR1)
            while await _state(client) != JobState.COMPLETED:
                await asyncio.sleep(0.01)
        process.terminate()
        assert await asyncio.wait_for(process.wait(), 60) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (tmp_path / "0001-x" / "document.pdf").read_bytes() == a_pdf(2)


async def _state(client: IppClient) -> object:
    job = (await client.get_job_attributes(1, ("job-state",))).group(GroupTag.JOB)
    assert job is not None
    state = job.get("job-state")
    assert state is not None
    return state.value


@pytest.mark.parametrize("wrong", [("--misbehave", "explode"), ("--media", "a4"), ("--raw-port", "x"), ()])
def test_usage_errors_exit_with_2(wrong: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*(("--directory", str(tmp_path)) if wrong else ()), *wrong])
    assert caught.value.code == 2
    assert "usage:" in capsys.readouterr().err
