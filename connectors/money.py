"""Currencies and their smallest units (ISO 4217): decimal text to minor units, never a float."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Context, Decimal

_TWO = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BOV BRL BSD BTN BWP BYN "
    "BZD CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP "
    "GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP "
    "LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR "
    "NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN "
    "SVC SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XCD XCG YER ZAR "
    "ZMW ZWG"
)
_NONE = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE = "BHD IQD JOD KWD LYD OMR TND"
_FOUR = "CLF UYW"

EXPONENTS: dict[str, int] = {
    **dict.fromkeys(_TWO.split(), 2),
    **dict.fromkeys(_NONE.split(), 0),
    **dict.fromkeys(_THREE.split(), 3),
    **dict.fromkeys(_FOUR.split(), 4),
}
"""Digits after the point of each active ISO 4217 currency."""

SYMBOLS = {"€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "₫": "VND"}
"""Signs that mean one currency only; $ and ¥ do not."""

ROUNDINGS = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN}
LARGEST = 2**63 - 1
_EXACT = Context(prec=400)


def currency_code(text: str) -> str:
    """An ISO 4217 code in capitals. Raises ValueError for any other word."""
    code = text.strip().upper()
    if code not in EXPONENTS:
        raise ValueError("is not a currency code of ISO 4217, such as EUR or USD")
    return code


def minor_units(amount: Decimal, currency: str, rounding: str | None = None) -> int:
    """The amount in the currency's smallest unit.

    Digits beyond that unit are refused (ValueError) unless `rounding` says how to round them:
    `half_up` or `half_even`.
    """
    exponent = EXPONENTS[currency]
    if not amount.is_finite():
        raise ValueError("is not an amount")
    if amount.adjusted() > 20:
        raise ValueError("is too large for an amount")
    scaled = amount.scaleb(exponent, context=_EXACT)
    whole = scaled.to_integral_value(ROUNDINGS.get(rounding or "", ROUND_HALF_EVEN))
    if scaled != whole and rounding is None:
        raise ValueError(
            f"has more decimals than {currency} has ({exponent}); choose a rounding for this field"
        )
    if abs(whole) > LARGEST:
        raise ValueError("is too large for an amount")
    return int(whole)
