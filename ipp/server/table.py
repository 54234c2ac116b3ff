"""The operation table: every operation that is answered, by whom it may be asked. What is not in it is not supported.

Print-URI and Send-URI are left out on purpose: a server that fetches what a stranger names is a hole in the wall.
"""

from ipp.server.authentication import Policy
from ipp.server.description import Descriptions
from ipp.server.document_operations import DocumentOperations
from ipp.server.job_operations import JobOperations
from ipp.server.operation import Handler, Row, Services, Table
from ipp.server.printer_operations import PrinterOperations
from ipp.server.submission import SubmissionOperations
from ipp.server.subscription_operations import SubscriptionOperations
from ipp.wire import Operation as Op

POLICIES: dict[Op, Policy] = {
    Op.PRINT_JOB: Policy.USER,
    Op.VALIDATE_JOB: Policy.USER,
    Op.CREATE_JOB: Policy.USER,
    Op.SEND_DOCUMENT: Policy.USER,
    Op.CANCEL_JOB: Policy.USER,
    Op.GET_JOB_ATTRIBUTES: Policy.USER,
    Op.GET_JOBS: Policy.LISTING,
    Op.GET_PRINTER_ATTRIBUTES: Policy.PUBLIC,
    Op.HOLD_JOB: Policy.USER,
    Op.RELEASE_JOB: Policy.USER,
    Op.RESTART_JOB: Policy.USER,
    Op.PAUSE_PRINTER: Policy.OPERATOR,
    Op.RESUME_PRINTER: Policy.OPERATOR,
    Op.PURGE_JOBS: Policy.JOBS,
    Op.SET_PRINTER_ATTRIBUTES: Policy.OPERATOR,
    Op.SET_JOB_ATTRIBUTES: Policy.USER,
    Op.GET_PRINTER_SUPPORTED_VALUES: Policy.PUBLIC,
    Op.CREATE_PRINTER_SUBSCRIPTIONS: Policy.USER,
    Op.CREATE_JOB_SUBSCRIPTIONS: Policy.USER,
    Op.GET_SUBSCRIPTION_ATTRIBUTES: Policy.USER,
    Op.GET_SUBSCRIPTIONS: Policy.LISTING,
    Op.RENEW_SUBSCRIPTION: Policy.USER,
    Op.CANCEL_SUBSCRIPTION: Policy.USER,
    Op.GET_NOTIFICATIONS: Policy.USER,
    Op.ENABLE_PRINTER: Policy.OPERATOR,
    Op.DISABLE_PRINTER: Policy.OPERATOR,
    Op.PAUSE_PRINTER_AFTER_CURRENT_JOB: Policy.OPERATOR,
    Op.HOLD_NEW_JOBS: Policy.OPERATOR,
    Op.RELEASE_HELD_NEW_JOBS: Policy.OPERATOR,
    Op.RESTART_PRINTER: Policy.OPERATOR,
    Op.SHUTDOWN_PRINTER: Policy.OPERATOR,
    Op.STARTUP_PRINTER: Policy.OPERATOR,
    Op.REPROCESS_JOB: Policy.USER,
    Op.CANCEL_CURRENT_JOB: Policy.USER,
    Op.SUSPEND_CURRENT_JOB: Policy.USER,
    Op.RESUME_JOB: Policy.USER,
    Op.PROMOTE_JOB: Policy.JOBS,
    Op.SCHEDULE_JOB_AFTER: Policy.JOBS,
    Op.CANCEL_DOCUMENT: Policy.USER,
    Op.GET_DOCUMENT_ATTRIBUTES: Policy.USER,
    Op.GET_DOCUMENTS: Policy.USER,
    Op.SET_DOCUMENT_ATTRIBUTES: Policy.USER,
    Op.CANCEL_JOBS: Policy.JOBS,
    Op.CANCEL_MY_JOBS: Policy.USER,
    Op.RESUBMIT_JOB: Policy.USER,
    Op.CLOSE_JOB: Policy.USER,
    Op.IDENTIFY_PRINTER: Policy.USER,
}


def build_table(services: Services, descriptions: Descriptions) -> Table:
    """KeyError at the start for a handler without a policy or a policy without a handler."""
    handlers = _handlers(services, descriptions)
    if handlers.keys() != POLICIES.keys():
        missing = ", ".join(sorted(op.keyword for op in handlers.keys() ^ POLICIES.keys()))
        raise KeyError(f"These operations lack a handler or a policy: {missing}")
    return {op: Row(handler=handler, policy=POLICIES[op]) for op, handler in handlers.items()}


