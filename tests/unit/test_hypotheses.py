"""Likelihood ratios with their parts, and zeros with their reasons."""

import math

import numpy as np
import pytest

from antigone.genetics.alleles import Repeat
from antigone.genetics.hypotheses import explain_zero, likelihood_ratios
from antigone.genetics.likelihood import Options, Typed, known_from_readings
from antigone.genetics.markers import LinkedPair
from antigone.genetics.models import MarkerModel
from antigone.genetics.mutation import Equal, Mutation
from antigone.genetics.observation import Reading
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from families import model

A, B, C = Repeat(10), Repeat(11), Repeat(12)
RELATED = Pedigree.build([Person("F"), Person("M"), Person("C", "F", "M")])
UNRELATED = Pedigree.build([Person("F"), Person("M"), Person("C", None, "M")])


def named(name: str, p=(0.2, 0.3, 0.5), mutation=None) -> MarkerModel:
    return MarkerModel.build(name, [A, B, C], p, mutation or Mutation.same(Equal(0.0)))


def test_parts_add_up_to_the_whole():
    models = [named("X1"), named("X2")]
    known = [
        {"F": Typed((A, B)), "M": Typed((C, C)), "C": Typed((A, C))},
        {"F": Typed((A, A)), "M": Typed((B, C)), "C": Typed((A, B))},
    ]
    ratio = likelihood_ratios({"H1": RELATED, "H2": UNRELATED}, models, known)["H1"]
    # ½/p and 1/p by hand: the father's allele against the population's.
    assert 10 ** ratio.by_marker["X1"] == pytest.approx(0.5 / 0.2)
    assert 10 ** ratio.by_marker["X2"] == pytest.approx(1 / 0.2)
    assert ratio.log10 == pytest.approx(sum(ratio.by_marker.values()))


def test_a_zero_says_which_marker_and_which_relation():
    known = [{"F": Typed((A, A)), "M": Typed((B, B)), "C": Typed((B, C))}]
    ratio = likelihood_ratios({"H1": RELATED, "H2": UNRELATED}, [named("D3S1358")], known)["H1"]
    assert ratio.log10 == -math.inf
    (contradiction,) = ratio.contradictions
    assert (contradiction.marker, contradiction.relation) == ("D3S1358", "F, father of C")


def test_the_text_of_a_zero_names_samples_and_blames_nobody():
    known = {"F": Typed((A, A)), "M": Typed((B, B)), "C": Typed((B, C))}
    assert str(explain_zero("the pedigree given", RELATED, named("D3S1358"), known)) == (
        "D3S1358: the samples of F and C do not fit the pedigree given; a label, a typing or the pedigree may be wrong"
    )


def test_the_text_of_a_zero_of_one_person_is_about_the_sample():
    # A man has one X: two alleles there are a matter of the sample, not of any relation.
    x = MarkerModel.build("DXS10103", [A, B, C], (0.2, 0.3, 0.5), x_linked=True)
    father = Pedigree.build([Person("F", sex=Sex.MALE), Person("C", "F", sex=Sex.FEMALE)])
    two = known_from_readings([Reading.of(A, B)], x, haploid=True)
    assert str(explain_zero("the pedigree given", father, x, {"F": two})) == (
        "DXS10103: the sample of F shows what no genotype can; the sex recorded, a label or the typing may be wrong"
    )


def test_a_contradiction_of_three_names_all_three():
    # Each parent alone could be right; together they leave the child no origin.
    known = {"F": Typed((A, B)), "M": Typed((A, B)), "C": Typed((B, C))}
    found = explain_zero("H", RELATED, named("D3S1358"), known)
    assert set(found.persons) <= {"F", "M", "C"}
    assert "C" in found.persons


def test_impossible_under_both_is_undefined_and_says_so_twice():
    known = [{"F": Typed((A, A)), "M": Typed((B, B)), "C": Typed((C, C))}]
    ratios = likelihood_ratios({"H1": RELATED, "H2": UNRELATED}, [named("D3S1358")], known)
    assert math.isnan(ratios["H1"].log10)
    assert {c.hypothesis for c in ratios["H1"].contradictions} == {"H1", "H2"}


def test_impossible_under_the_reference_alone_is_infinite():
    known = [{"F": Typed((A, A)), "M": Typed((B, B)), "C": Typed((B, C))}]
    ratios = likelihood_ratios({"H1": RELATED, "H2": UNRELATED}, [named("D3S1358")], known, reference="H1")
    assert ratios["H2"].log10 == math.inf


def test_linked_markers_are_in_the_total():
    people = Pedigree.build([Person("F"), Person("M"), Person("S1", "F", "M"), Person("S2", "F", "M")])
    apart = Pedigree.build([Person("S1"), Person("S2")])
    known = [{"S1": Typed((A, B)), "S2": Typed((A, B))}, {"S1": Typed((B, C)), "S2": Typed((B, B))}]
    models = [named("L1"), named("L2")]
    pair = LinkedPair("L1", "L2", 0.05, "test")
    with_linkage = likelihood_ratios({"sibs": people, "apart": apart}, models, known, linked=[pair])["sibs"]
    without = likelihood_ratios({"sibs": people, "apart": apart}, models, known)["sibs"]
    assert with_linkage.log10 == pytest.approx(without.log10 + with_linkage.linkage["L1–L2"])
    assert abs(with_linkage.linkage["L1–L2"]) > 0.01
    free = likelihood_ratios(
        {"sibs": people, "apart": apart}, models, known, linked=[LinkedPair("L1", "L2", 0.5, "test")]
    )["sibs"]
    assert free.log10 == pytest.approx(without.log10)


def test_a_result_travels_with_what_it_was_computed_with():
    known = [{"F": Typed((A, B)), "C": Typed((A, C))}]
    ratio = likelihood_ratios({"H1": RELATED, "H2": UNRELATED}, [named("X1")], known, options=Options(theta=0.01))["H1"]
    assert ratio.provenance.theta == 0.01
    assert ratio.provenance.engine.startswith("antigone ")
    assert ratio.provenance.markers == ("X1: female equal(rate=0.0), male equal(rate=0.0)",)
    assert (ratio.hypothesis, ratio.reference) == ("H1", "H2")


def test_plain_and_compiled_hypotheses_agree():
    marker = model((0.2, 0.3, 0.5), np.full((3, 3), 0.1) + 0.7 * np.eye(3))
    known = [{"F": Typed((A, B)), "C": Typed((A, C))}]
    pair = [
        likelihood_ratios({"a": RELATED, "b": UNRELATED}, [marker], known, options=Options(compiled=compiled))[
            "a"
        ].log10
        for compiled in (True, False)
    ]
    assert pair[0] == pytest.approx(pair[1], rel=1e-12)
