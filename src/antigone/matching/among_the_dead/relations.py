"""What two of the dead may be to each other, and what one's readings then say of the other's.

One of the two is a family of one: somebody typed, with the errors of remains, not of donors. At one marker everything
that was read of them is L, P(read | their two alleles), a symmetric matrix (a vector for a man at an X-linked marker).
Under each relation the joint probability of L and of the two alleles of the other is a product of matrices: with p the
frequencies, M and F how alleles pass from a father and from a mother, m = pM and f = pF,

- same person: (p ⊗ p) ∘ L;
- the typed one is the father: (diag(p) M)ᵀ L (p ⊗ f); the mother, the other way round;
- full siblings: AᵀLB with A = ½ Mᵀdiag(p)M + ½ m⊗m, what two children of a father have of him, and B of a mother.

Nothing of it is approximate: mutation, drop-out, drop-in, typing errors and replicates are in it, and the tests compare
it with likelihoods of pedigrees by elimination. Theta is 0.
"""

from dataclasses import dataclass
from enum import StrEnum
from itertools import product

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.models import MarkerModel
from antigone.genetics.pedigrees import Sex
from antigone.matching.classes import MarkerClasses
from antigone.matching.tables import genotype_pairs, hardy_weinberg

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

# How the typed one's sex is numbered.
SEXES = (Sex.UNKNOWN, Sex.FEMALE, Sex.MALE)
# Whether the typed one and the other have one allele at an X-linked marker.
_BOTH = tuple(product((False, True), repeat=2))


class Relation(StrEnum):
    """What two of the dead may be to each other. Which of two is the parent cannot be told."""

    SAME_PERSON = "same person"
    PARENT_AND_CHILD = "parent and child"
    FULL_SIBLINGS = "full siblings"


@dataclass(frozen=True, eq=False)
class Passing:
    """How alleles pass at one marker: `own` frequencies, what a child gets, and what two children of one parent have.

    `together` has shape (2, alleles, alleles): two children's alleles where they come from different ones of the
    parent's, and from the same one.
    """

    own: Floats
    matrix: Floats
    child: Floats
    together: Floats

    @classmethod
    def of(cls, own: Floats, matrix: Floats) -> "Passing":
        """From frequencies and the matrix of a father or a mother: a row for each of the parent's alleles."""
        child = own @ matrix
        return cls(own, matrix, child, np.array([np.outer(child, child), (matrix.T * own) @ matrix]))


