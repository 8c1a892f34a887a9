"""The exercises' checks: right answers, wrong ones, and why they are wrong."""

import numpy as np
import pytest

from twmr_nb import checks


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (0.0687, True, "6.9 cm"),
        (6.87, False, "in centimetres"),
        (0.0375, False, "the bare wheel"),
        (0.0458, False, "the tip radius itself"),
        (0.0296, False, "folded legs"),
        (0.2, False, "0.2 is not it"),
        (..., False, "is no number"),
        ("0.0687", False, "is no number"),
    ],
)
def test_whegs_height(answer, correct, reason):
    verdict = checks.whegs_height(answer)
    assert verdict.correct is correct
    assert reason in verdict.reason
    assert verdict._repr_markdown_().startswith("✓" if correct else "✗")


@pytest.mark.parametrize("answer", [np.float32(0.0687), np.array([0.0687])])
def test_numbers_of_numpy_are_numbers(answer):
    assert checks.whegs_height(answer).correct


@pytest.mark.parametrize("answer", [None, True, np.nan, [1.0, 2.0], print, {}])
def test_whatever_is_given_a_check_answers(answer):
    assert not checks.whegs_height(answer).correct
