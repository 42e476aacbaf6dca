"""How likely it is that a pair is wrong because the body is a brother whom nobody listed.

Parents and siblings fit an unlisted full sibling of the missing person as well as the missing person. A posterior
weighs the listed, and strangers; he is neither, and is in none. Of the individuals received a share u is a full sibling
of somebody in the register without being in it (`Settings.unlisted_siblings`, declared; 0 where nobody counted). Before
any DNA the odds of "a sibling of M, not listed" against "M" are

    u (1 − f) / (persons of whom no word was given)  :  s / (persons listed with usable references)

with s the share of individuals who are listed and f the share of families with such a sibling that gave their written
word all the same that there is none (`Settings.false_sibling_words`); where the word was given they are u f over the
persons of whom it was given. Where a family misses several full siblings he is a sibling of each: their shares are
added. After the DNA the odds are divided by the LR of M against that sibling (`matching.rivals`), in which a direct
reference tells the two apart as far as it was read. Where amelogenin shows the other sex the posterior of M has paid
for an error of it, and a sibling of that sex needs none; half of all siblings are taken to be of it. Evidence that is
not kinship (marks, documents) counts as its LR.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.pedigrees import Sex
from antigone.matching.assignment import AMELOGENIN_ERROR, JointAnswer, shares_of
from antigone.matching.classes import sex_by_amelogenin
from antigone.matching.operation import Family, Individual, Settings
from antigone.matching.preparation import Prepared
from antigone.matching.prior import Prior
from antigone.matching.rivals import Rival, rivals_of_pairs
from antigone.matching.search import SearchResult
from antigone.matching.tables import TableError

Floats = NDArray[np.float64]

# Of somebody's siblings so many are of the other sex. That an operation's dead are nearly all men is not counted.
OF_OTHER_SEX = 0.5


@dataclass(frozen=True, eq=False)
class SiblingRisks:
    """The prior odds of an unlisted sibling of one given person, before those of that person, and what DNA needs."""

    with_word: float  # of u, for each person of whom the family gave its word
    without_word: float
    listed: int  # persons with usable references
    prepared: Prepared
    settings: Settings
    prior: Prior

    @classmethod
    def of(cls, result: SearchResult, joint: JointAnswer) -> "SiblingRisks":
        """Of one search and its joint answer."""
        settings = result.operation.settings
        words = sum(person in family.no_unlisted_sibling for family, person in result.missing)
        false = settings.unlisted_siblings * settings.false_sibling_words
        with_word = false / max(words, 1)
        without_word = (settings.unlisted_siblings - false) / max(len(result.missing) - words, 1)
        return cls(with_word, without_word, joint.listed, result.prepared, settings, joint.priors[0])

    def odds(self, pairs: Sequence[tuple[Individual, Family, str]]) -> Floats:
        """Of each pair the odds of the missing person's unlisted sibling against the missing person.

        By DNA alone, shape (pairs,); very large where the DNA excludes the missing person and not the sibling, 0 where
        it excludes the sibling, and where no sibling is expected. A pedigree that cannot be computed with one more
        person in it tells nothing between the two: their odds stay as they were before.
        """
        found = np.zeros(len(pairs))
        before = [self._before(*pair) for pair in pairs]
        asked = [k for k, one in enumerate(before) if one]
        kinds = (Rival.FULL_SIBLING,)
        against = rivals_of_pairs([pairs[k] for k in asked], self.prepared, self.settings, kinds)
        for k, these in zip(asked, against, strict=True):
            log10 = 0.0 if isinstance(these, TableError) else these[str(Rival.FULL_SIBLING)]
            if np.isnan(log10):  # both are excluded
                continue
            found[k] = before[k] * 10.0 ** np.clip(-log10, -300.0, 300.0)
        return found

    def _before(self, individual: Individual, family: Family, person: str) -> float:
        """The odds before the markers are looked at, amelogenin counted."""
        share = sum(
            self.with_word if one in family.no_unlisted_sibling else self.without_word
            for one in _sibship(family, person)
        )
        shown, sought = sex_by_amelogenin(individual.profile), family.pedigree[person].sex
        if Sex.UNKNOWN not in (shown, sought) and shown is not sought:
            share *= OF_OTHER_SEX / AMELOGENIN_ERROR
        return share * self.listed / shares_of(individual, self.prior).listed


def _sibship(family: Family, person: str) -> list[str]:
    """The missing person, and the full siblings who are missing too."""
    one = family.pedigree[person]
    if one.father is None or one.mother is None:
        return [person]
    parents = (one.father, one.mother)
    return [
        other for other in family.missing if (family.pedigree[other].father, family.pedigree[other].mother) == parents
    ]


def risk(posterior: float, odds: float, log10_own: float = 0.0) -> float:
    """The probability of the sibling, where `posterior` is that of the missing person without him in it.

    `log10_own` is the LR of evidence that is the missing person's own, which speaks against him.

    >>> round(risk(0.9, 0.1), 4)  # 0.9 : 0.1 : 0.09
    0.0826
    """
    if not posterior * odds:
        return 0.0  # whatever the evidence: nobody is expected
    weight = posterior * odds * 10.0 ** -float(np.clip(log10_own, -300.0, 300.0))
    return 1.0 if np.isinf(weight) else weight / (1 + weight)
