"""`validate`: right answers pass, wrong ones are found, and bad files say what is wrong with them."""

import json
from pathlib import Path

import pytest

from antigone.formats.answers import validate_file
from antigone.formats.errors import InputError

# Cases of each file.
FILES = {
    "conditional.json": 18,
    "familias_other.json": 14,
    "kinship_lr.json": 18,
    "linked_markers.json": 10,
    "nongenetic_lr.json": 8,
    "pairwise_dvi.json": 12,
    "pedigree_likelihood.json": 62,
    "simulated_power.json": 9,
}
# Of the joint answers these take a minute and a half; the long tests compare them too.
LONG_JOINT = ("jd_grave", "jd_icmp")


@pytest.mark.parametrize(("name", "cases"), FILES.items())
def test_every_answer_of_the_peers_is_given_again(shared, name, cases):
    report = validate_file(shared / "answers" / name)
    assert (len(report.cases), report.passed) == (cases, cases)
    assert report.worst_relative_error < (1e-8 if "dvi" in name else 1e-9)
    assert report.as_json()["failed"] == []


def test_the_joint_answers_of_the_peer_are_given_again(shared, tmp_path):
    cases = json.loads((shared / "answers" / "joint_dvi.json").read_text())
    report = validate_file(written(tmp_path, *(case for case in cases if case["id"] not in LONG_JOINT)))
    assert (len(report.cases), report.passed) == (10, 10)
    assert report.worst_relative_error < 1e-8


@pytest.mark.long
def test_all_joint_answers_of_the_peer_are_given_again(shared):
    report = validate_file(shared / "answers" / "joint_dvi.json")
    assert (len(report.cases), report.passed) == (12, 12)
    assert report.worst_relative_error < 1e-8


def trio(**changes) -> dict:
    members = [
        {"id": "F", "father": None, "mother": None, "sex": "M"},
        {"id": "M", "father": None, "mother": None, "sex": "F"},
        {"id": "C", "father": "F", "mother": "M", "sex": "U"},
    ]
    marker = {
        "name": "m", "x_linked": False, "alleles": ["1", "2"], "freqs": [0.2, 0.8], "mutation": None,
        "genotypes": {"F": ["1", "1"], "M": ["1", "2"], "C": ["1", "1"]},
    }  # fmt: skip
    # p² · 2pq · ½ by hand
    likelihood = 0.2**2 * 2 * 0.2 * 0.8 * 0.5
    case = {
        "id": "t1", "family": "pedigree_likelihood", "pedigree": [{"members": members}], "markers": [marker],
        "theta": 0, "answer": {"likelihood": likelihood, "log_likelihood": -5.051457288616511},
    }  # fmt: skip
    return {**case, **changes}


def written(folder: Path, *cases: dict) -> Path:
    path = folder / "answers.json"
    path.write_text(json.dumps(list(cases)))
    return path


def test_a_trio_by_hand_passes(tmp_path):
    assert validate_file(written(tmp_path, trio())).passed == 1


def test_an_answer_that_is_wrong_in_the_ninth_digit_is_found(tmp_path):
    wrong = trio(answer={"likelihood": 0.0064 * (1 + 2e-9), "log_likelihood": -5.051457288616511})
    report = validate_file(written(tmp_path, trio(), wrong))
    assert report.passed == 1
    (failed,) = report.as_json()["failed"]
    assert failed["id"] == "t1"
    assert "likelihood: 0.0064" in failed["why"]
    assert "relative error 2.0e-09" in failed["why"]


def test_an_impossible_answer_where_ours_is_possible_is_found(tmp_path):
    report = validate_file(written(tmp_path, trio(answer={"likelihood": None, "log_likelihood": None})))
    assert report.passed == 0
    assert report.as_json()["worst_relative_error"] is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"markers": "none"}, 'column $[0].markers: found ‘"none"’; expected a list'),
        ({"pedigree": [{}]}, "column $[0].pedigree[0]: found no key ‘members’"),
        ({"theta": "a lot"}, 'column $[0].theta: found ‘"a lot"’; expected a number'),
    ],
)
def test_a_case_that_is_not_one_says_where(tmp_path, change, message):
    with pytest.raises(InputError) as error:
        validate_file(written(tmp_path, trio(**change)))
    assert message in str(error.value)


def test_a_case_of_an_unknown_family_falls_short_and_the_others_are_computed(tmp_path):
    report = validate_file(written(tmp_path, trio(), trio(id="t2", family="tea_leaves")))
    assert (len(report.cases), report.passed) == (2, 1)
    (failed,) = report.as_json()["failed"]
    assert failed["id"] == "t2"
    assert failed["why"].startswith(
        "not computed: $[1].family: found ‘tea_leaves’; expected one of pedigree_likelihood"
    )


