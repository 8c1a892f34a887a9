"""Predictions: committed before a result is shown, kept, compared; whatever lies in their file, nothing is lost."""

import json

import pytest

from twmr_nb.course import predictions
from twmr_nb.course.predictions import Prediction, compared, predict, reveal
from twmr_nb.markup import shown as shown_words
from twmr_nb.types import ConfigError

LEGS, WAYS = "01 how far it comes", ("passes", "stuck at its wheels", "stuck at its belly")
GOOD = {"guess": 0.5, "came_out": 0.7}
ATTACK = "<img src=x onerror=alert(1)>"


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The file of predictions, not there yet, and a kernel that has asked nothing."""
    monkeypatch.setattr(predictions, "KEPT", tmp_path / "runs" / "predictions.json")
    monkeypatch.setattr(predictions, "asked", {})
    monkeypatch.delenv(predictions.REVEAL, raising=False)
    return predictions.KEPT


@pytest.fixture
def outputs(kept, monkeypatch):
    """What the cells show, by its place, as it is now."""
    seen = {}

    def display(thing, raw=False, display_id=None, update=False):
        assert update == (display_id in seen)
        seen[display_id or len(seen)] = thing["text/plain"] if raw else thing

    monkeypatch.setattr(predictions, "display", display)
    return seen


def shown(outputs):
    return list(outputs.values())


def test_a_result_is_shown_after_its_prediction_only(outputs):
    predict(LEGS, WAYS)
    reveal(LEGS, "stuck at its belly", "a figure")
    assert shown(outputs)[1:] == [
        f"Predict first: answer where it asks {LEGS!r} above, and what came out is shown here.",
        "",
    ]
    predict(LEGS, WAYS, mine="passes")
    said, figure = shown(outputs)[1:3]
    assert (said, figure) == ("You predicted: passes. What came out: stuck at its belly.", "a figure")


def test_a_result_that_comes_later_is_shown_at_once(outputs):
    predict(LEGS, mine=0.5)
    reveal(LEGS, 0.7, "a figure")
    assert shown(outputs)[0] == "You predict: 0.5. Now run the cell that shows the result."
    assert shown(outputs)[1:] == ["You predicted: 0.5. What came out: 0.7, 0.2 more.", "a figure"]


def test_the_box_commits_shows_and_keeps(outputs, kept):
    predict(LEGS, WAYS)
    reveal(LEGS, "passes", "a figure")
    box = shown(outputs)[0]
    box.commit.click()
    assert "First choose" in box.said.value
    assert "a figure" not in shown(outputs)
    box.box.value = "passes"
    box.commit.click()
    assert "You predict: passes." in box.said.value
    assert shown(outputs)[1:] == ["You predicted: passes, and so it came out.", "a figure"]
    assert json.loads(kept.read_text()) == {"predictions": {LEGS: {"guess": "passes", "came_out": "passes"}}}


@pytest.mark.parametrize(
    ("typed", "said"),
    [("0.5", "You predict: 0.5."), (" 2k ", "You predict: 2,000."), ("half", "no number"), ("", "First choose")],
)
def test_a_number_is_typed_as_anywhere(typed, said, outputs):
    predict(LEGS)
    box = shown(outputs)[0]
    box.box.value = typed
    box.commit.click()
    assert said in box.said.value


def test_a_number_that_is_none_is_told_as_it_was_typed(outputs):
    predict(LEGS)
    box = shown(outputs)[0]
    box.box.value = ATTACK
    box.commit.click()
    assert "<img" not in box.said.value
    assert "&lt;img" in box.said.value
    assert "<img" not in box.keepsake().below


def test_who_does_not_want_to_predict_says_so(outputs, kept):
    predict(LEGS, WAYS)
    reveal(LEGS, "passes", "a figure")
    shown(outputs)[0].skip.click()
    assert shown(outputs)[1:] == ["What came out: passes.", "a figure"]
    assert json.loads(kept.read_text())["predictions"][LEGS] == {"guess": None, "came_out": "passes"}


def test_where_all_is_revealed_nothing_is_asked_for_and_nothing_kept(outputs, kept, monkeypatch):
    monkeypatch.setenv(predictions.REVEAL, "1")
    predict(LEGS, WAYS)
    reveal(LEGS, "passes", "a figure")
    assert shown(outputs)[1:] == ["What came out: passes.", "a figure"]
    assert not kept.exists()


def test_a_prediction_may_be_changed_until_the_result_is_seen(outputs):
    for mine in (0.5, 0.6):
        predict(LEGS, mine=mine)
    reveal(LEGS, 0.7)
    predict(LEGS, mine=0.7)
    assert shown(outputs)[2:] == [
        "You predicted: 0.6. What came out: 0.7, 0.1 more.",
        "You predicted: 0.6. That was before you saw the result, and stays.",
    ]


def test_it_is_known_in_another_kernel(outputs, monkeypatch):
    predict(LEGS, WAYS, mine="passes")
    for result in ("passes", "stuck at its belly"):
        monkeypatch.setattr(predictions, "asked", {})
        outputs.clear()
        predict(LEGS, WAYS)
        reveal(LEGS, result)
    assert shown(outputs) == [
        "You predicted: passes.",
        "You predicted: passes. What came out: stuck at its belly.",
    ]


def test_a_result_whose_question_was_not_asked_says_which_cell_to_run(outputs):
    reveal("02 another", 5)
    assert shown(outputs) == ["Predict first: run the cell above that asks '02 another'."]


@pytest.mark.parametrize("given", ["pass", 5, True, [], {}, b"passes"])
def test_what_is_no_choice_is_refused_in_a_sentence(given, outputs, kept):
    predict(LEGS, WAYS, mine=given)
    assert "is none of the choices: give one of 'passes'" in shown(outputs)[0]
    assert not kept.exists()


@pytest.mark.parametrize("given", ["0.5", True, float("nan"), [1, 2], 10**400, print], ids=shown_words)
def test_what_is_no_number_is_refused_in_a_sentence(given, outputs, kept):
    predict(LEGS, mine=given)
    assert "is no number" in shown(outputs)[0]
    assert not kept.exists()


@pytest.mark.parametrize("given", [-1, 100.5, 150])
def test_no_more_passes_than_there_are_episodes(given, outputs, kept):
    predict("passes of 100", mine=given, most=100)
    assert shown(outputs) == [f"{given} is not possible: give a number from 0 to 100."]
    assert not kept.exists()
    for least_and_most in (0, 100):
        predict("passes of 100", mine=least_and_most, most=100)
        assert f"You predict: {least_and_most}." in shown(outputs)[-1]


def test_a_result_that_answers_another_question_is_the_lessons_mistake(outputs):
    predict(LEGS, WAYS)
    with pytest.raises(ConfigError, match="none of the choices"):
        reveal(LEGS, 0.5)


@pytest.mark.parametrize(
    ("guess", "came_out", "said"),
    [
        (None, 3.0, "What came out: 3."),
        ("a", "a", "You predicted: a, and so it came out."),
        (50.0, 50.0, "You predicted: 50, and so it came out."),
        (0.2, 0.2001, "You predicted: 0.2, and so it came out: 0.2."),
        (60.0, 12.5, "You predicted: 60. What came out: 12.5, 47.5 less."),
        (0.0, 12.5, "You predicted: 0. What came out: 12.5, 12.5 more."),
        (12.5, 0.0, "You predicted: 12.5. What came out: 0, 12.5 less."),
        (3.0, None, "You predicted: 3. What came out: nothing."),
    ],
)
def test_compared(guess, came_out, said):
    assert compared(guess, came_out) == said


@pytest.mark.parametrize("content", ["", "{", "[]", '{"predictions": 5}', '{"predictions": [1]}', "\udcff"])
def test_a_damaged_file_is_told_and_kept_beside_the_new_one(content, outputs, kept):
    raw = content.encode(errors="surrogateescape")
    kept.parent.mkdir()
    kept.write_bytes(raw)
    predict(LEGS, WAYS)
    assert "cannot be read" in shown(outputs)[0].said.value
    predict(LEGS, WAYS, mine="passes")
    assert json.loads(kept.read_text())["predictions"] == {LEGS: {"guess": "passes"}}
    assert kept.with_name("predictions.json.damaged-1").read_bytes() == raw


FOREIGN = [5, None, "passes", [], {"guess": 5}, {"came_out": "passes"}, {"guess": ATTACK}, {"guess": [1]}]


@pytest.mark.parametrize("entry", FOREIGN, ids=repr)
def test_a_foreign_entry_is_told_and_nothing_beside_it_is_lost(entry, outputs, kept):
    kept.parent.mkdir()
    raw = json.dumps({"predictions": {LEGS: entry, "02 another": GOOD}, "note": "mine"})
    kept.write_text(raw)
    predict(LEGS, WAYS)
    assert "cannot be read" in shown(outputs)[0].said.value
    assert "<img" not in shown(outputs)[0].said.value
    predict(LEGS, WAYS, mine="passes")
    data = json.loads(kept.read_text())
    assert data == {"predictions": {LEGS: {"guess": "passes"}, "02 another": GOOD}, "note": "mine"}
    assert kept.with_name("predictions.json.damaged-1").read_text() == raw


def test_two_questions_are_kept_side_by_side(outputs, kept):
    predict(LEGS, WAYS, mine="passes")
    predict("02 another", mine=5)
    assert json.loads(kept.read_text())["predictions"] == {LEGS: {"guess": "passes"}, "02 another": {"guess": 5.0}}


def test_a_folder_that_cannot_be_written_to_is_told_and_the_lesson_goes_on(outputs, kept):
    kept.parent.write_text("a file is in the way")
    predict(LEGS, WAYS, mine="passes")
    assert "It is not kept" in shown(outputs)[0]
    reveal(LEGS, "passes", "a figure")
    assert shown(outputs)[1] == "You predicted: passes, and so it came out."
    assert "a figure" in shown(outputs)


def test_the_page_shows_text_as_text(monkeypatch, kept):
    seen = []
    monkeypatch.setattr(predictions, "display", lambda data, **_: seen.append(data))
    predictions.say(ATTACK)
    assert "<img" not in seen[0]["text/html"]
    assert seen[0]["text/plain"] == ATTACK


def test_what_could_not_be_measured_came_out_as_nothing(outputs):
    predict(LEGS, mine=0.5)
    reveal(LEGS, float("nan"), "a figure")
    assert shown(outputs)[1:] == ["You predicted: 0.5. What came out: nothing.", "a figure"]


def test_a_question_reads_what_it_keeps(kept):
    prediction = Prediction(LEGS, WAYS)
    prediction.entry = {"guess": "passes", "came_out": None}
    assert prediction.keep() == ""
    again = Prediction(LEGS, WAYS)
    assert again.recall() == ""
    assert again.entry == prediction.entry
