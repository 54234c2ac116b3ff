"""Traces of jobs, where the settings name somebody to tell."""

from importlib.metadata import version
from typing import TYPE_CHECKING

from gateway.app.build import Gateway
from gateway.errors import StartupError
from gateway.services.tracing import Tracing
from gateway.settings import Settings

if TYPE_CHECKING:
    from gateway.adapters.traces import OtlpTraces


def traces_of(settings: Settings) -> "OtlpTraces":
    """StartupError without OpenTelemetry's packages."""
    try:
        from gateway.adapters.traces import OtlpTraces  # noqa: PLC0415 - an extra that most houses do not have
    except ImportError as error:
        raise StartupError(
            "traces.endpoint needs OpenTelemetry: pip install 'papertap[traces]', or take the setting away."
        ) from error
    return OtlpTraces(settings.traces, version=version("papertap"))


async def trace_jobs(gateway: Gateway, traces: "OtlpTraces") -> None:
    """Until cancelled."""
    await Tracing(
        traces=traces,
        jobs=gateway.database.jobs,
        receipts_of=gateway.database.why.receipts_of,
        events=gateway.events,
        share=gateway.settings.traces.sample,
    ).run()
