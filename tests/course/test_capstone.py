"""The capstone's page: what the learner wrote and what the runs say, as text, in one file that asks for nothing."""

import base64
import dataclasses
import html
import json
import re

import pytest
from verdicts import expect

from twmr_nb.course import capstone as module
from twmr_nb.course.capstone import Report, report
from twmr_nb.draw.style import Plot, style
from twmr_nb.lab.comparison import Comparison, Trial
from twmr_nb.policies.saved import load_policy
from twmr_nb.types import ConfigError

ATTACK = '<img src=x onerror="alert(1)"><script>alert(2)</script>'
WRITTEN = {"title": "Does it?", "hypothesis": "It does.\nBecause.", "verdict": "Cannot tell.", "by": "Ann"}


def trial(variant, seed, rate, policy=None):
    records = [{"global_step": 150_016.0, "success_rate": rate}]
    result = {"success_rate": rate, "episodes": 50, "mean_length": 356.2 if rate else 1000.0, "mean_final_x": 1.0}
    return Trial(variant, seed, records, result, policy)


@pytest.fixture
def policies(tmp_path):
    """A baseline, and one with a setting and a term of its own, both as files."""
    saved = load_policy("flip_5cm")
    env = saved.config.env.replace(alive_bonus=0.75)
    term = {"name": f"level{ATTACK}", "weight": -0.1, "source": f"def level(t):\n    return t.pitch  # {ATTACK}\n"}
    other = dataclasses.replace(saved, config=dataclasses.replace(saved.config, env=env), own_terms=[term])
    return saved.save(tmp_path / "base.safetensors"), other.save(tmp_path / "other.safetensors")


@pytest.fixture
def kept(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "KEPT", tmp_path / "predictions.json")
    return module.KEPT


def two_variants(policies, name="dearer"):
    rates = {"as it is": (0.5, 0.7, 0.9), name: (0.0, 0.1, 0.3)}
    files = dict(zip(rates, policies, strict=True))
    return Comparison(tuple(trial(v, i, r, files[v]) for v, each in rates.items() for i, r in enumerate(each)))


@pytest.fixture
def page(policies, tmp_path, kept):
    return report(two_variants(policies), **WRITTEN, path=tmp_path / "page.html")


def cells(page):
    rows = re.findall("<tr>(.*?)</tr>", page)
    return [[html.unescape(cell) for cell in re.findall("<td[^>]*>(.*?)</td>", row)] for row in rows]


def test_the_page_says_what_was_written_and_by_whom(page):
    text = page.path.read_text()
    assert page.page == text
    assert "<h1>Does it?</h1>" in text
    assert "It does.\nBecause." in text
    assert "Cannot tell." in text
    assert "Ann, " in text


def test_the_page_says_what_was_changed_as_the_policies_know_it(page):
    rows = cells(page.page)
    assert ["dearer", "alive_bonus: 0.75", "0.0"] in rows
    assert [row for row in rows if row and row[0] == "as it is" and len(row) == 3] == []
    assert any(
        row[1].startswith("own term 'level") or row[1].startswith("own term level") for row in rows if len(row) > 1
    )
    assert "return t.pitch" in page.page


def test_every_seed_is_in_the_table_and_how_much_was_trained_above_it(page):
    rows = cells(page.page)
    assert ["as it is", "0", "50", "–", "356", "–", "1.00"] in rows
    assert ["dearer", "0", "0", "–", "1000", "–", "1.00"] in rows
    assert len([row for row in rows if len(row) == 7]) == 6
    assert "as it is: 3 seeds, dearer: 3 seeds; 150,016 control steps each; judged on 50 unseen episodes." in page.page


def test_the_rule_says_its_verdict_beside_the_learners(page, policies):
    assert html.escape(two_variants(policies).verdict()) in page.page


def test_the_page_ends_with_the_rubric(page):
    assert [row[0] for row in cells(page.page)[-5:]] == list(module.RUBRIC)


