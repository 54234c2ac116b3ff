"""ipp:// and ipps://: jobs that are followed on the printer until they end, so that nothing has to be guessed.

A Print-Job's name carries the release id. After an interruption the printer is asked for a job of that name, and
only its answer, never a second try, decides what happened.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import replace

from gateway.adapters.devices.ipp_capabilities import DESCRIBED, capabilities
from gateway.adapters.devices.ipp_clients import IppClients
from gateway.adapters.devices.ipp_jobs import JOB_ATTRIBUTES, is_order, may_be_order, progress_of
from gateway.adapters.devices.ipp_ticket import SUPPORT, template
from gateway.adapters.devices.limits import OnPin, World
from gateway.domain.capabilities import Capabilities
from gateway.domain.device import Device, DeviceState, DeviceStatus
from gateway.services.ports import DeviceError, Order, Progress
from ipp.client import IppClient
from ipp.wire import Group, GroupTag, Message, PrinterState, Status, Value, build

_STATUS = ("printer-state", "printer-state-reasons", "printer-state-message", "printer-is-accepting-jobs")
_STATES: dict[Value, DeviceState] = {
    PrinterState.IDLE: DeviceState.IDLE,
    PrinterState.PROCESSING: DeviceState.PROCESSING,
    PrinterState.STOPPED: DeviceState.STOPPED,
}
_BUSY = frozenset(
    {
        Status.SERVER_ERROR_BUSY,
        Status.SERVER_ERROR_SERVICE_UNAVAILABLE,
        Status.SERVER_ERROR_DEVICE_ERROR,
        Status.SERVER_ERROR_TEMPORARY_ERROR,
        Status.SERVER_ERROR_NOT_ACCEPTING_JOBS,
        Status.SERVER_ERROR_TOO_MANY_JOBS,
        Status.SERVER_ERROR_PRINTER_IS_DEACTIVATED,
    }
)
_FIRST_ERROR = 0x0400


class IppDriver:
    """DeviceDriver for IPP and IPPS."""

    def __init__(self, world: World, on_pin: OnPin) -> None:
        self._world = world
        self._clients = IppClients(world, on_pin)
        self._support: dict[tuple[str, str], Group] = {}

    async def aclose(self) -> None:
        """Closes the connections that are kept for the next use."""
        await self._clients.aclose()

    async def describe(self, device: Device) -> Capabilities | None:
        async with self._clients.of(device) as client:
            answer = _accepted(await client.get_printer_attributes(DESCRIBED))
        return capabilities(answer.group(GroupTag.PRINTER) or Group(GroupTag.PRINTER))

    async def status(self, device: Device) -> DeviceStatus:
        now = self._world.clock.now()
        try:
            async with self._clients.of(device) as client:
                printer = await self._printer(client, (*_STATUS, *SUPPORT))
        except DeviceError as error:
            return DeviceStatus(state=DeviceState.UNREACHABLE, message=error.message, at=now)
        self._support[_key(device)] = printer
        return _status(printer, now)

    async def send(
        self, device: Device, order: Order, body: AsyncIterator[bytes], on_progress: Callable[[int], Awaitable[None]]
    ) -> str | None:
        """Print-Job. A status that refuses the job says that nothing was printed, however much had gone out."""
        async with self._clients.of(device) as client:
            support = self._support.get(_key(device)) or await self._printer(client, SUPPORT)
            operation = (
                build.name("requesting-user-name", order.user),
                build.name("job-name", order.name),
                build.boolean("ipp-attribute-fidelity", False),
                build.name("document-name", order.name),
                build.mime("document-format", order.format),
            )
            document = _watched(body, on_progress)
            answer = _accepted(await client.print_job(document, operation, template(order, support)))
        job = answer.group(GroupTag.JOB)
        number = None if job is None or (attribute := job.get("job-id")) is None else attribute.value
        return None if number is None else str(number)

    async def follow(self, device: Device, order: Order, device_job: str | None) -> AsyncIterator[Progress]:
        """One Progress each poll. While the printer does not answer, a stopped one; a job it no longer knows, or
        that is another's since the printer forgot its own, is a DeviceError: the outcome is unknown.
        """
        progress = Progress(device_job=device_job)
        while not progress.done:
            pause = self._world.limits.poll
            try:
                found = await self._look(device, order, progress.device_job)
            except DeviceError as error:
                pause = self._world.limits.lost
                found = replace(progress, stopped=True, reasons=("connecting-to-device",), message=error.message)
            if found is None:
                raise DeviceError("The printer no longer knows the job.", bytes_sent=order.size)
            progress = found
            yield progress
            if not progress.done:
                await self._world.clock.sleep(pause)

    async def find(self, device: Device, order: Order) -> Progress | None:
        """None when the printer answers and knows no such job; DeviceError while it does not answer."""
        async with self._clients.of(device) as client:
            for which in ("not-completed", "completed"):
                answer = await client.get_jobs(which=which, requested=JOB_ATTRIBUTES)
                if answer.code >= _FIRST_ERROR:
                    return None
                for job in answer.groups_of(GroupTag.JOB):
                    if is_order(job, order):
                        return progress_of(job, None)
        return None

    async def cancel(self, device: Device, device_job: str | None) -> None:
        """A job that has ended meanwhile is fine."""
        if device_job is None or not device_job.isdigit():
            return
        async with self._clients.of(device) as client:
            await client.cancel_job(int(device_job))

    async def _look(self, device: Device, order: Order, device_job: str | None) -> Progress | None:
        """None when the printer answers but has no such job, or has given its number to another."""
        if device_job is None or not device_job.isdigit():
            return await self.find(device, order)
        async with self._clients.of(device) as client:
            answer = await client.get_job_attributes(int(device_job), JOB_ATTRIBUTES)
            job = answer.group(GroupTag.JOB)
            if answer.code >= _FIRST_ERROR or job is None or not may_be_order(job, order):
                return None
            return progress_of(job, await self._printer(client, _STATUS))

    async def _printer(self, client: IppClient, requested: Iterable[str]) -> Group:
        answer = _accepted(await client.get_printer_attributes(requested))
        return answer.group(GroupTag.PRINTER) or Group(GroupTag.PRINTER)


def _key(device: Device) -> tuple[str, str]:
    return device.name, device.uri


def _status(printer: Group, now: float) -> DeviceStatus:
    def texts(name: str) -> tuple[str, ...]:
        attribute = printer.get(name)
        return () if attribute is None else tuple(str(v) for v in attribute.values if v not in {None, "none", ""})

    number, accepting = printer.get("printer-state"), printer.get("printer-is-accepting-jobs")
    state = DeviceState.UNKNOWN if number is None else _STATES.get(number.value, DeviceState.UNKNOWN)
    reasons = texts("printer-state-reasons")
    if accepting is not None and accepting.value is False:
        state, reasons = DeviceState.STOPPED, (*reasons, "not-accepting-jobs")
    return DeviceStatus(state=state, reasons=reasons, message=" ".join(texts("printer-state-message"))[:200], at=now)


async def _watched(body: AsyncIterator[bytes], on_progress: Callable[[int], Awaitable[None]]) -> AsyncIterator[bytes]:
    sent = 0
    await on_progress(0)
    async for chunk in body:
        yield chunk
        sent += len(chunk)
        await on_progress(sent)


def _accepted(answer: Message) -> Message:
    if answer.code < _FIRST_ERROR:
        return answer
    operation = answer.group(GroupTag.OPERATION)
    said = None if operation is None else operation.get("status-message")
    try:
        keyword = Status(answer.code).keyword
    except ValueError:
        keyword = f"status {answer.code:#06x}"
    text = f"The printer refuses: {keyword}." if said is None else f"The printer refuses: {keyword} ({said.value!s})."
    raise DeviceError(text[:300], busy=answer.code in _BUSY)
