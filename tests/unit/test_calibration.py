"""Scores against a known truth: by hand on a small operation, and slopes on posteriors that mean what they say."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from typer.testing import CliRunner

from antigone.cli.app import app
from antigone.cli.evaluate import truth_of
from antigone.formats.case_folder import TRUE_SETTINGS_FILE, TruthRow, read_case_folder
from antigone.genetics.pedigrees import Pedigree, Person, Sex
from antigone.matching.alike import AlikePersons, alike_persons, indistinguishable
from antigone.matching.assignment import Standing
from antigone.matching.calibration import (
    Truth,
    _symmetry,
    calibration,
    evaluate_conclusions,
    poisson_interval,
    upper_bound,
)
from antigone.matching.chance import chance_passes
from antigone.matching.conclusions import conclude
from antigone.matching.operation import Family, Individual
from antigone.matching.policy import POSTERIOR_ALONE, STRICT
from antigone.matching.references import ReferenceKind
from small_operation import small_operation

LENIENT = replace(POSTERIOR_ALONE, name="lenient", posterior=0.5)


@pytest.fixture(scope="module")
def conclusions():
    return conclude(small_operation(), policies=(STRICT, LENIENT))


def truth(**persons):
    """R1 and so on: who they are, and whom that is."""
    return Truth(
        {remains: f"I-{remains}" for remains in persons},
        {f"I-{remains}": frozenset(sought) for remains, sought in persons.items()},
    )


KNOWN = truth(R1=[("F1", "F1-M1")], R2=[("F2", "F2-M1")], **{"=R3": []})


def test_a_right_identification_is_counted_as_right(conclusions):
    score = evaluate_conclusions(
        conclusions, truth(R1=[("F1", "F1-M1")], R2=[("F2", "F2-M1")], **{"=R3": []})
    ).policies["lenient"]
    assert (score.identified, score.false, score.missed) == (2, 0, 0)
    found = {"findable": 1, "identified": 1, "false": 0}
    assert score.yield_by_reference == {"both parents": found, "one sibling": found}
    accepted = [one for one in conclusions.cases if one.judged_by("lenient").passed]
    wrong = [1 - case.answer.by_prior[0] * (1 - case.label_risk) for case in accepted]
    assert score.expected_false == pytest.approx(sum(wrong))


def test_a_wrong_one_is_false_and_its_cause_is_said(conclusions):
    wrong = replace(truth(R1=[], R2=[("F2", "F2-M1")], **{"=R3": []}), why={"R1": "full sibling of somebody listed"})
    score = evaluate_conclusions(conclusions, wrong).policies["lenient"]
    assert (score.identified, score.false) == (2, 1)
    assert score.false_because == {"full sibling of somebody listed": 1}
    assert score.yield_by_reference["both parents"] == {"findable": 0, "identified": 0, "false": 1}


def test_who_is_reported_twice_is_right_under_either_name(conclusions):
    both = truth(R1=[("F9", "F9-M1"), ("F1", "F1-M1")], R2=[("F2", "F2-M1")], **{"=R3": []})
    assert evaluate_conclusions(conclusions, both).policies["lenient"].false == 0


def test_strict_refuses_a_pair_without_a_word_about_siblings(conclusions):
    score = evaluate_conclusions(
        conclusions, truth(R1=[("F1", "F1-M1")], R2=[("F2", "F2-M1")], **{"=R3": []})
    ).policies["strict"]
    assert (score.identified, score.missed) == (0, 2)


def test_remains_of_two_people_put_together_are_nobody():
    known = Truth({"R1": "A", "R2": "B"}, {"A": frozenset({("F1", "M1")})})
    merged = Individual("R1+R2", small_operation().individuals[0].profile, remains=("R1", "R2"))
    assert known.persons_of(merged) == {"A", "B"}
    assert not known.is_right(merged, ("F1", "M1"))
    assert known.is_right(replace(merged, remains=("R1",)), ("F1", "M1"))


def test_the_truth_knows_every_report_of_a_person():
    rows = [
        TruthRow("R1", "I1", "F1-M1", "S1", "F1", "F2-M1"),
        TruthRow("R2", "I2", None, "S2", kin="full sibling of F1-M1"),
    ]
    known = truth_of(rows, small_operation())
    assert known.sought["I1"] == {("F1", "F1-M1"), ("F2", "F2-M1")}
    assert known.why == {"R2": "full sibling of somebody listed"}


def test_slopes_of_posteriors_that_are_right_and_too_sure():
    rng = np.random.default_rng(7)
    p = 1 / (1 + np.exp(-rng.normal(0, 3, 20_000)))
    right = rng.random(len(p)) < p
    fitted = calibration(p, right)
    assert fitted.slope == pytest.approx(1.0, abs=4 * fitted.slope_error)
    assert fitted.slope_error < 0.03
    too_sure = 1 / (1 + ((1 - p) / p) ** 2)  # twice the logit
    assert calibration(too_sure, right).slope == pytest.approx(0.5, abs=4 * fitted.slope_error)
    assert sum(one.pairs for one in fitted.bins) == len(p)
    assert sum(one.right for one in fitted.bins) == right.sum()
    assert sum(one.expected for one in fitted.bins) == pytest.approx(p.sum())


def test_nothing_in_doubt_has_no_slope():
    assert calibration(np.array([1.0, 0.0]), np.array([True, False])).slope is None
    assert calibration(np.zeros(0), np.zeros(0, dtype=bool)).slope is None


def test_poisson_ends_by_hand():
    # P(0) = e^−1 = 0.37, P(≤ 2) = 0.92, P(≤ 3) = 0.981
    assert poisson_interval(1.0) == (0.0, 3.0)
    assert poisson_interval(0.0) == (0.0, 0.0)
    assert upper_bound(0) == pytest.approx(-np.log(0.05))


def two_brothers(*typed, child=False):
    persons = [
        Person("father", sex=Sex.MALE),
        Person("mother", sex=Sex.FEMALE),
        Person("one", "father", "mother", Sex.MALE),
        Person("other", "father", "mother", Sex.MALE),
    ]
    persons += [Person("child", father="one", sex=Sex.MALE)] if child else []
    profile = small_operation().individuals[0].profile
    return Family("F", Pedigree.build(persons), ("one", "other"), dict.fromkeys(typed, profile))


def test_two_brothers_and_a_parent_are_indistinguishable_and_a_child_tells_them_apart():
    markers = ("TH01",)
    assert list(indistinguishable(two_brothers("mother"), markers)) == [("one", "other")]
    assert list(indistinguishable(two_brothers("mother", "child", child=True), markers)) == []
    assert list(indistinguishable(two_brothers("mother", "one"), markers)) == []
    assert list(indistinguishable(two_brothers(), markers)) == []  # nothing typed: nothing to be told


def test_families_whose_brothers_nothing_tells_apart_are_reported_or_an_error():
    families = [replace(two_brothers("mother"), name=name) for name in ("told", "silent", "named", "not received")]
    missing = [(family, person) for family in families for person in family.missing]
    pairs = [
        SimpleNamespace(missing=0, standing=Standing.SYMMETRIC),
        SimpleNamespace(missing=2, standing=Standing.OUTWEIGHED),
        SimpleNamespace(missing=4, standing=Standing.LEADING),
        SimpleNamespace(missing=6, standing=Standing.UNDISPUTED),
    ]
    dead = tuple(replace(small_operation().individuals[0], id=name, remains=()) for name in ("a", "b", "c"))
    settings = SimpleNamespace(markers=("TH01",))
    conclusions = SimpleNamespace(
        result=SimpleNamespace(
            operation=SimpleNamespace(individuals=dead, families=families, settings=settings), missing=missing
        ),
        joint=SimpleNamespace(symmetric=[SimpleNamespace(missing=(0, 1))], components=[SimpleNamespace(pairs=pairs)]),
        alike=alike_persons(families, settings.markers),
    )
    who = truth(a=[("told", "one")], b=[("silent", "other")], c=[("named", "one")])
    found = _symmetry(conclusions, who)
    assert (found.families, found.reported, found.sets, found.told_apart) == (3, 2, 1, 1)
    conclusions.alike = ()
    assert _symmetry(conclusions, who).reported == 0


def test_three_brothers_are_one_group_and_a_child_who_is_not_typed_would_tell():
    persons = [
        Person("mother", sex=Sex.FEMALE),
        Person("father", sex=Sex.MALE),
        *(Person(name, "father", "mother", Sex.MALE) for name in ("a", "b", "c")),
        Person("sister", "father", "mother", Sex.FEMALE),
        Person("child", father="b", sex=Sex.MALE),
        Person("grandchild", father="child", sex=Sex.MALE),
    ]
    pedigree = Pedigree.build(persons)
    profile = small_operation().individuals[0].profile
    family = Family("F", pedigree, ("a", "b", "c", "sister"), {"mother": profile})
    assert alike_persons([family], ("TH01",)) == (AlikePersons("F", ("a", "b", "c"), ("child", "grandchild")),)
    typed = replace(family, profiles={"mother": profile, "grandchild": profile})
    assert alike_persons([typed], ("TH01",)) == (AlikePersons("F", ("a", "c"), ()),)


def test_chance_is_counted_twice_and_agrees(conclusions):
    passes = chance_passes(conclusions, "lenient")
    low, high = passes.expected
    assert low <= high
    assert low - 4 * passes.drawn_error <= passes.drawn <= high + 4 * passes.drawn_error


def test_evaluate_prints_everything_as_json(tmp_path):
    runner = CliRunner()
    case = tmp_path / "case"
    arguments = ["simulate", "--scale", "0.001", "--missing", "12", "--seed", "3", "--out", str(case)]
    assert runner.invoke(app, arguments).exit_code == 0
    printed = runner.invoke(app, ["evaluate", str(case), "--json"])
    assert printed.exit_code == 0, printed.output
    values = json.loads(printed.stdout)
    strict = values["policies"]["strict"]
    asked = ("identified", "false_identifications", "expected_false", "missed", "symmetric", "yield_by_reference")
    assert strict.keys() >= {*asked, "refused_by"}
    assert values["reassociation"].keys() == {"precision", "recall"}
    assert values["calibration"].keys() >= {"bins", "slope"}
    assert 0 <= values["components_exact_share"] <= 1
    assert values["seconds"] > 0


@pytest.mark.long
def test_the_settings_as_drawn_stand_beside_those_declared(tmp_path):
    runner = CliRunner()
    case = tmp_path / "case"
    arguments = ["simulate", "--scale", "0.001", "--missing", "12", "--seed", "3", "--hostile", "--out", str(case)]
    assert runner.invoke(app, arguments).exit_code == 0
    declared, drawn = read_case_folder(case), read_case_folder(case, TRUE_SETTINGS_FILE)
    assert [prior.name for prior in drawn.settings.priors] == ["as drawn"]
    assert (declared.settings.remains.typing_error, drawn.settings.remains.typing_error) == (0.0, 0.0005)
    assert drawn.individuals == declared.individuals
    printed = runner.invoke(app, ["evaluate", str(case), "--json", "--true-parameters"])
    assert printed.exit_code == 0, printed.output
    for policy in json.loads(printed.stdout)["policies"].values():
        best = policy["true_parameters"]
        assert best["identified"] >= best["false_identifications"] >= 0
        assert set(best["yield_by_reference"]) <= {str(kind) for kind in ReferenceKind}
    (case / TRUE_SETTINGS_FILE).unlink()
    refused = runner.invoke(app, ["evaluate", str(case), "--true-parameters"])
    assert TRUE_SETTINGS_FILE in str(refused.exception)


def test_evaluate_needs_a_truth(tmp_path):
    from antigone.formats.case_folder import write_case_folder

    operation = small_operation()
    clean = replace(operation, individuals=operation.individuals[:2], digests={})
    write_case_folder(clean, tmp_path / "case")
    answer = CliRunner().invoke(app, ["evaluate", str(tmp_path / "case")])
    assert answer.exit_code != 0
    assert "truth" in str(answer.exception)
