"""Symptoms from hand-made logs, and from those of lesson 04's patients."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from twmr_nb.config.presets import preset
from twmr_nb.course.checks.training import PATIENTS
from twmr_nb.learn.metrics_log import MetricsLog, Records
from twmr_nb.runs.symptoms import SIGNS, Log, Symptom, Symptoms, recent, symptoms_of

DATA = Path(__file__).parents[1] / "data" / "patients"
FLIP = preset("flip")  # alive_bonus 0, episodes of 600 steps
PAYING = preset("flip", alive_bonus=0.5)  # standing still gets 300
UPDATES, FROM = 100, 71  # a symptom must hold in eight of ten
HEALTHY = {
    "num_updates": UPDATES, "success_rate": 0.2, "ep_return": 1.0, "episode_return": 40.0, "episode_length": 500.0,
    "std": 0.5, "approx_kl": 0.01, "value_loss": 1.0, "explained_variance": 0.8, "average_speed": 0.15,
    "raw/forward": 0.12, "on_back": 0.1, "paid/forward": 40.0, "paid/alive": 0.0, "paid/control": -3.0,
    "paid/success": 2.0,
}  # fmt: skip


def log(start: int = FROM, updates: int = UPDATES, **changed: float | None) -> list[dict[str, float]]:
    """A healthy log, in which some columns are others from an update on; None: they are missing throughout."""
    records = []
    for update in range(1, updates + 1):
        record = {"update": update, "progress": update / UPDATES, "global_step": 2048 * update} | HEALTHY
        for name, value in changed.items():
            name = name.replace("__", "/")
            if value is None:
                record.pop(name)
            elif update >= start:
                record[name] = value
        records.append(record)
    return records


def named(records, config=FLIP) -> list[str]:
    return [symptom.name for symptom in symptoms_of(records, config)]


SICK = {
    "noise collapsed": ({"std": 0.01, "approx_kl": 3.0}, FLIP, "std is 0.0"),
    "KL too high": ({"approx_kl": 0.2}, FLIP, "(KL)"),
    "value loss explodes": ({"value_loss": 90.0, "explained_variance": -4.0}, FLIP, "times what it was"),
    "penalty valley": ({"episode_return": 120.0, "episode_length": 500}, PAYING, "standing still gets 300"),
    "one term decides": ({"paid__control": -4000.0}, FLIP, "control is "),
    "living off the time limit": (
        {"paid__alive": 290.0, "paid__forward": 90.0, "episode_return": 330.0, "episode_length": 600.0}, PAYING,
        "600 of 600 steps, and 76% of what is paid comes with time",
    ),
    "standing": ({"average_speed": 0.001, "raw__forward": 0.0}, FLIP, "0.1 cm/s"),
    "there and back": ({"average_speed": 0.5, "raw__forward": 0.01}, FLIP, "50.0 cm/s, of which 1.0 cm/s remain"),
    "always on its back": ({"on_back": 1.0}, FLIP, "upside down for"),
    "proxy divergence": ({"ep_return": 9.0, "success_rate": 0.0}, FLIP, "return of a rollout 1 → 9, success 0%"),
}  # fmt: skip


WELL = [  # beside each of them, on the healthy side of its line
    ("noise collapsed", {"std": 0.06}, FLIP),
    ("KL too high", {"approx_kl": 0.04}, FLIP),
    ("value loss explodes", {"value_loss": 90.0, "explained_variance": 0.1}, FLIP),  # rewards grew, the critic follows
    ("value loss explodes", {"value_loss": 1.5, "explained_variance": -4.0}, FLIP),  # hardly anything to tell apart
    ("penalty valley", {"episode_return": 301.0, "episode_length": 500.0}, PAYING),
    ("one term decides", {"paid__control": -160.0}, FLIP),
    ("living off the time limit", {"paid__alive": 150.0, "paid__forward": 90.0, "episode_length": 560.0}, FLIP),
    ("living off the time limit", {"paid__alive": 80.0, "paid__forward": 90.0, "episode_length": 600.0}, FLIP),
    ("standing", {"average_speed": 0.04, "raw__forward": 0.03}, FLIP),
    ("there and back", {"average_speed": 0.5, "raw__forward": 0.3}, FLIP),
    ("always on its back", {"on_back": 0.7}, FLIP),
    ("proxy divergence", {"ep_return": 9.0, "success_rate": 0.1}, FLIP),
    ("proxy divergence", {"ep_return": 1.1, "success_rate": 0.0}, FLIP),
]


def test_every_symptom_has_its_test_and_its_words():
    assert list(SICK) == list(SIGNS) == list(dict.fromkeys(name for name, *_ in WELL))
    assert all(sign.meaning.endswith(".") and sign.remedy.endswith(".") for sign in SIGNS.values())


def test_a_healthy_log_shows_none():
    assert repr(symptoms_of(log(), FLIP)) == "no symptom"
    assert named(log(start=1, **{"episode_return": 330.0}), PAYING) == []


@pytest.mark.parametrize("name", SICK)
def test_each_detector_sees_its_symptom_and_no_other(name):
    changed, config, words = SICK[name]
    [symptom] = symptoms_of(log(start=1, **changed) if config is PAYING else log(**changed), config)
    assert symptom.name == name
    assert words in symptom.evidence
    assert symptom.lasts
    assert str(symptom) == f"{name} since update {symptom.update} ({symptom.step:,} steps): {symptom.evidence}. " + (
        f"{symptom.meaning} {symptom.remedy}"
    )


@pytest.mark.parametrize(("name", "changed", "config"), WELL)
def test_each_detector_lets_its_neighbour_pass(name, changed, config):
    assert named(log(start=1 if config is PAYING else FROM, **changed), config) == []


@pytest.mark.parametrize("name", [name for name in SICK if SICK[name][1] is FLIP])
def test_it_says_when_it_began_and_when_it_is_over(name):
    records = log(**SICK[name][0])
    [symptom] = symptoms_of(records, FLIP)
    assert symptom.update == FROM
    assert symptom.step == 2048 * FROM
    assert symptoms_of(records[: FROM + 6], FLIP) == ()
    assert symptoms_of(records[: FROM + 7], FLIP) == (symptom,)
    [symptom] = symptoms_of(records[:90] + log(start=UPDATES)[90:], FLIP)
    assert not symptom.lasts
    assert ", over by now: " in str(symptom)


@pytest.mark.parametrize("name", SICK)
def test_a_moment_is_no_symptom(name):
    changed, config, _ = SICK[name]
    if config is FLIP:
        assert named(log(start=UPDATES)[:80] + log(start=1, **changed)[80:87] + log(start=UPDATES)[87:], config) == []


def test_an_early_training_may_stand_lie_and_lose():
    bad = {"average_speed": 0.0, "raw__forward": 0.0, "on_back": 1.0, "episode_return": -50.0, "paid__control": -900.0}
    assert named(log(start=1, updates=33, **bad)) == []
    assert named(log(start=1, updates=60, **bad)) == [
        "penalty valley", "one term decides", "standing", "always on its back"
    ]  # fmt: skip


def test_who_passes_is_not_asked_how_fast_or_for_what():
    passing = {"success_rate": 0.9, "average_speed": 0.0, "raw__forward": 0.0, "paid__control": -900.0}
    assert named(log(start=1, **passing, episode_return=-50.0, episode_length=600.0)) == []


def test_a_return_that_rises_but_stays_below_that_of_standing_is_a_valley_only():
    rising = {"ep_return": 9.0, "success_rate": 0.0, "episode_return": -50.0}
    assert named(log(**rising)) == ["penalty valley"]


def test_the_way_itself_may_be_all_that_is_paid():
    assert named(log(start=1, paid__forward=1e4)) == []


def test_an_older_log_knows_terms_per_step_only_and_neither_speed_nor_back():
    old = log(start=1, average_speed=None, on_back=None, **dict.fromkeys(
        ["paid__forward", "paid__alive", "paid__control", "paid__success"]
    ))  # fmt: skip
    assert named(old) == []
    [symptom] = symptoms_of([r | {"term/forward": 0.01, "term/control": -0.9} for r in old], FLIP)
    assert symptom.evidence == "control is 99% of all that is paid and charged"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_a_log_may_say_anything(value):
    for column in log()[0]:
        records = [record | {column: value} for record in log()]
        assert isinstance(named(records), list)
    assert named([dict.fromkeys(log()[0], value)] * 60) == []
    assert named([]) == named([{}] * 60) == named(log()[:3]) == []


def test_gaps_are_no_evidence():
    records = log(start=1, **SICK["standing"][0])
    assert named([r | ({"average_speed": np.nan} if r["update"] % 3 == 0 else {}) for r in records]) == []


def test_a_terms_name_is_one_line_of_text():
    records = [record | {"paid/<b>\x1b\nmy term": 1e4} for record in log()]
    [evidence] = [s.evidence for s in symptoms_of(records, FLIP) if s.name == "one term decides"]
    assert evidence.startswith(r"<b>\x1b\nmy term is ")


def test_the_share_of_the_last_three():
    where = np.array([True, False, True, True, True, False])
    np.testing.assert_allclose(recent(where, 3), [0, 0, 2 / 3, 2 / 3, 1, 2 / 3])
    assert not recent(where, 7).any()
    assert len(recent(where[:0], 3)) == 0


def test_a_table_of_numbers_reads_as_the_list_of_its_records():
    records = log(**SICK["standing"][0])
    table = Records(list(records[0]), np.array([list(record.values()) for record in records]))
    assert symptoms_of(table, FLIP) == symptoms_of(records, FLIP)
    assert Log(table, FLIP).span == 10
    assert dataclasses.replace(symptoms_of(table, FLIP)[0], lasts=False) != symptoms_of(table, FLIP)[0]


ILLNESS = {"A": "noise collapsed", "B": "penalty valley", "C": "KL too high"}


@pytest.mark.parametrize("patient", PATIENTS)
def test_it_names_the_illness_of_each_patient_of_lesson_04(patient):
    """Their logs as lesson 04 trains them: flip, 60,000 steps, seed 0."""
    config = preset("flip", total_timesteps=60_000, **PATIENTS[patient])
    found = named(MetricsLog(DATA / f"{patient}.csv"), config)
    assert ILLNESS[patient] in found
    assert not set(found) & (set(ILLNESS.values()) - {ILLNESS[patient]}), "and no other patient's"


def test_some_symptoms_print_as_all_do():
    symptom = Symptom("stands", 3, 300, True, "slow", "It stands.", "Pay less.")
    assert repr(Symptoms([symptom, symptom])[:1]) == str(symptom)
    assert Symptoms([symptom])[0] is symptom