def test_the_page_is_whole_and_can_run_nothing(page):
    text = page.path.read_text()
    picture = base64.b64decode(re.search('src="data:image/png;base64,([^"]+)"', text)[1])
    assert picture.startswith(b"\x89PNG")
    assert "default-src 'none'" in text
    assert "<script" not in text
    assert "<img src=x" not in text
    assert not re.search(r"https?://", text)


def test_whatever_it_quotes_is_text(policies, tmp_path, kept):
    kept.write_text(json.dumps({"predictions": {ATTACK: {"guess": ATTACK, "came_out": [ATTACK]}, "odd": 5}}))
    mine = dict.fromkeys(WRITTEN, ATTACK)
    text = report(two_variants(policies, ATTACK), **mine, path=tmp_path / "page.html").page
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert "My predictions in the course" in text


@pytest.mark.parametrize("content", ["{", "[]", '{"predictions": 5}', '{"predictions": {"a": {"guess": 1}}}', "{}"])
def test_predictions_that_cannot_be_read_are_left_out(content, policies, tmp_path, kept):
    kept.write_text(content)
    assert "My predictions" not in report(two_variants(policies), **WRITTEN, path=tmp_path / "page.html").page


def test_a_figure_of_ones_own_takes_the_place_of_the_dots(policies, tmp_path, kept):
    figure = Plot(50, 40)
    style(figure.subplots())
    text = report(two_variants(policies), **WRITTEN, figure=figure, path=tmp_path / "page.html").page
    assert base64.b64encode(figure.png(2)).decode() in text


def test_in_a_notebook_it_is_seen_in_a_frame_of_its_own(page):
    shown = page._repr_html_()
    (inside,) = re.findall(r'<iframe sandbox srcdoc="([^"]*)"', shown)
    assert html.unescape(inside) == page.page
    assert "page.html" in repr(page)


@pytest.mark.parametrize("missing", ["title", "hypothesis", "verdict"])
@pytest.mark.parametrize("text", [..., "", "  ", None, 5])
def test_what_is_not_yet_written_is_named_with_the_rubric(missing, text, policies, tmp_path, kept):
    answer = report(two_variants(policies), **WRITTEN | {missing: text}, path=tmp_path / "page.html")
    expect(answer, False, f"Still to write: {missing}. ")
    assert "four or more for every variant" in answer.reason
    assert not (tmp_path / "page.html").exists()


@pytest.mark.parametrize("nothing", [Comparison(()), None, "own"])
def test_without_an_experiment_there_is_no_report(nothing, tmp_path, kept):
    expect(report(nothing, **WRITTEN, path=tmp_path / "page.html"), False, "no experiment to report")


def test_results_without_policies_say_so(tmp_path, kept):
    trials = tuple(trial(variant, 0, 0.5) for variant in ("a", "b"))
    made = report(Comparison(trials), **WRITTEN, path=tmp_path / "page.html")
    assert ["b", "not known: its policy is not here", ""] in cells(made.page)


def test_variants_that_do_not_differ_are_told(policies, tmp_path, kept):
    trials = tuple(trial(variant, 0, 0.5, policies[0]) for variant in ("a", "b"))
    assert "the variants do not differ" in report(Comparison(trials), **WRITTEN, path=tmp_path / "page.html").page


def test_a_place_that_cannot_be_written_to_is_told_in_a_sentence(policies, tmp_path, kept):
    for path in (tmp_path, tmp_path / "page.txt", policies[0] / "page.html"):
        with pytest.raises(ConfigError, match="cannot be written"):
            report(two_variants(policies), **WRITTEN, path=path)


@pytest.mark.parametrize(
    ("title", "name"),
    [("Does it?", "Does_it"), ("Größe 4 cm", "Größe_4_cm"), ("???", "report"), ("../../x", "x"), ("a" * 99, "a" * 60)],
)
def test_it_lies_among_the_runs_under_its_title(title, name, policies, tmp_path, kept, monkeypatch):
    monkeypatch.setattr(module, "RUNS", tmp_path / "runs")
    assert isinstance(made := report(two_variants(policies), **WRITTEN | {"title": title}), Report)
    assert made.path == tmp_path / "runs" / "reports" / f"{name}.html"
    assert made.path.exists()
