"""What becomes of a job at each turn of its delivery: pure functions from row to row, one transaction each."""

from dataclasses import dataclass, replace

from gateway.domain.account import Receipt
from gateway.domain.events import JobRecord
from gateway.domain.job import Cause, Job, JobState, Reason, advance
from gateway.domain.waiting import unassigned, waiting_reasons
from gateway.services.counting import Counts
from gateway.services.delivery_plan import Plan
from gateway.services.ports import JobChange, Progress

_REASONS = {reason.value: reason for reason in Reason}


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """When, and at which device (its name for people), something happened."""

    now: float
    device: str

    def change(self, job: Job, what: str, text: str = "", receipt: Receipt | None = None) -> JobChange:
        record = JobRecord(job_id=job.id, at=self.now, what=what, by="delivery", text=text)
        return JobChange(job=job, records=(record,), receipt=receipt)

    def sending(self, job: Job, counts: Counts) -> JobChange:
        """Before the first octet goes out: from here on a crash is an uncertain outcome, never a second print."""
        marked = replace(job, bytes_sent=1, impressions=counts.impressions, media_sheets=counts.media_sheets)
        return self.change(marked, "sending", self.device)

    def sent(self, job: Job, octets: int, device_job: str | None) -> JobChange:
        moved = advance(job, Cause.DEVICE_PRINTING, now=self.now, message=f"Printing at {self.device}.")
        return self.change(replace(moved, bytes_sent=octets, device_job=device_job), "sent", f"{octets} octets")

    def postponed(self, job: Job, seconds: float, message: str) -> JobChange:
        """Nothing was printed: the same again, later."""
        moved = replace(
            advance(job, Cause.DELIVERY_POSTPONED, now=self.now, message=message),
            attempts=job.attempts + 1,
            not_before=self.now + seconds,
            bytes_sent=0,
            device_job=None,
        )
        return self.change(moved, "postponed", message)

    def paused(self, job: Job, seconds: float, message: str) -> JobChange:
        """Nothing was tried, so nothing counts as a try."""
        moved = advance(job, Cause.DELIVERY_POSTPONED, now=self.now, message=message)
        return JobChange(job=replace(moved, not_before=self.now + seconds))

    def interrupted(self, job: Job) -> JobChange:
        """The worker ended before the first octet: in line again, at once."""
        moved = advance(job, Cause.DELIVERY_POSTPONED, now=self.now, message="")
        again = replace(moved, not_before=None, attempts=job.attempts + 1)
        return self.change(again, "postponed", "The gateway was interrupted.")

    def failed_over(self, job: Job, name: str, message: str) -> JobChange:
        moved = advance(job, Cause.DELIVERY_POSTPONED, now=self.now, message=message)
        other = replace(moved, output_device=name, attempts=0, not_before=None, bytes_sent=0, device_job=None)
        return self.change(other, "failed over", message)

    def returned(self, job: Job, message: str, receipt: Receipt | None = None) -> JobChange:
        """Held again, for its owner to release anew; what did print is counted."""
        reasons = waiting_reasons(job)
        moved = advance(job, Cause.RETURNED_TO_HOLD, now=self.now, reasons=reasons, message=message)
        return self.change(unassigned(moved), "held again", message, receipt)

    def aborted(self, job: Job, message: str) -> JobChange:
        return self.change(advance(job, Cause.ABORTED, now=self.now, message=message), "aborted", message)

    def moving(self, job: Job, progress: Progress) -> JobChange:
        """The device prints, or it has stopped and waits for somebody."""
        cause = Cause.STOPPED if progress.stopped else _printing_cause(job)
        reasons = _stop_reasons(progress) if progress.stopped else None
        message = stop_message(self.device, progress) if progress.stopped else f"Printing at {self.device}."
        moved = replace(
            advance(job, cause, now=self.now, reasons=reasons, message=message),
            device_job=progress.device_job or job.device_job,
            impressions_completed=max(job.impressions_completed, progress.impressions_completed or 0),
            sheets_completed=max(job.sheets_completed, progress.sheets_completed or 0),
        )
        if moved.state is job.state and moved.reasons == job.reasons:
            return JobChange(job=moved)
        return self.change(moved, "stopped" if progress.stopped else "printing", message)

    def uncertain(self, job: Job, message: str, *, asking: bool) -> JobChange:
        """It may have printed. While `asking` the device the job stays ours; then only its owner can tell."""
        reasons = (Reason.PRINTER_STOPPED, Reason.OUTCOME_UNKNOWN)
        moved = advance(job, Cause.STOPPED, now=self.now, reasons=reasons, message=message)
        if not asking:
            moved = replace(moved, claimed_by=None, claimed_until=None)
        return self.change(moved, "outcome unknown", message)

    def completed(self, job: Job, plan: Plan, progress: Progress) -> JobChange:
        """The end, with its receipt: what the device counted where it counts, else what was sent."""
        counts, counted = _counted(job, progress)
        warned = any("error" in reason or "warning" in reason for reason in progress.reasons)
        reasons = (Reason.JOB_COMPLETED_WITH_WARNINGS,) if warned else None
        ended = advance(job, Cause.COMPLETED, now=self.now, reasons=reasons, message=f"Printed at {self.device}.")
        done = replace(ended, impressions_completed=counts.impressions, sheets_completed=counts.media_sheets)
        receipt = receipt_for(job, plan, counts, confirmed=progress.confirmed and counted, now=self.now)
        return self.change(done, "completed", f"{counts.impressions} impressions", receipt)

    def given_up(self, job: Job, plan: Plan, progress: Progress) -> JobChange:
        """The device ended the job before its end: held again, and only what was confirmed is charged."""
        made = progress.impressions_completed or 0
        why = progress.message.rstrip(".") or ", ".join(progress.reasons) or "it gave no reason"
        total = job.impressions or plan.counts.impressions
        message = f"{self.device} ended the job after {made} of {total} pages: {why}. Release it again."
        return self.returned(job, message, self._part(job, plan, made, progress.sheets_completed))

    def counted_after_cancel(self, job: Job, plan: Plan, progress: Progress) -> JobChange | None:
        """What a canceled job had printed by then."""
        made = progress.impressions_completed or 0
        receipt = self._part(job, plan, made, progress.sheets_completed)
        if receipt is None:
            return None
        counted = replace(job, impressions_completed=made, sheets_completed=receipt.media_sheets)
        return self.change(counted, "counted", f"{made} impressions before it was canceled", receipt)

    def _part(self, job: Job, plan: Plan, made: int, sheets: int | None) -> Receipt | None:
        if made <= 0:
            return None
        counts = Counts(impressions=made, media_sheets=sheets or made)
        return receipt_for(job, plan, counts, confirmed=True, now=self.now)


