"""What the gateway decides: one module a use case; each takes the promises of `ports` and knows no driver."""
