"""What paper costs: a plain tariff of a Printer, and the bill of one release (pure, in Decimal throughout)."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

from gateway.errors import BadRequest

FREE = Decimal(0)
MOST = Decimal(1000)
"""An impression or a sheet above this is a slip of the keyboard."""
PLACES = 6
# Digits after the point where they are not two (ISO 4217).
_MINOR = dict.fromkeys(("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "VND", "XAF"), 0)
_MINOR |= dict.fromkeys(("XOF", "XPF", "VUV"), 0) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3)


def _exponent(price: Decimal) -> int:
    exponent = price.normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Tariff:
    """Prices of one impression without and with colour, and of one media sheet, in `currency` (ISO 4217).

    `sheets` are sheets by PWG media name or its beginning ("iso_a4", "iso_a3_297x420mm"); `sheet` is for all others.
    BadRequest for a price that cannot be meant.
    """

    grey: Decimal = FREE
    color: Decimal = FREE
    sheet: Decimal = FREE
    sheets: tuple[tuple[str, Decimal], ...] = ()
    currency: str = ""

    def __post_init__(self) -> None:
        for price in (self.grey, self.color, self.sheet, *(price for _, price in self.sheets)):
            if not price.is_finite() or not FREE <= price <= MOST or -_exponent(price) > PLACES:
                raise BadRequest(f'"{price}" is not a price. Write 0 to {MOST} with at most {PLACES} decimals.')

    @property
    def free(self) -> bool:
        return not any((self.grey, self.color, self.sheet, *(price for _, price in self.sheets)))

    def of_sheet(self, media: str) -> Decimal:
        """The price of a sheet of that PWG name; the longest fitting name of the table wins."""
        fitting = [(name, price) for name, price in self.sheets if media == name or media.startswith(f"{name}_")]
        return max(fitting, key=lambda row: len(row[0]))[1] if fitting else self.sheet


NO_TARIFF = Tariff()


@dataclass(frozen=True, kw_only=True, slots=True)
class Bill:
    """What one release costs, however far it comes: `colored` tells of each printed side of one copy, in order.

    A cover is one impression without colour before all copies.
    """

    tariff: Tariff = NO_TARIFF
    media: str = ""
    colored: tuple[bool, ...] = ()
    covered: bool = False
    collated: bool = True
    copies: int = 1

    def color_impressions(self, impressions: int) -> int:
        """How many of the first `impressions` sides carry colour."""
        made = max(0, impressions - self.covered)
        if not self.collated:
            whole, rest = divmod(made, self.copies)
            return self.copies * sum(self.colored[:whole]) + rest * sum(self.colored[whole : whole + 1])
        whole, rest = divmod(made, max(1, len(self.colored)))
        return whole * sum(self.colored) + sum(self.colored[:rest])

    def amount(self, impressions: int, sheets: int) -> Decimal:
        """The price of that much paper, rounded to what can be paid."""
        tariff, color = self.tariff, self.color_impressions(impressions)
        exact = tariff.color * color + tariff.grey * (impressions - color) + tariff.of_sheet(self.media) * sheets
        return payable(exact, tariff.currency)


NO_BILL = Bill()


@dataclass(frozen=True, kw_only=True, slots=True)
class Quote:
    """What would come out and cost now. `saving_two_sided` is what turning the sheets over would save, 0 if nothing."""

    amount: Decimal
    currency: str
    impressions: int
    sheets: int
    color_impressions: int
    saving_two_sided: Decimal = FREE
    free: bool = False


def payable(exact: Decimal, currency: str) -> Decimal:
    """Half a unit goes up, as cash desks do."""
    return exact.quantize(Decimal(1).scaleb(-_MINOR.get(currency, 2)), rounding=ROUND_HALF_UP)


def parse_price(text: str) -> Decimal:
    """Read "0.05" or "0,05"; BadRequest says what was wrong."""
    try:
        return Decimal(text.strip().replace(",", "."))
    except InvalidOperation as error:
        raise BadRequest(f'"{text[:40]}" is not a price. Write for example 0.05.') from error


def parse_sheet_price(text: str) -> tuple[str, Decimal]:
    """Read "iso_a4=0.01"."""
    name, equals, price = text.partition("=")
    if not equals or not name.strip():
        raise BadRequest(f'"{text[:60]}" does not say which paper. Write for example iso_a4=0.01.')
    return name.strip().lower(), parse_price(price)
