"""Checks of lesson 04: right answers, wrong ones, and why they are wrong."""

import numpy as np
import pytest
from verdicts import expect

from twmr_nb import course as checks
from twmr_nb.config import presets
from twmr_nb.config.schema import EnvConfig, PPOConfig
from twmr_nb.course.checks.training import PATIENTS, SICKNESS

PPO, ENV = PPOConfig(num_envs=64, rollout_steps=32, epochs=4, minibatches=4, gamma=0.99), EnvConfig(ctrl_dt=0.02)


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (2048, True, "16 gradient steps"),
        (np.int64(2048), True, "2048 samples"),
        (32, False, "one robot"),
        (64, False, "number of robots"),
        (8192, False, "leave the epochs out"),
        (512, False, "one minibatch"),
        (200_000, False, "whole training"),
        (2049, False, "2049 is not it"),
        (2047, False, "2047 is not it"),
        (2048.0, True, "2048 samples"),
        (2000, False, "2000 is not it"),
        (..., False, "is no number"),
    ],
)
def test_samples_per_update(answer, correct, reason):
    expect(checks.samples_per_update(answer, PPO), correct, reason)


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (2.0, True, "100 steps"),
        (100, False, "control steps"),
        (0.0198, False, "not gamma steps"),
        (0.01, False, "one over it"),
        (0.64, False, "one rollout"),
        (2000.0, False, "in milliseconds"),
        (5.0, False, "5 is not it"),
        (None, False, "is no number"),
    ],
)
def test_horizon_seconds(answer, correct, reason):
    expect(checks.horizon_seconds(answer, PPO, ENV), correct, reason)


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (-3.0, True, "min(-3, -2.4)"),
        (-2.4, False, "the clipped part"),
        (3.0, False, "Mind the sign"),
        (1.5, False, "That is the ratio"),
        (1.2, False, "the clipped ratio"),
        (0.0, False, "0 is not it"),
        ("-3", False, "is no number"),
    ],
)
def test_clipped_objective(answer, correct, reason):
    expect(checks.clipped_objective(answer, ratio=1.5, advantage=-2.0, clip=0.2), correct, reason)


def test_a_diagnosis_is_right_when_every_patient_is():
    verdict = checks.diagnosis(dict(SICKNESS))
    assert verdict.correct
    assert all(sickness in verdict.reason for sickness in SICKNESS.values())


def test_capitals_and_spaces_do_not_matter_in_a_diagnosis():
    told = {patient: f" {sickness.title()} " for patient, sickness in SICKNESS.items()}
    assert checks.diagnosis(told).correct
    expect(checks.diagnosis(told | {"A": "Penalty", "B": "NO NOISE"}), False, "Look at A again")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ({"A": ..., "B": ..., "C": ...}, "none of the sicknesses"),
        ({"A": "no noise"}, "one word per patient"),
        ("no noise", "one word per patient"),
        ({"A": "penalty", "B": "penalty", "C": "learning rate"}, "given twice"),
        ({"A": "penalty", "B": "no noise", "C": "learning rate"}, "Look at A again"),
        ({"A": "no noise", "B": "learning rate", "C": "penalty"}, "Look at B again"),
        ({"A": ["no noise"], "B": "penalty", "C": "learning rate"}, "none of the sicknesses"),
    ],
)
def test_a_wrong_diagnosis_says_which_patient_to_look_at(answer, reason):
    expect(checks.diagnosis(answer), False, reason)


@pytest.mark.parametrize("patient", PATIENTS)
def test_every_patient_can_be_trained(patient):
    """Each setting is broken, but allowed."""
    assert presets.preset("flip", **PATIENTS[patient]) != presets.preset("flip")
