"""Genotypes of whole families by chance, and profiles that show them."""

from antigone.genetics.observation import Reading
from antigone.genetics.profiles import Profile

MARKERS = ("D3S1358", "TH01", "FGA", "vWA", "D8S1179", "D21S11", "D18S51", "D5S818", "D13S317", "D7S820")


def drawn(rng, models, father=None, mother=None):
    """Genotypes by chance, or of a child."""
    if father is None:
        return [tuple(int(a) for a in rng.choice(len(m), 2, p=m.frequencies / m.frequencies.sum())) for m in models]
    return [(f[rng.integers(2)], m[rng.integers(2)]) for f, m in zip(father, mother, strict=True)]


def profile(sample, models, genotypes):
    readings = {
        model.name: (Reading.of(model.alleles[a], model.alleles[b]),)
        for model, (a, b) in zip(models, genotypes, strict=True)
    }
    return Profile(sample, readings)
