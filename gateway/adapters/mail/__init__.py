"""Letters by mail: written from templates, carried to a smarthost by SMTP."""

from gateway.adapters.mail.courier import SmtpCourier, courier_of
from gateway.adapters.mail.writer import LetterWriter

__all__ = ["LetterWriter", "SmtpCourier", "courier_of"]
