"""An operation small enough to know by heart: three individuals, two families, two markers and amelogenin."""

from antigone.genetics.alleles import Named, Repeat
from antigone.genetics.frequencies import FiveOverTwoN, nist_1036_caucasian
from antigone.genetics.mutation import Equal, Mutation
from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.profiles import Profile
from antigone.matching.operation import Family, Individual, Operation, Settings

MARKERS = ("D3S1358", "TH01", "FGA")


def profile(sample: str, **genotypes: tuple[int, int]) -> Profile:
    return Profile(sample, {marker: (Reading.of(Repeat(a), Repeat(b)),) for marker, (a, b) in genotypes.items()})


def small_operation(*, threshold: float = 0.5, name: str = "A small case") -> Operation:
    son = profile("S1", D3S1358=(14, 17), TH01=(6, 9), FGA=(20, 22))
    with_sex = Profile("S1", {**son.readings, "AMEL": (Reading.of(Named("X"), Named("Y")),)})
    woman = profile("S2", D3S1358=(15, 16), TH01=(7, 8), FGA=(19, 24))
    dead = (
        Individual("R1", with_sex, Sex.MALE, 20, 30, "170 cm", "B1", "T1", ("S1",)),
        Individual("R2", woman, Sex.FEMALE, bag="B1", transfer="T1"),
        Individual("=R3", profile("S3", D3S1358=(18, 18), TH01=(7, 7)), Sex.MALE, bag="B2", transfer="T2"),
    )
    parents = Pedigree.build(
        [
            Person("F1-FA", sex=Sex.MALE, birth_year=1965),
            Person("F1-MO", sex=Sex.FEMALE),
            Person("F1-M1", "F1-FA", "F1-MO", Sex.MALE, 2000),
        ],
        family="F1",
    )
    sister = Pedigree.build(
        [
            Person("F2-FA", sex=Sex.MALE), Person("F2-MO", sex=Sex.FEMALE),
            Person("F2-M1", "F2-FA", "F2-MO", Sex.FEMALE, 1950), Person("F2-S1", "F2-FA", "F2-MO", Sex.FEMALE),
        ],
        family="F2",
    )  # fmt: skip
    families = (
        Family(
            "F1", parents, ("F1-M1",),
            {
                "F1-FA": profile("S4", D3S1358=(14, 15), TH01=(6, 7), FGA=(20, 21)),
                "F1-MO": profile("S5", D3S1358=(16, 17), TH01=(9, 9), FGA=(22, 23)),
            },
            {"F1-M1": 2024},
        ),
        Family("F2", sister, ("F2-M1",), {"F2-S1": profile("S6", D3S1358=(15, 16), TH01=(7, 8), FGA=(19, 24))}),
    )  # fmt: skip
    settings = Settings(
        MARKERS, kit="three markers", threshold=threshold, mutation=Mutation.same(Equal(0.001)),
        rare_alleles=FiveOverTwoN(), year=2025,
    )  # fmt: skip
    return Operation(name, dead, families, nist_1036_caucasian(), settings, digests={"profiles.csv": "0" * 64})
