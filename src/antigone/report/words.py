"""How figures are put into words: the same for every document."""

import math

SMALLEST_CHANCE = 1e-6

_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def power_of_ten(log10: float) -> str:
    """A number given by its decimal logarithm, with two figures.

    >>> power_of_ten(6.5), power_of_ten(2.0), power_of_ten(-3.7), power_of_ten(float("-inf"))
    ('3.2 × 10⁶', '100', '2.0 × 10⁻⁴', '0')
    """
    if math.isinf(log10):
        return "0" if log10 < 0 else "∞"
    exponent = math.floor(log10)
    mantissa = 10 ** (log10 - exponent)
    if round(mantissa, 1) >= 10:
        mantissa, exponent = 1.0, exponent + 1
    if -3 <= exponent < 4:
        return significant(10**log10)
    return f"{mantissa:.1f} × 10{str(exponent).translate(_SUPERSCRIPT)}"


def significant(value: float) -> str:
    """A number with two figures, without a power of ten.

    >>> significant(0.012345), significant(1234.0), significant(0.0), significant(7.0), significant(0.2)
    ('0.012', '1,200', '0', '7', '0.20')
    """
    if value == 0:
        return "0"
    places = 1 - math.floor(math.log10(abs(value)))
    rounded = round(value, places)
    return f"{rounded:,.0f}" if rounded == round(rounded) else f"{rounded:,.{max(places, 0)}f}"


def quantity(value: float) -> str:
    """A count or a probability with two figures, by a power of ten where it is small or large.

    >>> quantity(0.00031), quantity(31.4), quantity(0.0)
    ('3.1 × 10⁻⁴', '31', '0')
    """
    return "0" if value <= 0 else power_of_ten(math.log10(value))


def bracket(low: float, high: float) -> str:
    """Between two figures, or one where they round alike.

    >>> bracket(0.012, 0.034), bracket(0.18, 0.2), bracket(2.0, 2.01)
    ('0.012 to 0.034', '0.18 to 0.20', '2')
    """
    first, last = quantity(low), quantity(high)
    return first if first == last else f"{first} to {last}"


def chances(low: float, high: float) -> str:
    """A bracket of expected coincidences; what lies below one in a million is not told apart.

    No model of a laboratory and a population is right to so many digits.

    >>> chances(2e-9, 5e-9), chances(2e-7, 5e-6), chances(0.01, 0.02)
    ('below 10⁻⁶', 'up to 5.0 × 10⁻⁶', '0.010 to 0.020')
    """
    if high < SMALLEST_CHANCE:
        return "below 10⁻⁶"
    if low < SMALLEST_CHANCE:
        return f"up to {quantity(high)}"
    return bracket(low, high)


def chance_pairs(low: float, high: float) -> str:
    """The same, as so many pairs.

    >>> chance_pairs(2e-9, 5e-9), chance_pairs(0.01, 0.02), chance_pairs(1.0, 1.001)
    ('fewer than 10⁻⁶ pairs', '0.010 to 0.020 pairs', '1 pair')
    """
    text = chances(low, high).replace("below", "fewer than")
    return f"{text} pair" if text == "1" else f"{text} pairs"


def counted(number: int, singular: str, plural: str | None = None) -> str:
    """A count with its unit.

    >>> counted(1, "family", "families"), counted(1200, "bag")
    ('1 family', '1,200 bags')
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def listing(parts: list[str]) -> str:
    """Words in a row.

    >>> listing(["a"]), listing(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def probability(value: float) -> str:
    """A probability, never rounded to 0 or to 1.

    >>> probability(0.5), probability(0.99999), probability(1.0), probability(3e-9)
    ('0.50', '1 − 1.0 × 10⁻⁵', 'above 1 − 10⁻⁶', 'below 10⁻⁶')
    """
    if value > 1 - SMALLEST_CHANCE:
        return "above 1 − 10⁻⁶"
    if value < SMALLEST_CHANCE:
        return "below 10⁻⁶"
    if value > 0.995:
        return f"1 − {quantity(1 - value)}"
    return f"{value:.2f}" if value >= 0.005 else quantity(value)
