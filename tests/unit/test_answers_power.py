"""`validate` of simulated power: by hand, wrong figures are found, a null is a figure, unknown kinds say so."""

import json
from pathlib import Path

import pytest

from antigone.formats.answers import validate_file

MAN = {"id": "F", "father": None, "mother": None, "sex": "M"}
WOMAN = {"id": "M", "father": None, "mother": None, "sex": "F"}
CHILD = {"id": "C", "father": "F", "mother": "M", "sex": "F"}
ALONE = {**CHILD, "father": None, "mother": None}
DUO = [{"members": [MAN, WOMAN, CHILD]}]
STRANGERS = [{"members": [MAN]}, {"members": [ALONE]}]


def marker(*, mutation=None, **genotypes) -> dict:
    return {
        "name": "m", "x_linked": False, "alleles": ["1", "2", "3"], "freqs": [0.2, 0.3, 0.5], "mutation": mutation,
        "genotypes": genotypes,
    }  # fmt: skip


def paternity(answer: dict, **changes) -> dict:
    # The child is 1/2: a man who is 3/3 is excluded, 0.5².
    case = {
        "id": "ep", "family": "simulated_power", "kind": {"type": "exclusionPower"}, "claim": {"pedigree": DUO},
        "true": {"pedigree": STRANGERS}, "ids_to_type": ["F"], "markers": [marker(C=["1", "2"])],
        "disableMutations": None, "answer": answer,
    }  # fmt: skip
    return {**case, **changes}


def only(folder: Path, case: dict):
    path = folder / "answers.json"
    path.write_text(json.dumps([case]))
    (compared,) = validate_file(path).cases
    return compared


def test_a_duo_by_hand_passes_and_a_wrong_figure_is_found(tmp_path):
    right = {"EP_per_marker": [0.25], "EP_total": 0.25, "expected_mismatches": 0.25}
    assert only(tmp_path, paternity(right)).passed
    wrong = only(tmp_path, paternity({**right, "EP_total": 0.25 * (1 + 2e-9)}))
    assert not wrong.passed
    assert wrong.why[0].startswith("EP_total: 0.25")
    part = only(tmp_path, paternity({"EP_total": 0.25}))
    assert (part.passed, part.absent) == (True, ["EP_per_marker", "expected_mismatches"])


def test_mutations_are_disabled_as_the_case_says(tmp_path):
    equal = {"female": {"model": "equal", "rate": 0.01}, "male": {"model": "equal", "rate": 0.01}}
    with_model = [marker(mutation=equal, C=["1", "2"])]
    for disable, power in ((None, 0.25), (True, 0.25), (["m"], 0.25), (False, 0.0), (["other"], 0.0)):
        case = paternity({"EP_per_marker": [power]}, markers=with_model, disableMutations=disable)
        assert only(tmp_path, case).passed, disable


def test_a_null_stands_where_the_truth_is_impossible_and_nowhere_else(tmp_path):
    reference = [{"members": [MAN, WOMAN, CHILD, {**CHILD, "id": "D"}]}]
    case = {
        "id": "mp", "family": "simulated_power", "kind": {"type": "missingPersonEP"}, "pedigree": reference,
        "missing": "D", "markers": [marker(F=["1", "1"], C=["2", "2"]), marker(F=["1", "1"])],
        "answer": {"EP_per_marker": [None, 0.64], "EP_total": 0.64, "expected_mismatches": 0.64},
    }  # fmt: skip
    assert only(tmp_path, case).passed
    assert not only(tmp_path, {**case, "answer": {"EP_per_marker": [None, None]}}).passed


def test_expected_lr_by_hand(tmp_path):
    # The father is 1/2: a child's alleles are his and a chance one. Σ P² / HW over 1/1, 1/2, 1/3, 2/2, 2/3, by hand.
    p, q, r = 0.2, 0.3, 0.5
    expected = 0.25 + 0.25 + ((p + q) / 2) ** 2 / (2 * p * q) + r / (8 * p) + r / (8 * q)
    case = {
        "id": "elr", "family": "simulated_power", "kind": {"type": "expectedLR"}, "numerator": {"pedigree": DUO},
        "denominator": {"pedigree": STRANGERS}, "ids_to_type": ["C"], "markers": [marker(F=["1", "2"])],
        "answer": {"ELR_per_marker": [expected], "ELR_total": expected},
    }  # fmt: skip
    assert only(tmp_path, case).passed
    del case["denominator"]
    assert "expected the pedigrees" in only(tmp_path, case).why[0]


@pytest.mark.parametrize("kind", ["LRpower", None])
def test_a_kind_that_is_not_known_falls_short(tmp_path, kind):
    compared = only(tmp_path, paternity({"EP_total": 1}, kind={"type": kind}))
    assert "expected exclusionPower or missingPersonEP or expectedLR" in compared.why[0]