def test_figures_that_an_answer_does_not_hold_are_named_and_the_rest_is_compared(tmp_path):
    without = trio(answer={"likelihood": 0.0064})
    wrong = trio(answer={"likelihood": 0.0065})
    nothing = trio(answer={"likelihod": 0.0064})
    report = validate_file(written(tmp_path, without, wrong, nothing))
    assert [case.passed for case in report.cases] == [True, False, False]
    assert report.cases[0].absent == ["log_likelihood"]
    assert report.cases[2].why == ["the answer holds nothing to compare; it lacks likelihood, log_likelihood"]


@pytest.mark.parametrize("nothing", [None, [None, None], []])
def test_a_genotype_of_which_nothing_is_known_says_nothing(tmp_path, nothing):
    case = trio(answer={"likelihood": 2 * 0.2 * 0.8})
    case["markers"][0]["genotypes"] = {"F": nothing, "M": ["1", "2"], "C": nothing}
    assert validate_file(written(tmp_path, case)).passed == 1


def paternity(lr_total: dict, lr_per_marker: dict) -> dict:
    """Father or not: 1/1 and 2/2 exclude each other."""
    father = {"id": "F", "father": None, "mother": None, "sex": "M"}
    mother = {"id": "M", "father": None, "mother": None, "sex": "F"}
    child = {"id": "C", "father": "F", "mother": "M", "sex": "M"}
    alone = {**child, "father": None, "mother": None}
    marker = {
        "name": "m", "x_linked": False, "alleles": ["1", "2"], "freqs": [0.2, 0.8], "mutation": None,
        "genotypes": {"F": ["1", "1"], "C": ["2", "2"]},
    }  # fmt: skip
    return {
        "id": "k1", "family": "kinship_lr", "markers": [marker], "reference": "H1",
        "hypotheses": {
            "H1": {"pedigree": [{"members": [father, mother, child]}]},
            "H2": {"pedigree": [{"members": [father]}, {"members": [alone]}]},
        },
        "answer": {"LR_total": lr_total, "LR_per_marker": lr_per_marker},
    }  # fmt: skip


def test_an_undefined_or_infinite_ratio_is_null_in_the_answer(tmp_path):
    # Against an impossible reference: 0/0 and 0.0256/0.
    right = paternity({"H1": None, "H2": None}, {"H1": [None], "H2": [None]})
    assert validate_file(written(tmp_path, right)).passed == 1


def test_a_ratio_that_is_null_where_ours_is_a_number_is_compared_with_zero(tmp_path):
    against = {**paternity({"H1": None, "H2": None}, {"H1": [None], "H2": [1]}), "reference": "H2"}
    (case,) = validate_file(written(tmp_path, against)).cases
    assert case.why == ["LR_total H2: 1.0, the peer 0.0 (relative error 1.0e+00)"]


def test_a_matrix_that_an_answer_does_not_hold_is_named(shared, tmp_path):
    (case, *_) = json.loads((shared / "answers" / "pairwise_dvi.json").read_text())
    case["answer"] = {"LR_matrix": case["answer"]["LR_matrix"]}
    report = validate_file(written(tmp_path, case))
    assert report.passed == 1
    assert "exclusion_matrix" in report.cases[0].absent


def test_a_pedigree_that_cannot_be_says_why(tmp_path):
    case = trio()
    case["pedigree"][0]["members"][0]["father"] = "C"
    with pytest.raises(InputError, match="own ancestor"):
        validate_file(written(tmp_path, case))


def test_an_allele_outside_the_table_says_where(tmp_path):
    case = trio()
    case["markers"][0]["genotypes"]["F"] = ["1", "7"]
    with pytest.raises(InputError, match=r"genotypes\.F\[1\]: found .*7.*; expected an allele of m"):
        validate_file(written(tmp_path, case))


def test_a_file_that_is_no_json_says_line_and_column(tmp_path):
    path = tmp_path / "broken.json"
    path.write_text('[\n  {"id": }\n]')
    with pytest.raises(InputError, match="line 2, column 10"):
        validate_file(path)


def test_a_truncated_case_is_not_half_read(tmp_path):
    case = trio()
    del case["markers"][0]["freqs"]
    with pytest.raises(InputError, match="no key ‘freqs’"):
        validate_file(written(tmp_path, case))
