"""Allele labels of other programs, whose tables may hold names of their own."""

from antigone.genetics.alleles import Allele, AlleleError, Named, Repeat, parse_allele


def read_allele(label: str) -> Allele:
    """A repeat count where the label is one, else a name: in a program's own table every label is an allele.

    >>> read_allele("9.3"), read_allele("Rest allele"), read_allele("OL")
    (Repeat(repeats=9, bases=3), Named(name='Rest allele'), Named(name='OL'))
    """
    try:
        allele = parse_allele(label)
    except AlleleError:
        return Named(label)
    return allele if isinstance(allele, Repeat | Named) else Named(label)
