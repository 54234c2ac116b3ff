"""The REST API with its OpenAPI document, terminals and card readers, phones and remote print."""
