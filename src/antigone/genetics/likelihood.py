"""How probable what was typed is, given a pedigree: the public face of the engine.

`log_likelihoods` takes one pedigree and many markers; `typed_log_likelihoods` many cases of one pedigree as arrays of
codes; `genotype_distribution` gives an untyped person's genotype; `linked_log_likelihood` takes linked markers
together. Untyped founders are part of the pedigree unless pruning is asked for (`prune_untyped_founders`, as Familias
does: see SEMANTICS 17–18; it changes the number where mutation is not stationary).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import product
from math import prod

import numpy as np
from numpy.typing import NDArray

from antigone.genetics.alleles import Allele
from antigone.genetics.elimination import TooComplexError, schedule
from antigone.genetics.evaluation import Evaluated, ModelPack, Problems, evaluate, evaluate_plain
from antigone.genetics.lanes import evaluate_alike
from antigone.genetics.lumping import coarsest_lumping, lumped
from antigone.genetics.models import MarkerModel
from antigone.genetics.network import Member, Role, Shape, founder_alleles
from antigone.genetics.observation import NO_ERRORS, ErrorRates, Reading, Reads, genotype_likelihood
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.genetics.theta import (
    clusterings,
    fresh_frequencies,
    known_alleles_probability,
    shared_draws_probability,
    split_founders,
)

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class LikelihoodError(ValueError):
    """A likelihood was asked for that is not defined."""


@dataclass(frozen=True, slots=True)
class Typed:
    """An exact genotype: two alleles, or one for a male at an X-linked marker."""

    alleles: tuple[Allele, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Observed:
    """P(what was read | genotype): shape (alleles, alleles), or (alleles,) for a male at an X-linked marker."""

    likelihood: Floats


Known = Typed | Observed


@dataclass(frozen=True, slots=True)
class Options:
    """How to compute; the answer is the same but for `theta` and `prune_untyped_founders`, which change the model."""

    theta: float = 0.0
    prune_untyped_founders: bool = False
    lump: bool = True
    compiled: bool = True

    def __post_init__(self) -> None:
        if not 0 <= self.theta < 1:
            raise LikelihoodError(f"theta lies between 0 and 1, got {self.theta}")


DEFAULT_OPTIONS = Options()


def known_from_readings(
    readings: Sequence[Reading], model: MarkerModel, rates: ErrorRates = NO_ERRORS, *, haploid: bool = False
) -> Known:
    """What readings say: an exact genotype where they leave no choice, else a likelihood for every genotype."""
    exact = rates == NO_ERRORS and model.silent is None and len(readings) == 1
    if exact and readings[0].reads is not Reads.OTHER_UNSEEN and len(readings[0].alleles) <= 2:
        alleles = readings[0].alleles
        if haploid and len(alleles) == 1:
            return Typed(alleles)
        if not haploid:
            return Typed(alleles if len(alleles) == 2 else alleles * 2)
    return Observed(genotype_likelihood(readings, model, rates, haploid=haploid))


def log_likelihoods(
    pedigree: Pedigree,
    models: Sequence[MarkerModel],
    known: Sequence[Mapping[str, Known]],
    options: Options = DEFAULT_OPTIONS,
) -> Floats:
    """Natural logarithm of P(what is known | pedigree) at each marker; shape (markers,), −inf for the impossible.

    `known[m]` says what is known of whom at `models[m]`. A marker at which nobody is typed has likelihood 1.

    >>> from antigone.genetics.alleles import Repeat
    >>> from antigone.genetics.pedigrees import Person
    >>> trio = Pedigree.build([Person("father"), Person("mother"), Person("child", "father", "mother")])
    >>> p = 0.2
    >>> model = MarkerModel.build("TH01", [Repeat(6), Repeat(7)], [p, 1 - p])
    >>> a, b = model.alleles
    >>> known = {"father": Typed((a, a)), "mother": Typed((a, b)), "child": Typed((a, a))}
    >>> likelihood = float(np.exp(log_likelihoods(trio, [model], [known])[0]))
    >>> round(likelihood, 12) == round(p**2 * 2 * p * (1 - p) * 0.5, 12)
    True
    """
    if len(models) != len(known):
        raise LikelihoodError(f"{len(models)} marker models and what is known at {len(known)} markers")
    answers = np.zeros(len(models))
    groups: dict[tuple[Shape, Pedigree | None], list[int]] = {}
    prepared = []
    frame = _frames(pedigree, (), options)
    for m, (model, knowledge) in enumerate(zip(models, known, strict=True)):
        one = _prepare(frame(model, set(knowledge)), model, knowledge, options)
        prepared.append(one)
        if one.impossible:
            answers[m] = -np.inf
        else:
            groups.setdefault((one.shape, one.pedigree if options.prune_untyped_founders else None), []).append(m)
    for (shape, _), where in groups.items():
        answers[where] = _log_sum(shape, [[prepared[m]] for m in where], np.zeros(0), options)
    return answers


def linked_log_likelihood(
    pedigree: Pedigree,
    models: Sequence[MarkerModel],
    known: Sequence[Mapping[str, Known]],
    recombination: Sequence[float],
    options: Options = DEFAULT_OPTIONS,
) -> float:
    """Natural logarithm of P(what is known at linked markers | pedigree).

    `recombination[k]` is the recombination fraction between markers k and k + 1, the same in both sexes; there is no
    interference, and the founders are in linkage equilibrium with unknown phase.
    """
    if len(models) != len(known) or len(recombination) != len(models) - 1:
        raise LikelihoodError("linked markers need one recombination fraction between each two")
    if any(not 0 <= rho <= 0.5 for rho in recombination):
        raise LikelihoodError(f"a recombination fraction lies between 0 and 0.5, got {list(recombination)}")
    if len({model.x_linked for model in models}) > 1:
        raise LikelihoodError("an autosomal and an X-linked marker are not linked")
    whole = pruned_untyped_founders(pedigree, _known_anywhere(known)) if options.prune_untyped_founders else pedigree
    options = replace(options, prune_untyped_founders=False, lump=False)
    frame = _frames(whole, (), options)
    loci = [_prepare(frame(model, set()), model, these, options) for model, these in zip(models, known, strict=True)]
    if any(locus.impossible for locus in loci):
        return float("-inf")
    shape = _joined_shape([locus.shape for locus in loci])
    return float(_log_sum(shape, [loci], np.array(recombination, dtype=np.float64), options)[0])


@dataclass(frozen=True, eq=False)
class GenotypeDistribution:
    """P(genotype of one or several people, everything known) for one marker.

    `joint` has two axes for each person, alleles a ≤ b of the unordered genotype {a, b} and zero below that diagonal,
    or one axis for a male at an X-linked marker; its numbers are to be multiplied by 2**`exponent`.
    """

    model: MarkerModel
    joint: Floats
    exponent: int = 0

    @property
    def log_marginal(self) -> float:
        """Natural logarithm of P(everything known)."""
        with np.errstate(divide="ignore"):
            return float(np.log(self.joint.sum()) + self.exponent * np.log(2.0))

    @property
    def conditional(self) -> Floats:
        """P(genotype | everything known), laid out as `joint`. Raises `LikelihoodError` where that is impossible."""
        total = self.joint.sum()
        if total == 0:
            raise LikelihoodError(f"{self.model.name}: what is known is impossible in this pedigree")
        return np.asarray(self.joint / total)


def genotype_distribution(
    targets: str | Sequence[str],
    pedigree: Pedigree,
    model: MarkerModel,
    known: Mapping[str, Known],
    options: Options = DEFAULT_OPTIONS,
) -> GenotypeDistribution:
    """The genotype of somebody, or of several together, given all that is known of everybody, themselves included."""
    return genotype_distributions(targets, pedigree, [model], [known], options)[0]


def genotype_distributions(
    targets: str | Sequence[str],
    pedigree: Pedigree,
    models: Sequence[MarkerModel],
    known: Sequence[Mapping[str, Known]],
    options: Options = DEFAULT_OPTIONS,
) -> list[GenotypeDistribution]:
    """`genotype_distribution` at many markers."""
    asked = (targets,) if isinstance(targets, str) else tuple(targets)
    prepared = _prepared_for(asked, pedigree, models, known, options)
    answers: dict[int, GenotypeDistribution] = {}
    groups: dict[tuple[Shape, Pedigree | None], list[int]] = {}
    for m, one in enumerate(prepared):
        if one.impossible:
            axes = sum(_copies(one.pedigree[target], one.model) for target in asked)
            answers[m] = GenotypeDistribution(models[m], np.zeros((len(models[m]),) * axes))
        else:
            groups.setdefault((one.shape, one.pedigree if options.prune_untyped_founders else None), []).append(m)
    for (shape, _), where in groups.items():
        folded = _folded_sum(shape, [prepared[m] for m in where], asked, options)
        for m, (joint, exponent) in zip(where, folded, strict=True):
            answers[m] = GenotypeDistribution(models[m], joint, exponent)
    return [answers[m] for m in range(len(models))]


def unknown_founder_alleles(
    target: str,
    pedigree: Pedigree,
    models: Sequence[MarkerModel],
    known: Sequence[Mapping[str, Known]],
    options: Options = DEFAULT_OPTIONS,
) -> list[int]:
    """How many founder alleles of each marker `genotype_distributions` has to sum over; 0 where it is impossible.

    With theta the work grows with the set partitions of that many: see `theta.refuse_too_many`.
    """
    prepared = _prepared_for((target,), pedigree, models, known, options)
    return [0 if one.impossible else len(founder_alleles(one.shape)) for one in prepared]


def linked_genotype_distribution(
    target: str,
    pedigree: Pedigree,
    models: Sequence[MarkerModel],
    known: Sequence[Mapping[str, Known]],
    recombination: Sequence[float],
) -> Floats:
    """P(a person's genotypes at linked markers together | everything known), without theta.

    Axes: alleles a ≤ b at the first marker, alleles at the second, and so on; one axis a marker for a male on X.
    """
    options = Options(lump=False)
    frame = _frames(pedigree, (target,), options)
    loci = [_prepare(frame(model, set()), model, these, options) for model, these in zip(models, known, strict=True)]
    if any(locus.impossible for locus in loci):
        raise LikelihoodError("what is known is impossible in this pedigree")
    shape = _joined_shape([locus.shape for locus in loci])
    recombinations = np.array(recombination, dtype=np.float64)
    ((_, evaluated),) = _terms(shape, [loci], recombinations, options)
    i = _positions_with_twins(pedigree)[target]
    haploid = _is_haploid(shape, i)
    sizes: list[int] = []
    for locus in loci:
        if locus.genotypes[i, 0] >= 0:
            sizes.append(1 if haploid or locus.genotypes[i, 0] == locus.genotypes[i, 1] else 2)
        else:
            sizes += [len(locus.model)] * (1 if haploid else 2)
    array = evaluated.values[0, : prod(sizes)].reshape(sizes)
    present = list(range(len(sizes)))
    for locus in loci:
        width = 1 if locus.genotypes[i, 0] >= 0 or haploid else 2
        axes = [v for v in present if v >= 0][:width]
        array, present = _last_axes_of(array, present, axes, locus, i, haploid=haploid)
    total = array.sum()
    if total == 0:
        raise LikelihoodError("what is known is impossible in this pedigree")
    return np.asarray(array / total)


def typed_log_likelihoods(
    pedigree: Pedigree,
    models: Sequence[MarkerModel],
    genotypes: NDArray[np.integer],
    options: Options = DEFAULT_OPTIONS,
) -> Floats:
    """`log_likelihoods` of many cases of one pedigree, from arrays: the fast way in.

    `genotypes` has shape (cases, markers, persons, 2): indices into the alleles of each marker's model, persons in the
    order of `pedigree.persons`, −1 for an untyped person; a male at an X-linked marker has his allele twice.
    Returns shape (cases, markers).
    """
    codes = np.asarray(genotypes, dtype=np.int64)
    if codes.shape[1:] != (len(models), len(pedigree), 2):
        raise LikelihoodError(f"genotypes of shape {codes.shape} for {len(models)} markers and {len(pedigree)} persons")
    _check_codes(pedigree, models, codes)
    if codes.size == 0:
        return np.zeros(codes.shape[:2])
    if pedigree.twins or options.theta or options.prune_untyped_founders or len({m.x_linked for m in models}) > 1:
        return _one_by_one(pedigree, models, codes, options)
    marker_of = np.broadcast_to(np.arange(len(models)), codes.shape[:2])
    problems = codes.reshape(-1, len(pedigree), 2)
    return typed_problems(pedigree, models, problems, marker_of.ravel(), options).reshape(codes.shape[:2])


def typed_problems(
    pedigree: Pedigree,
    models: Sequence[MarkerModel],
    genotypes: Integers,
    marker_of: Integers,
    options: Options = DEFAULT_OPTIONS,
) -> Floats:
    """`typed_log_likelihoods` of problems that each have one marker: `marker_of`, shape (problems,), indexes `models`.

    `genotypes` has shape (problems, persons, 2) and is trusted; all models are autosomal or all X-linked, and theta,
    pruning and identical twins are not for here. Returns shape (problems,).
    """
    answers = np.zeros(len(genotypes))
    masks, which = _patterns(genotypes[..., 0] >= 0)
    pack = _pack_of(tuple(models))
    for k, mask in enumerate(masks):
        chosen = which == k
        answers[chosen] = _typed_group(pedigree, models, pack, mask, genotypes[chosen], marker_of[chosen], options)
    return answers


def _patterns(typed: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], Integers]:
    """The distinct rows, and which of them each row is."""
    if np.all(typed == typed[:1]):
        return typed[:1], np.zeros(len(typed), dtype=np.int64)
    if typed.shape[1] > 62:
        masks, which = np.unique(typed, axis=0, return_inverse=True)
        return masks, which.ravel()
    _, first, which = np.unique(typed @ (1 << np.arange(typed.shape[1])), return_index=True, return_inverse=True)
    return typed[first], which


def is_evaluated_as_it_is(pedigree: Pedigree, models: Sequence[MarkerModel], typed: NDArray[np.bool_]) -> bool:
    """Whether `typed_problems` in which exactly these are typed fit into memory and leave all alleles apart.

    Where alleles that nobody carries are treated as one, the order of a sum may depend on what is computed together.
    """
    shape = _typed_shape(pedigree, models[0].x_linked, typed)
    try:
        schedule(shape, (max(len(model) for model in models),))
        return not any(_worth_lumping(shape, model) for model in models)
    except TooComplexError:
        return False


def _check_codes(pedigree: Pedigree, models: Sequence[MarkerModel], codes: Integers) -> None:
    """Raise `LikelihoodError` for the first code that is none, half a genotype, or two alleles where there is one."""
    sizes = np.array([len(model) for model in models], dtype=np.int64)[None, :, None]
    first, second = codes[..., 0], codes[..., 1]
    single = np.array([[_copies(person, model) == 1 for person in pedigree.persons] for model in models], dtype=bool)
    wrong = (first < -1) | (second < -1) | (first >= sizes) | (second >= sizes)
    wrong |= (first < 0) != (second < 0)
    wrong |= single.reshape(1, len(models), len(pedigree)) & (first != second)
    if wrong.any():
        case, m, i = (int(k) for k in np.argwhere(wrong)[0])
        name, found = pedigree.persons[i].id, codes[case, m, i].tolist()
        expected = f"two codes from 0 to {len(models[m]) - 1}, or −1 twice"
        if single[m, i]:
            expected += "; one allele, twice, for a male on X"
        raise LikelihoodError(f"case {case}, {models[m].name}, {name}: found {found}; expected {expected}")


def pruned_untyped_founders(pedigree: Pedigree, typed: set[str]) -> Pedigree:
    """Leave out untyped people who are leaves, or founders with one child.

    Their child's allele then comes from the table, without a mutation on the way. This is what Familias does when theta
    is 0 (SEMANTICS 18), again and again until nobody is left to prune.
    """
    persons = {person.id: person for person in pedigree.persons}
    one = {name: min(group) for group in pedigree.twins for name in group}  # identical twins are one person here
    typed = {one.get(name, name) for name in typed}
    while True:
        children: dict[str, set[str]] = {one.get(name, name): set() for name in persons}
        for person in persons.values():
            for parent in (person.father, person.mother):
                if parent is not None:
                    children[one.get(parent, parent)].add(one.get(person.id, person.id))
        gone = {
            name
            for name, person in persons.items()
            if (whole := one.get(name, name)) not in typed
            and (not children[whole] or (len(children[whole]) == 1 and person.father is None and person.mother is None))
        }
        if not gone:
            twins = [group for group in pedigree.twins if min(group) in persons]
            return Pedigree.build(persons.values(), family=pedigree.family, twins=twins)
        persons = {
            name: replace(
                person,
                father=None if person.father in gone else person.father,
                mother=None if person.mother in gone else person.mother,
            )
            for name, person in persons.items()
            if name not in gone
        }


# --- from persons and genotypes to shapes and arrays --------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Locus:
    """One marker of one family, ready to be packed."""

    pedigree: Pedigree
    shape: Shape
    model: MarkerModel
    genotypes: Integers  # (members, 2), −1 where not typed
    observed: Mapping[int, Floats]
    impossible: bool


def _known_anywhere(known: Sequence[Mapping[str, Known]]) -> set[str]:
    return {person for knowledge in known for person in knowledge}


class _Frame:
    """What all markers of one pedigree share: positions, members, and a shape for each pattern of who is typed."""

    def __init__(self, pedigree: Pedigree, x_linked: bool, queried: Sequence[str], options: Options) -> None:
        self.pedigree = pedigree
        self.x_linked = x_linked
        self.position = _positions_with_twins(pedigree)
        self.members = [_member(pedigree, person, self.position, x_linked) for person in pedigree.persons]
        self.haploid = [x_linked and member.male is True for member in self.members]
        asked = {self.position[name] for name in queried}
        self.members = [replace(member, queried=i in asked) for i, member in enumerate(self.members)]
        self.shapes: dict[tuple[Role, ...], Shape] = {}
        if options.theta and any(member.inbred for member in self.members):
            raise LikelihoodError("theta together with founder inbreeding is not defined; give one of them")

    def shape(self, roles: tuple[Role, ...]) -> Shape:
        """The shape in which these people are typed."""
        if roles not in self.shapes:
            members = (replace(member, roles=(role,)) for member, role in zip(self.members, roles, strict=True))
            self.shapes[roles] = Shape(tuple(members), 1, self.x_linked)
        return self.shapes[roles]


def _frames(pedigree: Pedigree, queried: Sequence[str], options: Options) -> Callable[[MarkerModel, set[str]], _Frame]:
    """Frames as they are asked for; without pruning one for the autosomes and one for X serve all markers."""
    cache: dict[bool, _Frame] = {}

    def frame(model: MarkerModel, typed: set[str]) -> _Frame:
        if options.prune_untyped_founders:
            left = pruned_untyped_founders(pedigree, typed | set(queried))
            return _Frame(left, model.x_linked, queried, options)
        if model.x_linked not in cache:
            cache[model.x_linked] = _Frame(pedigree, model.x_linked, queried, options)
        return cache[model.x_linked]

    return frame


def _prepare(frame: _Frame, model: MarkerModel, known: Mapping[str, Known], options: Options) -> _Locus:
    """Merge twins, lump alleles where that is exact and worth it, and find the shape."""
    pedigree, position = frame.pedigree, frame.position
    genotypes = np.full((len(frame.members), 2), -1, dtype=np.int64)
    observed: dict[int, Floats] = {}
    impossible = False
    for name, knowledge in known.items():
        if name not in position:
            raise LikelihoodError(f"{name}, who is typed at {model.name}, is not in this pedigree")
        i = position[name]
        if frame.x_linked:
            _require_sex(pedigree[name], model)
        if isinstance(knowledge, Observed):
            observed[i] = observed.get(i, 1.0) * _checked(knowledge, name, model, frame.haploid[i])
            continue
        typed = _indices(knowledge, name, model, frame.haploid[i])
        if genotypes[i, 0] >= 0 and tuple(genotypes[i]) != typed:
            impossible = True  # identical twins with different genotypes
        genotypes[i] = typed
    if observed:
        impossible |= _settle(genotypes, observed, frame.haploid)
    typed_at = genotypes[:, 0] >= 0
    roles = tuple(
        Role.TYPED if typed_at[i] else Role.OBSERVED if i in observed else Role.UNTYPED for i in range(len(genotypes))
    )
    shape = frame.shape(roles)
    if options.lump and not impossible:
        model, genotypes, observed = _lump(model, shape, genotypes, observed)
    return _Locus(pedigree, shape, model, genotypes, observed, impossible)


def _prepared_for(
    asked: tuple[str, ...],
    pedigree: Pedigree,
    models: Sequence[MarkerModel],
    known: Sequence[Mapping[str, Known]],
    options: Options,
) -> list[_Locus]:
    """Each marker for the genotypes of those asked; alleles are not lumped, for every genotype has an answer."""
    for target in asked:
        if target not in pedigree:
            raise LikelihoodError(f"{target} is not in this pedigree")
    options = replace(options, lump=False)
    frame = _frames(pedigree, asked, options)
    return [
        _prepare(frame(model, set(these)), model, these, options) for model, these in zip(models, known, strict=True)
    ]


def _positions_with_twins(pedigree: Pedigree) -> dict[str, int]:
    """Where each person stands; identical twins stand in one place."""
    position = {person.id: i for i, person in enumerate(pedigree.persons)}
    for group in pedigree.twins:
        first = min(position[name] for name in group)
        for name in group:
            position[name] = first
    return position


def _member(pedigree: Pedigree, person: Person, position: Mapping[str, int], x_linked: bool) -> Member:
    father = position[person.father] if person.father is not None else -1
    mother = position[person.mother] if person.mother is not None else -1
    # A parent's sex follows from the role; elsewhere it matters on X only, and autosomal shapes are shared without it.
    male = None
    if x_linked:
        alike = next((group for group in pedigree.twins if person.id in group), frozenset({person.id}))
        sexes = {pedigree[name].sex for name in alike} - {Sex.UNKNOWN}
        roles = {_sex_by_role(pedigree, name) for name in alike} - {None}
        male = sexes == {Sex.MALE} if sexes else next(iter(roles), None)
    return Member(father, mother, male, (Role.UNTYPED,), inbred=person.inbreeding > 0)


def _sex_by_role(pedigree: Pedigree, name: str) -> bool | None:
    for child in pedigree.children(name):
        return child.father == name
    return None


def _require_sex(person: Person, model: MarkerModel) -> None:
    if model.x_linked and person.sex is Sex.UNKNOWN:
        raise LikelihoodError(f"{person.id} is typed at {model.name}, on X, and needs a sex")


def _indices(typed: Typed, name: str, model: MarkerModel, haploid: bool) -> tuple[int, int]:
    alleles = typed.alleles
    if haploid and len(alleles) == 2 and alleles[0] == alleles[1]:
        alleles = alleles[:1]
    if len(alleles) != (1 if haploid else 2):
        shown = "/".join(map(str, alleles))
        wanted = "one allele: he is male and the marker is on X" if haploid else "two alleles"
        raise LikelihoodError(f"{name} is typed {shown} at {model.name}; expected {wanted}")
    for allele in alleles:
        if allele not in model.index:
            raise LikelihoodError(
                f"{name} carries allele {allele} of {model.name}, which is not in the frequency table"
            )
    first, second = model.index[alleles[0]], model.index[alleles[-1]]
    return (min(first, second), max(first, second))


def _checked(knowledge: Observed, name: str, model: MarkerModel, haploid: bool) -> Floats:
    expected = (len(model),) if haploid else (len(model), len(model))
    if knowledge.likelihood.shape != expected:
        raise LikelihoodError(
            f"{name} at {model.name}: a likelihood of shape {knowledge.likelihood.shape}, not {expected}"
        )
    return knowledge.likelihood


def _settle(genotypes: Integers, observed: dict[int, Floats], haploid: Sequence[bool]) -> bool:
    """Whoever is both typed and observed (identical twins) becomes observed; True if nothing is left possible."""
    for i in list(observed):
        if genotypes[i, 0] >= 0:
            only = np.zeros_like(observed[i])
            a, b = genotypes[i]
            if haploid[i]:
                only[a] = 1.0
            else:
                only[a, b] = only[b, a] = 1.0
            observed[i] = observed[i] * only
            genotypes[i] = -1
    return any(not np.any(likelihood) for likelihood in observed.values())


def _lump(
    model: MarkerModel, shape: Shape, genotypes: Integers, observed: Mapping[int, Floats]
) -> tuple[MarkerModel, Integers, dict[int, Floats]]:
    """Treat alleles that nobody carries as one where the rule allows it and the sum is long enough to be worth it."""
    if not _worth_lumping(shape, model):
        return model, genotypes, dict(observed)
    labels = np.zeros(len(model), dtype=np.int64)
    carried = np.unique(genotypes[genotypes >= 0])
    labels[carried] = 1 + np.arange(len(carried))
    for likelihood in observed.values():
        # Alleles are alike for a reading where exchanging one for the other changes no genotype's likelihood.
        alike = np.unique(likelihood.reshape(len(model), -1), axis=0, return_inverse=True)[1].ravel()
        labels = np.unique(np.column_stack([labels, alike]), axis=0, return_inverse=True)[1].ravel()
    classes = coarsest_lumping(model, labels)
    if classes.max() + 1 == len(model):
        return model, genotypes, dict(observed)
    first = np.unique(classes, return_index=True)[1]
    small = {i: likelihood[np.ix_(*[first] * likelihood.ndim)] for i, likelihood in observed.items()}
    moved = np.where(genotypes >= 0, classes[genotypes], -1)
    return lumped(model, classes), np.sort(moved, axis=1), small


def _worth_lumping(shape: Shape, model: MarkerModel) -> bool:
    """Below some hundred thousand multiplications, finding the classes takes longer than it saves."""
    return len(model) > 3 and schedule(shape, (len(model),)).cost > 500_000


def _joined_shape(shapes: Sequence[Shape]) -> Shape:
    """Several linked loci of one pedigree."""
    members = tuple(
        replace(group[0], roles=tuple(member.roles[0] for member in group))
        for group in zip(*(shape.members for shape in shapes), strict=True)
    )
    return Shape(members, len(shapes), shapes[0].x_linked)


_cached_pack = lru_cache(maxsize=64)(ModelPack.of)


def _pack_of(models: tuple[MarkerModel, ...]) -> ModelPack:
    return _cached_pack(models) if len(models) <= 64 else ModelPack.of(models)


def _assemble(shape: Shape, cases: Sequence[Sequence[_Locus]], recombination: Floats, theta: float) -> Problems:
    """Pack problems of one shape; each case has one `_Locus` for each locus of the shape."""
    models = tuple(dict.fromkeys(locus.model for case in cases for locus in case))
    pack = _pack_of(models)
    number = {model: k for k, model in enumerate(models)}
    which = np.array([[number[locus.model] for locus in case] for case in cases], dtype=np.int64)
    genotypes = np.array([[locus.genotypes for locus in case] for case in cases])
    # With theta nobody is inbred (`_Frame` refuses both), and the shape may hold a founder twice.
    inbreeding = np.zeros(len(shape.members)) if theta else _inbreeding(cases[0][0].pedigree)
    problems = _with_states(shape, pack, which, genotypes, inbreeding, recombination, theta)
    _add_observations(problems, cases)
    return problems


def _inbreeding(pedigree: Pedigree) -> Floats:
    return np.array([person.inbreeding for person in pedigree.persons])


def _with_states(
    shape: Shape,
    pack: ModelPack,
    which: Integers,
    genotypes: Integers,
    inbreeding: Floats,
    recombination: Floats,
    theta: float,
) -> Problems:
    """The states of typed people: which allele came from whom; `genotypes` has shape (problems, loci, members, 2)."""
    founder = np.array([member.father < 0 and member.mother < 0 for member in shape.members], dtype=bool)
    haploid = np.array([shape.x_linked and member.male is True for member in shape.members], dtype=bool)
    a, b = np.maximum(genotypes[..., 0], 0), np.maximum(genotypes[..., 1], 0)
    heterozygous = a != b
    # A founder's alleles need no order unless a linked locus gives them one.
    unordered = founder & (shape.loci == 1 and not shape.phased)
    count = np.where(heterozygous & ~unordered & ~haploid, 2, 1)
    ways = np.where(heterozygous & unordered, 2.0, 1.0)
    if theta:
        weight = np.where(founder, ways, 1.0)  # the alleles themselves are sampled together, elsewhere
    else:
        start = pack.frequencies[which][..., None]
        p, q = pack.memory[start + a], pack.memory[start + b]
        f = inbreeding[None, None, :]
        drawn = np.where(haploid, p, (1 - f) * p * q * ways + np.where(heterozygous, 0.0, f * p))
        weight = np.where(founder, drawn, 1.0)
    state_alleles = np.stack([np.stack([a, b], axis=-1), np.stack([b, a], axis=-1)], axis=-2)
    return Problems(
        pack,
        which,
        state_alleles,
        count.astype(np.int64),
        np.repeat(weight[..., None], 2, axis=-1),
        inbreeding,
        recombination,
    )


def _add_observations(problems: Problems, cases: Sequence[Sequence[_Locus]]) -> None:
    pieces: list[Floats] = []
    at = np.zeros(problems.state_count.shape, dtype=np.int64)
    filled = 0
    for k, case in enumerate(cases):
        for locus, one in enumerate(case):
            for member, likelihood in one.observed.items():
                at[k, locus, member] = filled
                pieces.append(likelihood.ravel())
                filled += likelihood.size
    if pieces:
        problems.observations = np.concatenate(pieces)
        problems.observation_at = at


# --- sums over clusterings (theta) ---------------------------------------------------------------------------------


def _log_sum(shape: Shape, cases: Sequence[Sequence[_Locus]], recombination: Floats, options: Options) -> Floats:
    """Natural logarithms for cases of one shape."""
    total = None
    for _, evaluated in _terms(shape, cases, recombination, options):
        total = evaluated if total is None else _added(total, evaluated)
    assert total is not None  # noqa: S101  there is always the clustering in which everybody stands alone
    return total.natural_logs()


def _folded_sum(
    shape: Shape, loci: Sequence[_Locus], targets: Sequence[str], options: Options
) -> list[tuple[Floats, int]]:
    """For each problem the joint probability of the targets' unordered genotypes, and its exponent of two."""
    by_layout: dict[tuple[int, ...], Evaluated] = {}  # terms whose values are over the same alleles, tied or not
    for query, evaluated in _terms(shape, [[locus] for locus in loci], np.zeros(0), options):
        first_places = {variable: k for k, variable in reversed(list(enumerate(query)))}
        layout = tuple(first_places[variable] for variable in query)
        before = by_layout.get(layout)
        by_layout[layout] = evaluated if before is None else _added(before, evaluated)
    totals: list[tuple[Floats, int]] = []
    for layout, evaluated in by_layout.items():
        folded = [
            (_folded(evaluated.values[k], shape, layout, locus, targets), int(evaluated.exponents[k]))
            for k, locus in enumerate(loci)
        ]
        totals = folded if not totals else [_sum_of(one, other) for one, other in zip(totals, folded, strict=True)]
    return totals


def _terms(
    shape: Shape, cases: Sequence[Sequence[_Locus]], recombination: Floats, options: Options
) -> Iterator[tuple[Sequence[int], Evaluated]]:
    """The terms whose sum is the answer, each with the variables that its values are over.

    There is one without theta, else one for each clustering of founder alleles.
    """
    run = evaluate if options.compiled else evaluate_plain
    if not options.theta:
        problems = _assemble(shape, cases, recombination, 0.0)
        plan = schedule(shape, _sizes(problems))
        yield plan.network.query, run(plan, problems)
        return
    split = split_founders(shape)
    shape = split.shape
    cases = [[_moved(locus, split.source) for locus in case] for case in cases]
    problems = _assemble(shape, cases, recombination, options.theta)
    known, certain = _sample_known(shape, cases, problems, options.theta)
    free = [founder_alleles(shape, locus) for locus in range(shape.loci)]
    # Exchanging a founder's alleles exchanges them at all linked loci at once, so there each clustering counts by
    # itself.
    choices = [clusterings(alleles, exchangeable=shape.loci == 1) for alleles in free]
    for choice in product(*choices):
        weight = prod(
            clustering.multiplicity
            * shared_draws_probability(clustering.ties, split.same_founder, known[locus], options.theta)
            for locus, clustering in enumerate(choice)
        )
        ties = tuple(tie for clustering in choice for tie in clustering.ties)
        plan = schedule(replace(shape, ties=ties), _sizes(problems))
        evaluated = run(plan, problems)
        yield plan.network.query, replace(evaluated, values=evaluated.values * (weight * certain)[:, None])


def _sizes(problems: Problems) -> list[int]:
    """The most alleles at each locus."""
    return [int(n) for n in problems.pack.sizes[problems.models].max(axis=0)]


def _moved(locus: _Locus, source: Sequence[int]) -> _Locus:
    """What is known, for members that stand elsewhere; whoever stands twice is one of whom nothing is known."""
    where = {i: k for k, i in enumerate(source)}
    observed = {where[i]: likelihood for i, likelihood in locus.observed.items()}
    return replace(locus, genotypes=locus.genotypes[list(source)], observed=observed)


def _sample_known(
    shape: Shape, cases: Sequence[Sequence[_Locus]], problems: Problems, theta: float
) -> tuple[list[int], Floats]:
    """Draw the founder alleles that are known; returns their number at each locus and their probability.

    Sets the frequencies that the unknown ones are drawn from.
    """
    founders = [i for i, member in enumerate(shape.members) if member.father < 0 and member.mother < 0]
    certain = np.ones(len(cases))
    pieces: list[Floats] = []
    at = np.zeros((len(cases), shape.loci), dtype=np.int64)
    known = [0] * shape.loci
    filled = 0
    for k, case in enumerate(cases):
        for locus, one in enumerate(case):
            typed = [i for i in founders if shape.members[i].roles[locus] is Role.TYPED]
            haploid = [shape.x_linked and shape.members[i].male is True for i in typed]
            drawn = [
                a for i, single in zip(typed, haploid, strict=True) for a in one.genotypes[i][: 1 if single else 2]
            ]
            counts = np.bincount(np.array(drawn, dtype=np.int64), minlength=len(one.model)).astype(np.float64)
            certain[k] *= known_alleles_probability(counts, one.model.frequencies, theta)
            pieces.append(fresh_frequencies(counts, one.model.frequencies, theta))
            at[k, locus] = filled
            filled += len(one.model)
            known[locus] = len(drawn)
    problems.priors, problems.prior_at = np.concatenate(pieces), at
    return known, certain


def _added(one: Evaluated, other: Evaluated) -> Evaluated:
    """The sum of two answers, aligned by powers of two."""
    exponents = np.maximum(one.exponents, other.exponents)
    values = np.ldexp(one.values, (one.exponents - exponents)[:, None])
    return replace(
        one, values=values + np.ldexp(other.values, (other.exponents - exponents)[:, None]), exponents=exponents
    )


def _sum_of(one: tuple[Floats, int], other: tuple[Floats, int]) -> tuple[Floats, int]:
    exponent = max(one[1], other[1])
    return np.ldexp(one[0], one[1] - exponent) + np.ldexp(other[0], other[1] - exponent), exponent


def _folded(values: Floats, shape: Shape, query: Sequence[int], locus: _Locus, targets: Sequence[str]) -> Floats:
    """From the answer over the variables `query` to unordered genotypes, two axes (or one) for each target."""
    n = len(locus.model)
    position = _positions_with_twins(locus.pedigree)
    asked = [position[target] for target in targets]
    if len(set(asked)) != len(asked):
        raise LikelihoodError("identical twins share one genotype: ask for one of them")
    axes = _axes_by_member(shape, sorted(asked), query)  # the network asks in the order of its members
    states = {axes[i][0]: _state_count(shape, locus, i) for i in asked if shape.members[i].roles[0] is Role.TYPED}
    present = list(dict.fromkeys(query))
    sizes = [states.get(v, n) for v in present]
    array, present = _untied(values[: prod(sizes)].reshape(sizes), present, axes)
    for i in asked:
        array, present = _last_axes_of(array, present, axes[i], locus, i, haploid=_is_haploid(shape, i))
    return array


def _untied(array: Floats, present: list[int], axes: Mapping[int, list[int]]) -> tuple[Floats, list[int]]:
    """Give every allele that was asked for an axis of its own; alleles tied by theta shared one."""
    taken: set[int] = set()
    for these in axes.values():
        for k, v in enumerate(these):
            if v in taken:
                moved = np.moveaxis(array, present.index(v), -1)
                n = moved.shape[-1]
                array = np.zeros((*moved.shape, n))
                array[..., np.arange(n), np.arange(n)] = moved
                fresh = max(*present, *taken) + 1
                present = [*(u for u in present if u != v), v, fresh]
                these[k] = fresh
            taken.add(these[k])
    return array, present


def _axes_by_member(shape: Shape, asked: Sequence[int], query: Sequence[int]) -> dict[int, list[int]]:
    axes: dict[int, list[int]] = {}
    waiting = list(query)
    for i in asked:
        width = 1 if shape.members[i].roles[0] is Role.TYPED or _is_haploid(shape, i) else 2
        axes[i], waiting = waiting[:width], waiting[width:]
    return axes


def _state_count(shape: Shape, locus: _Locus, i: int) -> int:
    founder = shape.members[i].father < 0 and shape.members[i].mother < 0
    a, b = locus.genotypes[i]
    return 1 if a == b or founder or _is_haploid(shape, i) else 2


def _last_axes_of(
    array: Floats, present: list[int], axes: Sequence[int], locus: _Locus, i: int, *, haploid: bool
) -> tuple[Floats, list[int]]:
    """Move one member's genotype to the last axes, as an unordered one; finished axes are called −1."""
    n = len(locus.model)
    moved = np.moveaxis(array, [present.index(v) for v in axes], range(-len(axes), 0))
    rest = [v for v in present if v not in axes]
    if locus.genotypes[i, 0] >= 0:
        genotype = tuple(locus.genotypes[i][: 1 if haploid else 2])
        placed = np.zeros((*moved.shape[:-1], *(n,) * len(genotype)))
        placed[(..., *genotype)] = moved.sum(axis=-1)
        return placed, rest + [-1] * len(genotype)
    if len(axes) == 1:
        return moved, [*rest, -1]
    folded = np.triu(moved + np.swapaxes(moved, -1, -2))
    folded[..., np.arange(n), np.arange(n)] /= 2
    return folded, [*rest, -1, -1]


def _is_haploid(shape: Shape, i: int) -> bool:
    return shape.x_linked and shape.members[i].male is True


# --- many cases of one pedigree --------------------------------------------------------------------------------------


def _typed_group(
    pedigree: Pedigree,
    models: Sequence[MarkerModel],
    pack: ModelPack,
    typed: NDArray[np.bool_],
    codes: Integers,
    marker_of: Integers,
    options: Options,
) -> Floats:
    """Problems in which the same people are typed; `codes` has shape (problems, persons, 2)."""
    for person, is_typed in zip(pedigree.persons, typed, strict=True):
        if is_typed:
            _require_sex(person, models[0])
    shape = _typed_shape(pedigree, models[0].x_linked, typed)
    sorted_codes = np.sort(codes, axis=-1)
    if options.lump and any(_worth_lumping(shape, models[m]) for m in np.unique(marker_of)):
        cases = []
        for k, m in enumerate(marker_of):
            model, genotypes, _ = _lump(models[m], shape, sorted_codes[k], {})
            cases.append([_Locus(pedigree, shape, model, genotypes, {}, impossible=False)])
        return _log_sum(shape, cases, np.zeros(0), options)
    genotypes = sorted_codes[:, None]
    which = marker_of[:, None]
    problems = _with_states(shape, pack, which, genotypes, _inbreeding(pedigree), np.zeros(0), 0.0)
    run = evaluate_alike if options.compiled else evaluate_plain
    return run(schedule(shape, (int(pack.sizes.max()),)), problems).natural_logs()


def _typed_shape(pedigree: Pedigree, x_linked: bool, typed: NDArray[np.bool_]) -> Shape:
    position = {person.id: i for i, person in enumerate(pedigree.persons)}
    members = tuple(
        replace(_member(pedigree, person, position, x_linked), roles=(Role.TYPED if is_typed else Role.UNTYPED,))
        for person, is_typed in zip(pedigree.persons, typed, strict=True)
    )
    return Shape(members, 1, x_linked)


def _one_by_one(pedigree: Pedigree, models: Sequence[MarkerModel], codes: Integers, options: Options) -> Floats:
    answers = np.zeros(codes.shape[:2])
    for k, case in enumerate(codes):
        known = [
            {
                person.id: Typed(tuple(model.alleles[a] for a in sorted(case[m, i])[: _copies(person, model)]))
                for i, person in enumerate(pedigree.persons)
                if case[m, i, 0] >= 0
            }
            for m, model in enumerate(models)
        ]
        answers[k] = log_likelihoods(pedigree, models, known, options)
    return answers


def _copies(person: Person, model: MarkerModel) -> int:
    return 1 if model.x_linked and person.sex is Sex.MALE else 2