def receipt_for(job: Job, plan: Plan, counts: Counts, *, confirmed: bool, now: float) -> Receipt:
    """The ledger row of this release."""
    assert job.release_id is not None
    assert job.output_device is not None
    return Receipt(
        release_id=job.release_id,
        job_id=job.id,
        owner=job.charged_to or job.owner,
        printer=job.printer,
        device=job.output_device,
        impressions=counts.impressions,
        media_sheets=counts.media_sheets,
        color=plan.color,
        confirmed=confirmed,
        at=now,
        amount=plan.bill.amount(counts.impressions, counts.media_sheets),
        currency=plan.bill.tariff.currency,
        project=job.project,
        comment=job.ticket.account_comment,
    )


def stop_message(device: str, progress: Progress) -> str:
    why = progress.message.rstrip(".") or ", ".join(progress.reasons)
    return f"{device} has stopped{f': {why}' if why else ''}. The job goes on when it is ready again."


def _printing_cause(job: Job) -> Cause:
    return Cause.RESUMED if job.state is JobState.PROCESSING_STOPPED else Cause.DEVICE_PRINTING


def _stop_reasons(progress: Progress) -> tuple[Reason, ...]:
    known = (_REASONS[reason] for reason in progress.reasons if reason in _REASONS)
    return tuple(dict.fromkeys((Reason.PRINTER_STOPPED, *known)))


def _counted(job: Job, progress: Progress) -> tuple[Counts, bool]:
    """Devices that do not count say nothing, or 0: then what was sent stands, unconfirmed when they said 0."""
    total, sheets = job.impressions or 0, job.media_sheets or 0
    made = progress.impressions_completed
    if not made:
        return Counts(impressions=total, media_sheets=sheets), made is None
    if made >= total:
        return Counts(impressions=total, media_sheets=sheets), True
    return Counts(impressions=made, media_sheets=min(sheets, progress.sheets_completed or made)), True
