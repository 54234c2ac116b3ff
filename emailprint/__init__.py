"""E-mail to print: mails come in by SMTP, LMTP or from a mailbox, and are answered like a person would."""
