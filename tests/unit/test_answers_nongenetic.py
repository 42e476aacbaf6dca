"""Answers of mispitools: its figures are given again, and nothing in an answer is passed over."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from antigone.formats.answers import validate_file
from antigone.formats.answers.comparison import Comparison
from antigone.formats.errors import InputError

# The first case of the peer's answers (mispitools 1.4.0; random data), whole.
CASE: dict[str, Any] = {
    "id": "ng01", "family": "nongenetic_lr",
    "params": {
        "MPs": "M", "eps": 0.0202403507707641, "Ps_order_FM": [0.533884740620851, 0.466115259379149], "MPc": 4,
        "Pc": [0.510021283210523, 0.364215060558121, 0.0289344552529833, 0.08370447422247, 0.0131247267559034],
        "epc": "error_matrix_hair() defaults",
        "MPa": 50, "MPr": 5, "epa": 0.0188011829624884, "age_support": "1..80 uniform",
    },
    "answer": {
        "LR_sex_by_observed": {"M": 2.1019686215256, "F": 0.0379114614649347},
        "LR_age_by_group": {"T1": 7.84959053630009, "T0": 0.0214870662428439},
        "LR_hair_by_observed": {
            "1": 0.0191101607223203, "2": 0.00802815952669957, "4": 11.6440474472758, "5": 0.742612693980331,
            "3": 0.101055180843111,
        },
        "LR_joint_table": [
            [0.005686982202188, 0.00238909557109801, 0.0300729555990823, 3.46514566550699, 0.220993702520376],
            [
                1.55672531879459e-05, 6.53978759264868e-06, 8.23201651203785e-05, 0.0094853118913062,
                0.000604936818468097,
            ],
            [0.315309874066189, 0.132461364722608, 1.66736935436452, 192.122043742575, 12.2528072066608],
            [0.000863113065548054, 0.000362592941026671, 0.00456417129057095, 0.525905021608051, 0.0335402055550289],
        ],
        "rows": ["F-T1", "F-T0", "M-T1", "M-T0"],
    },
}  # fmt: skip


def changed(**changes: Any) -> dict[str, Any]:
    """The case with other values at keys given as `params__eps`; None takes the key away."""
    case = copy.deepcopy(CASE)
    for key, value in changes.items():
        table, _, name = key.partition("__")
        if value is None:
            del case[table][name]
        else:
            case[table][name] = value
    return case


def compared(case: dict[str, Any], folder: Path) -> Comparison:
    path = folder / "answers.json"
    path.write_text(json.dumps([case]), encoding="utf-8")
    return validate_file(path).cases[0]


def test_the_peers_figures_are_given_again_and_its_default_matrix_too(tmp_path: Path) -> None:
    comparison = compared(CASE, tmp_path)
    assert comparison.why == []
    assert comparison.compared == 2 + 2 + 5 + 20
    assert comparison.absent == ["cpt_missing_person", "cpt_population"]


def test_a_case_by_hand(tmp_path: Path) -> None:
    # A woman of 40 ± 10: (1 − 0.1) / 0.4, and (1 − 0.2) / (20 / 80).
    case = changed(
        params__MPs="F", params__eps=0.1, params__Ps_order_FM=[0.4, 0.6], params__MPa=40, params__MPr=10,
        params__epa=0.2, answer__LR_joint_table=None, answer__LR_hair_by_observed=None, answer__rows=None,
        answer__LR_sex_by_observed={"F": 2.25, "M": 1 / 6}, answer__LR_age_by_group={"T1": 3.2, "T0": 0.2 / 0.75},
    )  # fmt: skip
    comparison = compared(case, tmp_path)
    assert comparison.passed
    assert comparison.compared == 4
    assert "rows" in comparison.absent


def test_what_the_peer_never_drew_is_absent(tmp_path: Path) -> None:
    comparison = compared(changed(answer__LR_hair_by_observed={"4": 11.6440474472758}), tmp_path)
    assert comparison.passed
    assert [name for name in comparison.absent if "hair" in name] == [f"LR_hair_by_observed {n}" for n in (1, 2, 3, 5)]


def test_a_wrong_figure_and_an_unknown_one_make_the_case_fall_short(tmp_path: Path) -> None:
    wrong = compared(changed(answer__LR_age_by_group={"T1": 7.84959053630009 * (1 + 2e-9)}), tmp_path)
    assert not wrong.passed
    assert wrong.why[0].startswith("LR_age_by_group T1: 7.849590536")
    unknown = compared(changed(answer__LR_birthdate={"x": 1.0}), tmp_path)
    assert unknown.why == ["LR_birthdate: a figure that this version does not compute"]
    colour = compared(changed(answer__LR_hair_by_observed={"6": 1.0}), tmp_path)
    assert colour.why == ["LR_hair_by_observed 6: an observation that this version does not know"]


def test_rows_in_another_order_are_compared_by_their_names(tmp_path: Path) -> None:
    table = CASE["answer"]["LR_joint_table"]
    case = changed(answer__rows=["M-T0", "F-T1", "F-T0", "M-T1"], answer__LR_joint_table=[table[3], *table[:3]])
    assert compared(case, tmp_path).passed


def test_an_infinite_ratio_is_the_peers_null(tmp_path: Path) -> None:
    case = changed(params__MPr=0, answer__LR_age_by_group={"T1": None, "T0": 0.0188011829624884})
    del case["answer"]["LR_joint_table"]
    assert compared(case, tmp_path).passed


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("params__MPs", "X", "F or M"),
        ("params__MPc", 6, "a colour from 1 to 5"),
        ("params__Pc", [0.5, 0.5], "5 numbers"),
        ("params__age_support", "normal", "a uniform range of ages"),
        ("params__epc_matrix", [[1, 0, 0, 0, 0]], "5 rows, one for each true colour"),
        ("answer__rows", ["F-T1"], "the rows F-T1, F-T0, M-T1, M-T0, each once"),
    ],
)
def test_parameters_that_cannot_be_say_where(key: str, value: Any, expected: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=expected):
        compared(changed(**{key: value}), tmp_path)
