"""What programs elsewhere use, in one hand: tokens by which they ask, webhooks by which they are told."""

from dataclasses import dataclass

from gateway.services.api_tokens import ApiTokens
from gateway.services.webhooks import Webhooks


@dataclass(frozen=True, kw_only=True, slots=True)
class Programs:
    tokens: ApiTokens
    webhooks: Webhooks
