"""The lessons as they are kept: one front door, nothing left of a run, and solutions that differ by their answers."""

import ast
import inspect
import re
import sys
from pathlib import Path

import nbformat
import pytest

import twmr_nb as tw
from twmr_nb.course.checks.verdict import Verdict
from twmr_nb.course.lessons import ANSWERS, HOME, PROGRESS, answers_to, exercises_of, lessons, solved

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
LESSONS = lessons()
SOLVED = {Path(f"{lesson.stem}_solutions.ipynb"): lesson for lesson in LESSONS if answers_to(lesson)}
SOLUTIONS = list(SOLVED)
FRONT_DOOR = "import twmr_nb as tw"
NUMBERS = {"nineteen": 19, "twenty": 20, "forty": 40, "fifty": 50, "fifty-five": 55}

every_notebook = pytest.mark.parametrize("path", [*LESSONS, *SOLUTIONS], ids=lambda path: path.stem)


def cells(path, kind=None):
    book = nbformat.from_dict(solved(SOLVED[path])) if path in SOLVED else nbformat.read(path, as_version=4)
    return [cell for cell in book.cells if kind in (None, cell.cell_type)]


def trees(path):
    return [ast.parse(cell.source) for cell in cells(path, "code")]


@every_notebook
def test_a_lesson_enters_by_the_front_door_only(path):
    imports = [n for tree in trees(path) for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imports].count(FRONT_DOOR) == 1
    for node in imports:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
        for library in {name.split(".")[0] for name in names} - {"numpy"} - set(sys.stdlib_module_names):
            assert ast.unparse(node) == FRONT_DOOR, library


@every_notebook
def test_a_lesson_begins_with_the_front_door_and_uses_no_private_name(path):
    assert FRONT_DOOR in cells(path, "code")[0].source
    for tree in trees(path):
        names = [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        assert [name for name in names if name.startswith("_")] == []


@every_notebook
def test_a_lesson_is_kept_without_what_a_run_leaves(path):
    for cell in cells(path, "code"):
        assert (cell.outputs, cell.execution_count, cell.metadata) == ([], None, {}), cell.id


@every_notebook
def test_a_lesson_says_nothing_of_tests(path):
    text = " ".join(cell.source for cell in cells(path)).lower()
    assert [word for word in ("full_or_fast", "twmr_fast", "automatic test") if word in text] == []


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_a_solution_is_its_lesson_with_the_answers(path):
    """Cell by cell the same, but for the title, the links, and the cells with an answer."""
    lesson, solution = SOLVED[path], cells(path)
    asked, answers = cells(lesson), answers_to(lesson)
    assert solution[0].source.splitlines()[0] == f"{asked[0].source.splitlines()[0]}: solutions"
    for question, answer in zip(asked[1:], solution[1:], strict=True):
        assert answer.id == question.id
        assert answer.source == answers.pop(question.id, question.source.replace("](0", "](../0")), question.id
        assert (answer.source != question.source) == (question.id in answers_to(lesson)) or "](0" in question.source
    assert answers == {}, "no cell has this id"


def test_every_lesson_but_the_first_has_its_solution():
    assert list(SOLVED.values()) == LESSONS[1:]
    assert len(list(ANSWERS.iterdir())) == len(SOLVED)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_check_of_a_lesson_is_an_exercise_that_counts(path):
    """By its name, and by what it is told to check where there are several of it."""
    checks = [(name, call) for name, call in course_calls(path) if hasattr(tw.course, name) and is_check(name)]
    asked = [f"{name} {call.args[0].value}" if name == "caught" else name for name, call in checks]
    assert [each.name for each in exercises_of(path)] == asked


def is_check(name):
    return asks(getattr(tw.course, name)) and name != "report"


def test_the_page_of_progress_is_kept_as_a_lesson_is():
    code = cells(HOME / PROGRESS, "code")
    assert [(cell.outputs, cell.execution_count, cell.metadata) for cell in code] == 2 * [([], None, {})]
    assert [cell.source.splitlines()[-1] for cell in code] == ["tw.course.progress()", '# tw.course.progress(name="")']


def course_calls(path):
    """What a notebook asks of tw.course, in order: name, and the call."""
    calls = [node for tree in trees(path) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = [(ast.unparse(call.func), call) for call in calls]
    return [(name.removeprefix("tw.course."), call) for name, call in named if name.startswith("tw.course.")]


@every_notebook
def test_every_prediction_is_held_against_what_came_out(path):
    """Asked before it is shown, once each, under a name that says of which lesson it is."""
    order = [(name, call.args[0].value) for name, call in course_calls(path) if name in ("predict", "reveal")]
    asked, shown = ([what for name, what in order if name == kind] for kind in ("predict", "reveal"))
    assert sorted(asked) == sorted(shown)
    assert len(set(asked)) == len(asked)
    for name in asked:
        assert name.startswith(path.stem[:2] + " ")
        assert order.index(("predict", name)) < order.index(("reveal", name))


@pytest.mark.parametrize("path", SOLUTIONS, ids=lambda path: path.stem)
def test_a_solution_predicts(path):
    """With an answer that the question allows, where the cell itself says what these are."""
    for name, call in course_calls(path):
        if name == "predict":
            (mine,) = [keyword.value.value for keyword in call.keywords if keyword.arg == "mine"]
            if len(call.args) == 1:
                assert isinstance(mine, int | float)
            elif isinstance(call.args[1], ast.List):
                assert mine in ast.literal_eval(call.args[1])


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_every_lesson_makes_its_learner_act(path):
    """At least one prediction, three checks, and something broken or unfinished; from the third on something broken."""
    calls = [name for name, _ in course_calls(path)]
    checks = [name for name in calls if hasattr(tw.course, name) and asks(getattr(tw.course, name))]
    assert "predict" in calls
    assert len(checks) >= 3
    assert any(name.startswith(("written_", "full_ahead", "caught")) for name in calls)
    assert path.stem < "02" or "caught" in calls


def test_the_course_says_how_long_it_takes_and_fits_into_a_day():
    readme = (NOTEBOOKS.parent / "README.md").read_text()
    minutes = [int(number) for number in re.findall(r"\((\d+) min\) \|", readme)]
    hours, rest = divmod(sum(minutes), 60)
    assert minutes == [minutes_said(path) for path in LESSONS]
    assert f"about {hours} h {rest} min" in readme
    assert hours < 7


def test_the_page_of_times_lists_the_lessons_with_the_same_minutes():
    page = (NOTEBOOKS.parent / "docs" / "lessons.md").read_text()
    for path in LESSONS:
        assert f"| {path.stem.replace('_', ' ')} | {minutes_said(path)} min |" in page


def minutes_said(path):
    """How long a lesson says that it takes, in its first cell."""
    words = " ".join(cells(path)[0].source.split())
    said = re.search(r"(?:takes about|In the next) (an hour)?(?: and )?([\w-]+)?", words)
    hour, rest = said.groups()
    return 60 * bool(hour) + NUMBERS.get(rest, 0)


def asks(name):
    """Whether it is a check: what it gives back is a verdict."""
    return callable(name) and inspect.signature(name).return_annotation in (Verdict, "Verdict")
