"""How likely it is that a pair is wrong because a sample bears the label of another.

No likelihood ratio sees that: two samples that exchanged their labels fit as well as before, and fit the wrong body. Of
the samples a laboratory receives a share q is mislabelled (`Settings.mislabelled_samples`; Dzik et al. 2003 found a
median of 1 in 165), and whoever is identified by one sample is somebody else as often as that. What would tell is a
second sample of the same remains, taken and labelled by itself.

Counted are:

- the label of each remains that is in the individual, q; where remains have several samples with numbers of their own,
  all of which agree, all of them have to be wrong, qⁿ. Other remains of the same profile confirm no label;
- the label of the one sample that stands for the missing person, where no other of the family was typed: q times the
  share of all the families' samples that stand alone in the same way, for only then does it fit somebody's body. Where
  two relatives were typed, an exchanged label contradicts the other one, and two wrong ones are left out (below q²).
"""

from collections import Counter
from dataclasses import dataclass

from antigone.genetics.kinship import blood_relatives
from antigone.matching.operation import Family, Individual, Operation
from antigone.matching.references import ReferenceKind, kind_of_reference, typed_persons


@dataclass(frozen=True, eq=False)
class LabelRisks:
    """The share of mislabelled samples, how many samples each remains has, and which samples stand alone."""

    share: float
    samples: dict[str, int]
    alone: dict[tuple[str, str], ReferenceKind]
    share_alone: dict[ReferenceKind, float]

    @classmethod
    def of(cls, operation: Operation) -> "LabelRisks":
        """Of an operation as it was given, each remains for itself."""
        samples = {one.id: max(1, len(set(one.samples))) for one in operation.individuals}
        alone = {}
        for family in operation.families:
            typed = typed_persons(family, operation.settings.markers)
            for person in family.missing:
                if len(typed & (blood_relatives(family.pedigree, person) | {person})) == 1:
                    alone[family.name, person] = kind_of_reference(family.pedigree, person, typed)
        donors = sum(len(family.profiles) for family in operation.families)
        counted = Counter(alone.values())
        share_alone = {kind: count / donors for kind, count in counted.items()}
        return cls(operation.settings.mislabelled_samples, samples, alone, share_alone)

    def of_pair(self, individual: Individual, family: Family, person: str) -> float:
        """The probability that a label on which this pair rests is another's, given that all else is right."""
        right = 1.0
        for remains in individual.remains or (individual.id,):
            right *= 1 - self.share ** self.samples.get(remains, 1)
        kind = self.alone.get((family.name, person))
        if kind is not None:
            right *= 1 - self.share * self.share_alone[kind]
        return 1 - right
