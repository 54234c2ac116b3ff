"""Refusals to status-codes, in one table (RFC 8011 appendix B, PWG 5100.13, 5100.16), and refusals of the protocol's own."""

from gateway import errors
from ipp.wire import Attribute, Status

STATUS_OF: dict[type[errors.Refusal], Status] = {
    errors.BadRequest: Status.CLIENT_ERROR_BAD_REQUEST,
    errors.NotAuthenticated: Status.CLIENT_ERROR_NOT_AUTHENTICATED,
    errors.Forbidden: Status.CLIENT_ERROR_NOT_AUTHORIZED,
    errors.PresenceRequired: Status.CLIENT_ERROR_NOT_AUTHORIZED,
    errors.NotFound: Status.CLIENT_ERROR_NOT_FOUND,
    errors.NotPossible: Status.CLIENT_ERROR_NOT_POSSIBLE,
    errors.ProjectRequired: Status.CLIENT_ERROR_ACCOUNT_INFO_NEEDED,
    errors.Conflict: Status.CLIENT_ERROR_NOT_POSSIBLE,
    errors.KeyReused: Status.CLIENT_ERROR_NOT_POSSIBLE,
    errors.Outdated: Status.CLIENT_ERROR_NOT_POSSIBLE,
    errors.Throttled: Status.SERVER_ERROR_BUSY,
    errors.LimitReached: Status.CLIENT_ERROR_ACCOUNT_LIMIT_REACHED,
    errors.AttributesNotSupported: Status.CLIENT_ERROR_ATTRIBUTES_OR_VALUES_NOT_SUPPORTED,
    errors.FormatNotSupported: Status.CLIENT_ERROR_DOCUMENT_FORMAT_NOT_SUPPORTED,
    errors.FormatMismatch: Status.CLIENT_ERROR_DOCUMENT_FORMAT_ERROR,
    errors.FormatError: Status.CLIENT_ERROR_DOCUMENT_FORMAT_ERROR,
    errors.DocumentPasswordRequired: Status.CLIENT_ERROR_DOCUMENT_PASSWORD_ERROR,
    errors.PrintForbidden: Status.CLIENT_ERROR_DOCUMENT_PERMISSION_ERROR,
    errors.CompressionNotSupported: Status.CLIENT_ERROR_COMPRESSION_NOT_SUPPORTED,
    errors.CompressionError: Status.CLIENT_ERROR_COMPRESSION_ERROR,
    errors.TooLarge: Status.CLIENT_ERROR_REQUEST_ENTITY_TOO_LARGE,
    errors.MultipleDocumentsNotSupported: Status.SERVER_ERROR_MULTIPLE_DOCUMENT_JOBS_NOT_SUPPORTED,
    errors.NotAccepting: Status.SERVER_ERROR_NOT_ACCEPTING_JOBS,
    errors.Busy: Status.SERVER_ERROR_BUSY,
    errors.StorageFull: Status.SERVER_ERROR_TEMPORARY_ERROR,
    errors.StorageFailed: Status.SERVER_ERROR_TEMPORARY_ERROR,
    errors.Locked: Status.SERVER_ERROR_SERVICE_UNAVAILABLE,
    errors.Unavailable: Status.SERVER_ERROR_TEMPORARY_ERROR,
    # A kind that somebody adds without a row of its own is at least told as a refusal, never as our failure.
    errors.Refusal: Status.CLIENT_ERROR_NOT_POSSIBLE,
}


def status_of(refusal: errors.Refusal) -> Status:
    """The row of the refusal's class, or of the nearest class above it."""
    return next(STATUS_OF[kind] for kind in type(refusal).__mro__ if kind in STATUS_OF)


class Refused(Exception):
    """A no that only IPP knows: its status-code, a sentence, and what goes into the unsupported group."""

    def __init__(self, status: Status, message: str, *, unsupported: tuple[Attribute, ...] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.unsupported = unsupported


def bad_request(message: str) -> Refused:
    return Refused(Status.CLIENT_ERROR_BAD_REQUEST, message)
