"""Whether a device can make what a ticket asks, and which one should (rows 17, 71, 73, 175)."""

from gateway.domain.device import Device, DeviceState
from gateway.domain.ticket import JobTicket
from gateway.errors import NotPossible, Refusal

_NO_FINISHING = 3


def lacking(device: Device, ticket: JobTicket, raw_format: str | None = None) -> list[str]:
    """What the ticket asks and this device has not, in words; what the gateway does itself is not counted.

    `raw_format` is the language of a print file that goes to the device as it is.
    """
    can = device.capabilities
    wanted = ticket.media or ""
    missing = []
    if raw_format is not None and raw_format not in can.formats:
        missing.append("the language of this print file")
    if wanted and can.find_media(wanted) is None:
        missing.append(f"the paper {wanted}")
    if ticket.sides not in {None, "one-sided"} and not can.duplex:
        missing.append("two-sided printing")
    if ticket.print_color_mode == "color" and not can.color:
        missing.append("colour")
    if any(f not in can.finishings for f in ticket.finishings if f != _NO_FINISHING):
        missing.append("that finishing")
    return missing


def refusal_of(
    device: Device, ticket: JobTicket, *, others: tuple[Device, ...], raw_format: str | None = None
) -> Refusal | None:
    """None when the device can print this now; else a refusal that names the nearest device that can."""
    name = device.info or device.name
    if not device.status.can_print:
        why = device.status.message.rstrip(".") or _STATE_TEXT[device.status.state]
        return NotPossible(f"{name} cannot print now: {why}.{_instead(device, ticket, others, raw_format)}")
    missing = lacking(device, ticket, raw_format)
    if missing:
        return NotPossible(f"{name} does not have {', '.join(missing)}.{_instead(device, ticket, others, raw_format)}")
    return None


def choose_device(several: tuple[Device, ...], ticket: JobTicket, raw_format: str | None = None) -> Device:
    """The first that can print now and lacks nothing; else the first that lacks nothing; else the first."""
    if not several:
        raise NotPossible("No output device is set up for this printer. An administrator can add one.")
    fitting = [d for d in several if not lacking(d, ticket, raw_format)]
    ready = [d for d in fitting if d.status.can_print]
    return (ready or fitting or list(several))[0]


def _instead(device: Device, ticket: JobTicket, others: tuple[Device, ...], raw_format: str | None) -> str:
    ready = (d for d in others if d.name != device.name and d.status.can_print)
    good = next((d for d in ready if not lacking(d, ticket, raw_format)), None)
    if good is None:
        return " Your job keeps waiting."
    where = f" ({good.location})" if good.location else ""
    return f" {good.info or good.name}{where} can: release it there. Your job keeps waiting."


_STATE_TEXT = {
    DeviceState.STOPPED: "it is stopped",
    DeviceState.UNREACHABLE: "it does not answer",
    DeviceState.IDLE: "",
    DeviceState.PROCESSING: "",
    DeviceState.UNKNOWN: "",
}