def _handlers(services: Services, descriptions: Descriptions) -> dict[Op, Handler]:
    subscriptions = SubscriptionOperations(services, descriptions)
    return {
        **_submission(SubmissionOperations(services, descriptions, subscriptions)),
        **_jobs(JobOperations(services, descriptions)),
        **_documents(DocumentOperations(services, descriptions)),
        **_printers(PrinterOperations(services, descriptions)),
        **_subscriptions(subscriptions),
    }


def _submission(does: SubmissionOperations) -> dict[Op, Handler]:
    return {
        Op.PRINT_JOB: does.print_job,
        Op.VALIDATE_JOB: does.validate_job,
        Op.CREATE_JOB: does.create_job,
        Op.SEND_DOCUMENT: does.send_document,
        Op.CLOSE_JOB: does.close_job,
    }


def _jobs(does: JobOperations) -> dict[Op, Handler]:
    return {
        Op.CANCEL_JOB: does.cancel_job,
        Op.GET_JOB_ATTRIBUTES: does.get_job_attributes,
        Op.GET_JOBS: does.get_jobs,
        Op.HOLD_JOB: does.hold_job,
        Op.RELEASE_JOB: does.release_job,
        Op.RESTART_JOB: does.print_again,
        Op.REPROCESS_JOB: does.print_again,
        Op.RESUBMIT_JOB: does.print_again,
        Op.SET_JOB_ATTRIBUTES: does.set_job_attributes,
        Op.CANCEL_CURRENT_JOB: does.cancel_current_job,
        Op.SUSPEND_CURRENT_JOB: does.suspend_current_job,
        Op.RESUME_JOB: does.resume_job,
        Op.PROMOTE_JOB: does.promote_job,
        Op.SCHEDULE_JOB_AFTER: does.schedule_job_after,
        Op.CANCEL_JOBS: does.cancel_jobs,
        Op.CANCEL_MY_JOBS: does.cancel_my_jobs,
    }


def _documents(does: DocumentOperations) -> dict[Op, Handler]:
    return {
        Op.CANCEL_DOCUMENT: does.cancel_document,
        Op.GET_DOCUMENT_ATTRIBUTES: does.get_document_attributes,
        Op.GET_DOCUMENTS: does.get_documents,
        Op.SET_DOCUMENT_ATTRIBUTES: does.set_document_attributes,
    }


def _printers(does: PrinterOperations) -> dict[Op, Handler]:
    return {
        Op.GET_PRINTER_ATTRIBUTES: does.get_printer_attributes,
        Op.GET_PRINTER_SUPPORTED_VALUES: does.get_printer_supported_values,
        Op.SET_PRINTER_ATTRIBUTES: does.set_printer_attributes,
        Op.IDENTIFY_PRINTER: does.identify_printer,
        Op.PAUSE_PRINTER: does.pause_printer,
        Op.PAUSE_PRINTER_AFTER_CURRENT_JOB: does.pause_printer,
        Op.RESUME_PRINTER: does.resume_printer,
        Op.ENABLE_PRINTER: does.enable_printer,
        Op.DISABLE_PRINTER: does.disable_printer,
        Op.HOLD_NEW_JOBS: does.hold_new_jobs,
        Op.RELEASE_HELD_NEW_JOBS: does.release_held_new_jobs,
        Op.RESTART_PRINTER: does.startup_printer,
        Op.STARTUP_PRINTER: does.startup_printer,
        Op.SHUTDOWN_PRINTER: does.shutdown_printer,
        Op.PURGE_JOBS: does.purge_jobs,
    }


def _subscriptions(does: SubscriptionOperations) -> dict[Op, Handler]:
    return {
        Op.CREATE_PRINTER_SUBSCRIPTIONS: does.create_printer_subscriptions,
        Op.CREATE_JOB_SUBSCRIPTIONS: does.create_job_subscriptions,
        Op.GET_SUBSCRIPTION_ATTRIBUTES: does.get_subscription_attributes,
        Op.GET_SUBSCRIPTIONS: does.get_subscriptions,
        Op.RENEW_SUBSCRIPTION: does.renew_subscription,
        Op.CANCEL_SUBSCRIPTION: does.cancel_subscription,
        Op.GET_NOTIFICATIONS: does.get_notifications,
    }
