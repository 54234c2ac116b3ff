"""Discovery: how phones and computers find the Printers."""
