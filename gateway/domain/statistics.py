"""What one person printed, month by month (pure sums of receipts and of jobs that ended unprinted)."""

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """Of one span of time. `saved` are impressions of jobs that were deleted, or expired, unprinted.

    `color_impressions` are those of releases with colour. A sheet has at most two impressions, so that every
    impression beyond the first of a sheet is a back side.
    """

    jobs: int = 0
    impressions: int = 0
    media_sheets: int = 0
    color_impressions: int = 0
    two_sided_sheets: int = 0
    cost: Decimal = Decimal(0)
    saved: int = 0

    @property
    def color_share(self) -> float:
        return self.color_impressions / self.impressions if self.impressions else 0.0

    @property
    def two_sided_share(self) -> float:
        return self.two_sided_sheets / self.media_sheets if self.media_sheets else 0.0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            jobs=self.jobs + other.jobs,
            impressions=self.impressions + other.impressions,
            media_sheets=self.media_sheets + other.media_sheets,
            color_impressions=self.color_impressions + other.color_impressions,
            two_sided_sheets=self.two_sided_sheets + other.two_sided_sheets,
            cost=self.cost + other.cost,
            saved=self.saved + other.saved,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Month:
    """The usage of one calendar month in the site's time zone."""

    year: int
    month: int
    begins_at: float
    usage: Usage