class MarkerRelations:
    """One marker, and what each class of observations says of each other class under any relation."""

    def __init__(self, model: MarkerModel, classes: MarkerClasses) -> None:
        p = model.frequencies / model.frequencies.sum()
        self.model = model
        self.classes = classes
        self.father, self.mother = Passing.of(p, model.male), Passing.of(p, model.female)
        self.sexes_differ = not np.array_equal(model.male, model.female)
        self._place = np.full((2, len(classes.readings)), -1, dtype=np.int64)
        for haploid in (0, 1):
            which = classes.rows(haploid=bool(haploid)).which
            self._place[haploid, which] = np.arange(len(which))
        self._unrelated = [
            classes.rows(haploid=haploid).under(hardy_weinberg(model, haploid=haploid)) for haploid in (False, True)
        ]

    def log10_lrs(self, relation: Relation, typed: Integers, sex: int) -> Floats:
        """log10 LR of every class beside these, of typed people of one sex (`SEXES`); shape (typed, classes).

        The LR is that of the relation against two unrelated people; 0 where nothing can be said.
        """
        with np.errstate(divide="ignore"):
            return np.log10(self.lrs(relation, typed, sex))

    def lrs(self, relation: Relation, typed: Integers, sex: int) -> Floats:
        """The LRs themselves; 1 where nothing can be said."""
        ratios = np.ones((len(typed), len(self.classes.readings)))
        for haploid, other_haploid in _BOTH:
            mine = np.flatnonzero(self.classes.haploid[typed] == haploid)
            others = self.classes.rows(haploid=other_haploid)
            if len(mine) and len(others.which):
                genotypes = self._genotypes(relation, typed[mine], sex, haploid, other_haploid)
                found = genotypes @ self._relative(other_haploid).T
                ratios[np.ix_(mine, others.which)] = np.where(np.isnan(found), 1.0, found)
        return ratios

    def lrs_of_pairs(self, relation: Relation, typed: Integers, others: Integers, sexes: Integers) -> Floats:
        """LRs of pairs of classes, of typed people of these sexes; shape (pairs,)."""
        ratios = np.ones(len(typed))
        for haploid, other_haploid in _BOTH:
            for sex in range(len(SEXES)):
                here = np.flatnonzero(
                    (self.classes.haploid[typed] == haploid)
                    & (self.classes.haploid[others] == other_haploid)
                    & (sexes == sex)
                )
                if len(here):
                    distinct, of = np.unique(typed[here], return_inverse=True)
                    genotypes = self._genotypes(relation, distinct, sex, haploid, other_haploid)
                    shown = self._relative(other_haploid)[self._place[int(other_haploid), others[here]]]
                    found = np.einsum("pg,pg->p", genotypes[of], shown)
                    ratios[here] = np.where(np.isnan(found), 1.0, found)
        return ratios

    def log10_lrs_by_inheritance(self, typed: Integers, others: Integers) -> Floats:
        """Of pairs of classes, LR × P(inheritance) of full siblings by what they have from which parent's same allele.

        Autosomal markers only. Shape (pairs, 4): nothing shared, the mother's, the father's, both. Their sum is the LR.
        """
        rows = self.classes.diploid_rows
        distinct, of = np.unique(typed, return_inverse=True)
        likelihood = self._likelihood(rows.likelihood[self._place[0, distinct]], haploid=False)
        shown = rows.likelihood[self._place[0, others]]
        unrelated = self._unrelated[0][self._place[0, others]]
        found = np.empty((len(typed), 4))
        total = np.zeros(len(distinct))
        for k in range(4):
            a, b = self.father.together[k >> 1], self.mother.together[k & 1]
            joint = 0.25 * _folded(a.T @ likelihood @ b)
            total += joint.sum(axis=1)
            found[:, k] = (joint[of] * shown).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratios = found / (total[of] * unrelated)[:, None]
        return np.where(np.isfinite(ratios), ratios, 0.25)

    def _genotypes(self, relation: Relation, typed: Integers, sex: int, haploid: bool, other_haploid: bool) -> Floats:
        """P(genotype of the other | what was read of the typed ones); nan where that is impossible."""
        rows = self.classes.rows(haploid=haploid).likelihood[self._place[int(haploid), typed]]
        likelihood = self._likelihood(rows, haploid=haploid)
        joint = self._joint(relation, likelihood, sex, haploid=haploid, other_haploid=other_haploid)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(joint / joint.sum(axis=1)[:, None])

    def _relative(self, haploid: bool) -> Floats:
        """P(class | genotype) over P(class of somebody unrelated), shape (classes, genotypes)."""
        likelihood = self.classes.rows(haploid=haploid).likelihood
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(likelihood / self._unrelated[int(haploid)][:, None])

    def _likelihood(self, rows: Floats, *, haploid: bool) -> Floats:
        """Of two alleles in order: shape (classes, alleles, alleles), or (classes, alleles)."""
        return rows if haploid else squared(rows, len(self.model))

    def _joint(self, relation: Relation, likelihood: Floats, sex: int, *, haploid: bool, other_haploid: bool) -> Floats:
        """P(read of the typed one, genotype of the other), shape (classes, genotypes)."""
        if relation is Relation.SAME_PERSON:
            return self._same(likelihood, haploid=haploid, other_haploid=other_haploid)
        if self.model.x_linked:
            found = self._x_linked(relation, likelihood, haploid=haploid, other_haploid=other_haploid)
        else:
            found = self._autosomal(relation, likelihood, SEXES[sex])
        return found if other_haploid else _folded(found)

    def _same(self, likelihood: Floats, *, haploid: bool, other_haploid: bool) -> Floats:
        p = self.father.own
        if haploid is not other_haploid:  # two sexes: said by amelogenin, not here
            return np.zeros((len(likelihood), len(p) if other_haploid else len(p) * (len(p) + 1) // 2))
        return likelihood * p if haploid else _folded(likelihood * np.outer(p, p))

    def _autosomal(self, relation: Relation, likelihood: Floats, sex: Sex) -> Floats:
        father, mother = self.father, self.mother
        if relation is Relation.FULL_SIBLINGS:
            return np.asarray(father.together.mean(axis=0).T @ likelihood @ mother.together.mean(axis=0))
        both = []
        for parent, other, is_he in ((father, mother, sex is not Sex.FEMALE), (mother, father, sex is not Sex.MALE)):
            if is_he:
                passed = np.einsum("kxy,x,xz,y->kz", likelihood, parent.own, parent.matrix, parent.own, optimize=True)
                both.append(passed[:, :, None] * other.child)
        return np.asarray(np.mean(both, axis=0))

    def _x_linked(self, relation: Relation, likelihood: Floats, *, haploid: bool, other_haploid: bool) -> Floats:
        """Alleles of women in the order father's, mother's; a man has his mother's."""
        father, mother = self.father, self.mother
        if relation is Relation.FULL_SIBLINGS:
            beside = likelihood @ mother.together.mean(axis=0)  # the mother's allele of the other one
            if haploid:
                return beside if other_haploid else father.child[None, :, None] * beside[:, None, :]
            return np.asarray(father.child @ beside if other_haploid else father.together[1].T @ beside)
        if haploid:  # a father, who gives sons nothing
            if other_haploid:
                return np.asarray((likelihood @ father.own)[:, None] * mother.child)
            return np.asarray(((likelihood * father.own) @ father.matrix)[:, :, None] * mother.child)
        passed = np.einsum("kxy,x,xz,y->kz", likelihood, mother.own, mother.matrix, mother.own, optimize=True)
        return passed if other_haploid else np.asarray(father.child[None, :, None] * passed[:, None, :])


def squared(rows: Floats, alleles: int) -> Floats:
    """Rows over unordered genotypes as symmetric matrices over two alleles."""
    a, b = genotype_pairs(alleles)
    square = np.empty((len(rows), alleles, alleles))
    square[:, a, b] = rows
    square[:, b, a] = rows
    return square


def _folded(joint: Floats) -> Floats:
    """From two alleles in order to unordered genotypes."""
    a, b = genotype_pairs(joint.shape[-1])
    return np.asarray(joint[:, a, b] + np.where(a == b, 0.0, joint[:, b, a]))
