"""The training panel as a class: its controls, and a run in it; no browser, tiny runs."""

import dataclasses
import re
import shutil
from html import unescape

import ipywidgets as w
import pytest
from ui_hands import ENDLESS, TINY, click, threads, words
from waiting import wait_for

import twmr_nb
from twmr_nb.cli.main import parse
from twmr_nb.config import presets
from twmr_nb.config.as_text import command_line, python_code
from twmr_nb.config.fields import field_docs, settings_of
from twmr_nb.config.presets import PRESETS
from twmr_nb.config.schema import ConfigError, EnvConfig, PPOConfig, TrainConfig, all_settings
from twmr_nb.runs.queue import QUEUE
from twmr_nb.runs.run import LIVE, new_run
from twmr_nb.task.rewards import reward_term
from twmr_nb.ui.controls import Controls
from twmr_nb.ui.live import LiveView
from twmr_nb.ui.panel import TrainingPanel
from twmr_nb.ui.runs import Runs
from twmr_nb.ui.setting_row import number_box
from twmr_nb.ui.shell import Tabs
from twmr_nb.ui.starting_point import base_of
from twmr_nb.ui.stops import stops
from twmr_nb.ui.value_text import read_value, value_text

pytestmark = pytest.mark.usefixtures("no_run_left")
NUMBERS = [s for s in all_settings().values() if s.kind in (int, float)]


def controls(**flags) -> Controls:
    return Controls(presets.preset(**flags), presets.preset())


# -- controls ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [EnvConfig, PPOConfig])
def test_every_field_has_a_row_in_its_group_with_its_words(cls):
    shown = controls()
    for field in dataclasses.fields(cls):
        row = shown.rows[field.name]
        assert row.setting.group == field.metadata["group"]
        assert row in shown.pages[field.metadata["group"]].children
        assert row.label == field.name.replace("_", " ")
        assert row.tip.startswith(field_docs(cls)[field.name])
        assert row.unit == field.metadata["unit"]
        if options := settings_of(cls)[field.name].words:
            assert row.kind == "choice"
            assert tuple(row.options) == options
            assert row.text in options


@pytest.mark.parametrize("setting", NUMBERS, ids=lambda s: s.name)
def test_a_number_beyond_its_bounds_stays_as_typed_and_is_refused_as_the_config_refuses_it(setting):
    shown = controls()
    row, kept = shown.rows[setting.name], shown.rows[setting.name].value
    for bound, beyond in ((setting.low, setting.low - 1), (setting.high, setting.high + 1)):
        row.text = f"{bound:.17g}"
        assert row.value == bound
        assert row.problem == ""
        row.text = f"{beyond:.17g}"
        assert row.text == f"{beyond:.17g}"
        with pytest.raises(ConfigError) as typed:
            _ = row.value
        with pytest.raises(ConfigError) as given:
            presets.preset(**{setting.name: setting.kind(beyond)})
        if setting.name != "seed":  # whose bounds are no field's
            assert row.problem.partition(" is ")[2] == str(given.value).partition(" is ")[2]
        assert str(typed.value) == row.problem
        assert f"{setting.name} = " in row.problem
        with pytest.raises(ConfigError, match=setting.name):
            _ = shown.config
    row.text = row.start_text
    assert row.problem == ""
    assert shown.config == presets.preset()
    assert row.value == kept


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e6", 10**6), ("1_000_000", 10**6), ("1 000 000", 10**6), ("1,000,000", 10**6), (" 1000000 ", 10**6),
        ("2.4M", 2_400_000), ("1.1M", 1_100_000), ("200k", 200_000), ("200 K", 200_000), ("1e10", 10**10),
        ("1\u202f000\u00a0", 1000), ("16.0", 16), ("+7", 7), ("1,000", 1000),
    ],
)  # fmt: skip
def test_whole_numbers_are_read_as_people_write_them(text, value):
    shown = controls()
    row = shown.rows["total_timesteps"]
    row.text = text
    assert row.value == shown.config.ppo.total_timesteps == value
    assert type(row.value) is int
    assert row.text == value_text(value), "what was understood stands in the box"


@pytest.mark.parametrize(
    "text",
    ["1,5", "1,00", "10,00,000", "1.5", "1e99", "1e999999999", "9" * 5000, "nan", "inf", "-1", "0", "", "  ", "auto",
     "ten", "1 0", "1__0", "0x10", "1e", "5m", "5%", "1;2", "1,000 000", "<b>7</b>", "2M5", "k", "1.2.3"],
)  # fmt: skip
def test_what_is_no_whole_number_is_refused_by_name_and_stays_to_be_mended(text, tmp_path):
    panel = TrainingPanel(root=tmp_path, **TINY)
    row = panel.controls.rows["total_timesteps"]
    row.text = text
    assert row.text == text
    assert row.differs
    assert row.problem.startswith("total_timesteps = ")
    assert "give a whole number from 1 to 1e+10 steps" in row.problem
    assert len(row.problem) < 200
    click(button(panel, "Start training"))
    assert "total_timesteps = " in words(panel.note)
    assert list(tmp_path.iterdir()) == []
    assert "⚠" in panel.controls.tabs.get_title(list(panel.controls.pages).index("learner"))


@pytest.mark.parametrize(
    ("text", "value"), [("0.05", 0.05), (".05", 0.05), ("5e-2", 0.05), ("0", 0.0), ("1_0e-2", 0.1), ("5E-2", 0.05)]
)
def test_lengths_are_read(text, value):
    row = controls().rows["step_height"]
    row.text = text
    assert row.value == value
    assert type(row.value) is float


@pytest.mark.parametrize("text", ["1,5", "0,05", "0,050", ",05"])
def test_a_decimal_comma_is_refused_with_a_word(text):
    row = controls().rows["step_height"]
    row.text = text
    assert row.text == text
    assert row.problem == (
        f"step_height = {text!r} is not allowed: give a number from 0 to 0.2 m, with a point instead of the comma."
    )


def test_a_minus_sign_as_it_is_printed_is_read():
    row = controls().rows["gate_bias"]
    row.text = "−2.5"
    assert row.value == -2.5


@pytest.mark.parametrize("setting", NUMBERS, ids=lambda s: s.name)
def test_every_number_is_read_again_as_it_was_written(setting):
    for value in [*stops(setting), setting.low, setting.high, setting.kind((setting.low + setting.high) / 3)]:
        assert read_value(value_text(value), setting) == value


def test_a_seed_may_be_what_the_configuration_allows_and_no_more():
    shown = controls()
    row = shown.rows["seed"]
    row.text = "995000"
    assert shown.config.seed == 995_000
    row.text = "995001"
    with pytest.raises(ConfigError, match="seed = 995001 is not allowed"):
        _ = shown.config


def test_a_number_that_is_mended_or_taken_back_is_no_longer_marked():
    shown = controls()
    row = shown.rows["gamma"]
    row.text = "7"
    assert row.problem
    row.text = "0.9"
    assert not row.problem
    row.text = "x"
    row.text = row.start_text  # what the way back writes
    assert not row.problem
    assert not row.differs
    row.text = "x"
    shown.show(presets.preset(gamma=0.8), presets.preset())
    assert (row.text, row.problem) == ("0.8", "")


def test_a_box_among_other_controls_is_held_to_the_same():
    told = []
    row = number_box("episodes", "Episodes to evaluate.", 200, 1, 10_000, lambda row: told.append(1))
    row.text = "1e3"
    assert row.value == 1000
    row.text = "1e5"
    with pytest.raises(ConfigError, match="episodes = 1e5 is not allowed: give a whole number from 1 to 10000"):
        _ = row.value
    assert len(told) == 2


@pytest.mark.parametrize("setting", NUMBERS, ids=lambda s: s.name)
def test_a_slider_passes_through_sensible_values_only(setting):
    values = stops(setting)
    assert values == sorted(set(values))
    assert 10 < len(values) <= 201
    assert all(setting.low <= v <= setting.high and type(v) is setting.kind for v in values)
    assert setting.default is None or setting.default in values


def test_a_slider_of_batch_sizes_doubles():
    assert stops(settings_of(PPOConfig)["num_envs"]) == [2**k for k in range(13)]


def test_slider_and_number_follow_each_other_and_a_change_is_marked():
    shown = controls()
    row, told = shown.rows["extension_penalty"], []
    shown.on_change = lambda: told.append(shown.config.env.extension_penalty)
    tab = list(shown.pages).index("reward")
    assert "●" not in shown.tabs.get_title(tab)
    assert not row.differs
    row.text = row.options[row.stops.index(0.05)]  # as the slider does
    assert row.value == shown.config.env.extension_penalty == 0.05
    assert row.differs
    assert shown.tabs.get_title(tab) == "reward ●1"
    row.text = "0.0517"
    assert row.stops[row.at] == 0.05
    assert told == [0.05, 0.0517]
    row.text = row.start_text
    assert shown.config == presets.preset()
    assert "●" not in shown.tabs.get_title(tab)
    assert not row.differs


def test_what_may_be_automatic_is_so_by_a_word_or_by_an_empty_box():
    shown = controls()
    row = shown.rows["retract_angle"]
    assert row.value is None
    assert row.text == "auto"
    assert row.optional
    row.text = "0.5"
    assert shown.config.env.retract_angle == 0.5
    for word in ("auto", "", "None", " Automatic "):
        row.text = "0.5"
        row.text = word
        assert shown.config.env.retract_angle is None
        assert row.text == "auto"


@pytest.mark.parametrize("preset", PRESETS)
def test_controls_show_a_configuration_unchanged(preset):
    config = presets.preset(preset, seed=7, success_x=1.4, gae_lambda=0.937)
    shown = controls()
    shown.show(config, presets.preset(preset))
    assert shown.config == config
    changed = {name for name, row in shown.rows.items() if row.differs}
    assert changed == {"seed", "success_x", "gae_lambda"}


def test_settings_are_shown_as_text_that_makes_them_again(monkeypatch):
    config = presets.preset("walkthrough", seed=3, auto_retract=False, gamma=0.97)
    options = parse(command_line(config).split()[1:])
    assert TrainConfig(options.env, options.ppo, options.seed, options.preset) == config
    made = {}

    def train(preset, extra_terms, **settings):
        made.update(config=presets.preset(preset, **settings), terms=extra_terms)

    monkeypatch.setattr(twmr_nb, "train", train)
    exec(python_code(config, ["calm"]), {"calm": "mine"})
    assert made == {"config": config, "terms": ["mine"]}
    shown = controls(gamma=0.97)
    assert "twmr train --gamma 0.97" in words(shown.code)


def test_contradicting_settings_are_told_and_refused(tmp_path):
    panel = TrainingPanel(root=tmp_path, **TINY)
    panel.controls.rows["num_envs"].text = "3"
    panel.controls.rows["minibatches"].text = "2"
    assert "minibatches = 2 does not divide num_envs = 3" in words(panel.controls.code)
    with pytest.raises(ConfigError, match="does not divide"):
        panel.start()
    click(button(panel, "Start training"))
    assert "does not divide" in words(panel.note)
    assert list(tmp_path.iterdir()) == []


def button(widget: w.Widget, name: str) -> w.Button:
    """The button of this name, anywhere inside a widget."""
    found = [b for b in inside(widget) if isinstance(b, w.Button) and b.description == name]
    assert len(found) == 1, f"{len(found)} buttons {name!r}"
    return found[0]


def inside(widget: w.Widget) -> list[w.Widget]:
    return [widget, *(each for child in getattr(widget, "children", ()) for each in inside(child))]


def test_an_own_reward_term_gets_a_slider_and_is_trained_with(tmp_path):
    def calm(t):
        """Price of pitching."""
        return t.pitch**2

    panel = TrainingPanel(extra_terms=[reward_term(calm, -0.5)], root=tmp_path, **TINY)
    row = panel.controls.weights["calm"]
    assert row.value == -0.5
    assert row.tip.startswith("Price of pitching.")
    row.text = "-0.25"
    run = panel.start()
    assert run.join() == "finished"
    record = run.records[0]
    assert record["term/calm"] == pytest.approx(-0.25 * record["raw/calm"])


def test_the_settings_of_a_saved_policy_can_be_loaded(tmp_path):
    run = new_run("walkthrough", "first", root=tmp_path, **TINY, extension_penalty=0.07)
    run.train()
    panel = TrainingPanel(root=tmp_path)
    panel.origin.choice.value = f"run {run.name}"
    assert panel.controls.config == run.config
    assert panel.controls.start == presets.preset("walkthrough")
    by_path = TrainingPanel(str(run.policy_path), root=tmp_path)
    assert by_path.controls.config == run.config


def test_a_name_that_is_no_folder_is_refused(tmp_path):
    panel = TrainingPanel(root=tmp_path, **TINY)
    panel.name.value = "../elsewhere"
    with pytest.raises(ConfigError, match=r"name = '../elsewhere' is not allowed"):
        panel.start()


# -- a run in the panel -----------------------------------------------------------------------------------------------


def test_start_pause_resume_save_stop_resume(tmp_path, capfd):
    panel = TrainingPanel(root=tmp_path, **ENDLESS)
    view, pictures = panel.view, []
    view.picture.observe(lambda change: pictures.append(change["new"]), "value")
    assert words(view.state) == "no run yet"
    capfd.readouterr()
    click(button(panel, "Start training"))
    run = panel.run
    assert words(view.state).startswith(("preparing, 0 s", "compiling, 0 s"))
    assert not any(row.disabled for row in panel.controls.every_row), "what is set is for the next one"
    assert words(panel.note) == f"{run.name} is training; what is set here is for the next one."
    wait_for(lambda: re.match("collecting|learning", words(view.state)))
    wait_for(lambda: len(pictures) >= 3)
    assert re.search(r"[\d,.]+k? of 100.00M steps · [\d,]+ steps/s · [\d:]+ left", words(view.steps))
    click(view.pause)
    wait_for(lambda: words(view.state).startswith("paused") and view.pause.disabled)
    run.policy_path.unlink(missing_ok=True)
    click(view.save)
    assert run.policy_path.exists()
    click(view.resume)
    wait_for(lambda: re.match("collecting|learning", words(view.state)))
    click(view.stop)
    wait_for(lambda: words(view.state).startswith("stopped"))
    wait_for(lambda: panel.button.description == "Start training")
    updates = len(run.records)
    click(view.resume)
    wait_for(lambda: len(run.records) > updates)
    assert [r["update"] for r in run.records] == list(range(1, len(run.records) + 1))
    click(view.stop)
    wait_for(lambda: not threads("live view"))
    out, err = capfd.readouterr()
    assert out == err == "", "a thread printed"


def waiting(panel):
    """The names that the panel's list says wait."""
    return [label for label, _ in panel.queue.choice.options]


def test_while_one_trains_others_wait_in_an_order_that_can_be_changed(tmp_path):
    panel = TrainingPanel(root=tmp_path, **ENDLESS)
    assert panel.queue.layout.display == "none"
    click(button(panel, "Start training"))
    first = panel.run
    for name in "abc":
        panel.name.value = name
        click(button(panel, "Add to the queue"))
    a, b, c = (run.name for run in QUEUE.waiting)
    assert (panel.run, waiting(panel)) == (first, [a, b, c])
    assert len({a, b, c, first.name}) == 4
    assert [run.state for run in QUEUE.waiting] == ["waiting"] * 3
    assert panel.queue.layout.display == ""
    assert "Stop ends only the one that trains: then the next of these begins." in words(panel.queue.told)
    panel.queue.choice.value = QUEUE.waiting[2]
    click(panel.queue.sooner)
    assert waiting(panel) == [a, c, b]
    click(panel.queue.sooner)
    click(panel.queue.sooner)  # no further than the front
    assert waiting(panel) == [c, a, b]
    click(panel.queue.later)
    assert waiting(panel) == [a, c, b]
    click(panel.queue.remove)
    assert waiting(panel) == [a, b]
    assert not (tmp_path / c).exists(), "what never trained leaves nothing"

    again = TrainingPanel(root=tmp_path)  # the cell is run again
    assert (again.run, waiting(again)) == (first, [a, b])
    assert "newer view" in words(panel.view.message)
    click(again.view.stop)  # one, not the queue
    wait_for(lambda: again.run.name == a and waiting(again) == [b])
    assert (first.state, again.run.training) == ("stopped", True)
    assert panel.run is first, "the newest panel shows what trains"


def test_a_failed_one_is_told_and_passed_over(tmp_path):
    def breaks(t):
        raise ZeroDivisionError("no such thing")

    panel = TrainingPanel(root=tmp_path, **ENDLESS)
    first = panel.start()
    sick = QUEUE.add(new_run("flip", "sick", tmp_path, extra_terms=[reward_term(breaks)], **TINY))
    gone = QUEUE.add(new_run("flip", "gone", tmp_path, **TINY))
    last = QUEUE.add(new_run("flip", "last", tmp_path, **TINY))
    shutil.rmtree(gone.path)
    first.stop()
    assert last.join() == "finished"
    wait_for(lambda: not threads("queue"))
    assert (sick.state, gone.state) == ("failed", "gone")
    told = unescape(words(panel.queue.told))
    assert f"{sick.name} failed: reward term 'breaks' failed" in told
    assert f"{gone.name} failed: the folder of {gone.name} is gone" in told
    assert (tuple(QUEUE.waiting), panel.button.description) == ((), "Start training")
    first.start()
    QUEUE.add(new_run("flip", "new", tmp_path, **TINY))
    assert QUEUE.failures == {}, "a new queue forgets what failed in the last one"


def test_a_choice_whose_turn_came_meanwhile_is_no_error(tmp_path):
    panel = TrainingPanel(root=tmp_path, **ENDLESS)
    panel.start()
    run = panel.start()
    QUEUE._runs.clear()  # as if its turn had come
    panel.queue.choice.value = run
    click(panel.queue.remove)
    assert waiting(panel) == []
    run.waiting = False


def test_earlier_runs_are_drawn_behind(tmp_path):
    for name in "abcd":
        new_run("flip", name, root=tmp_path, **TINY).train()
    panel = TrainingPanel(root=tmp_path, **TINY)
    before = panel.view.picture.value
    names = [name for _, name in panel.earlier.options]
    assert len(names) == 4, "the same seed again is no seed more"
    panel.earlier.value = names
    assert list(panel.view.compared) == names[:3]
    assert panel.view.picture.value != before


# Logs by hand.
COLUMNS = ("update", "progress", "global_step", "episodes", "success_rate", "episode_return", "train_s")


def logged(root, name, success, updates=4, **settings):
    run = new_run("flip", name, root, **settings)
    for k in range(1, updates + 1):
        run.folder.metrics.append(
            dict(zip(COLUMNS, (k, k / updates, 1000.0 * k, 1, success * k / updates, k, k), strict=True))
        )
    run.folder.keep_state("finished")
    return run


def test_runs_that_differ_in_nothing_but_the_seed_are_one_row_and_one_curve_with_a_band(tmp_path):
    for seed, success in enumerate((0.5, 0.9, 0.6)):
        logged(tmp_path, "mine", success, seed=seed)
    logged(tmp_path, "other", 1.0, seed=1, gamma=0.9)
    logged(tmp_path, "mine", 0.1, seed=0)  # a seed that is there already
    unfinished = logged(tmp_path, "mine", 0.2, updates=2, seed=7)
    unfinished.folder.keep_state("stopped")
    LIVE.clear()
    panel = TrainingPanel(root=tmp_path)
    labels = {label for label, _ in panel.earlier.options}
    row = next(label for label in labels if "3 seeds" in label)
    assert row == "mine, 3 seeds · success 60 (10 to 90) %"
    assert len(labels) == 4
    panel.earlier.value = [dict(panel.earlier.options)[row]]
    _returns, success, *_ = panel.view.curves.live.figure.axes
    median, band = success.lines[0], success.collections[0].get_paths()[0].vertices
    assert median.get_ydata() == pytest.approx([15, 30, 45, 60])
    last = band[band[:, 0] == 4, 1]
    assert (last.min(), last.max()) == (pytest.approx(10), pytest.approx(90))
    logged(tmp_path, "mine", 0.7, seed=3)
    panel.list_earlier()
    assert panel.earlier.value == ("mine, 4 seeds",), "the row stays chosen as it grows"


# -- the network of a policy ------------------------------------------------------------------------------------------


def test_the_network_of_a_policy_is_trained_on_where_it_fits(tmp_path):
    run = new_run("flip", "first", root=tmp_path, **TINY)
    run.train()
    panel = TrainingPanel("flip", root=tmp_path)
    assert panel.origin.train_on.layout.display == "none", "a preset has no network"
    panel.origin.choice.value = f"run {run.name}"
    assert panel.origin.train_on.layout.display == ""
    assert panel.origin.network is None
    panel.origin.train_on.value = True
    assert "twmr-error" not in panel.note.value
    panel.controls.rows["obs_mode"].text = "full"
    panel.controls.rows["hidden_size"].text = "16"
    told = unescape(words(panel.note))
    assert "obs_mode = 'full' and hidden_size = 16 cannot begin from the network of 'ppo_lstm_policy_" in told
    assert told.endswith(
        "which was made with obs_mode = 'proprio' and hidden_size = 8: set it so, or begin from another policy."
    )
    with pytest.raises(ConfigError, match="cannot begin from the network"):
        panel.start()
    assert len(list(tmp_path.iterdir())) == 1
    panel.controls.rows["obs_mode"].text = "proprio"
    panel.controls.rows["hidden_size"].text = "8"
    assert words(panel.note) == ""
    second = panel.start()
    assert second.join() == "finished"
    assert second.folder.details["start"]["name"] == run.policy.name


def test_a_failure_is_told_in_the_view(tmp_path):
    def breaks(t):
        raise ZeroDivisionError("no such thing")

    panel = TrainingPanel(extra_terms=[reward_term(breaks)], root=tmp_path, **TINY)
    panel.start()
    wait_for(lambda: words(panel.view.message))
    assert words(panel.view.state).startswith("failed")
    assert "reward term 'breaks' failed in its line 2" in unescape(words(panel.view.message))
    assert "ZeroDivisionError: no such thing" in words(panel.view.message)
    wait_for(lambda: not panel.view.resume.disabled)  # all three are told one after the other


def test_a_policy_of_no_known_preset_is_its_own_start():
    config = presets.preset(gamma=0.9).replace(preset="elsewhere")
    assert base_of(config) is config


def test_what_was_wrong_is_forgotten_once_it_is_mended(tmp_path):
    panel = TrainingPanel(root=tmp_path, **TINY)
    panel.controls.rows["total_timesteps"].text = "abc"
    click(panel.button)
    assert "twmr-error" in panel.note.value
    panel.controls.rows["total_timesteps"].text = "64"
    assert "twmr-error" not in panel.note.value
    panel.name.value = "a/b"
    click(panel.button)
    assert "twmr-error" in panel.note.value
    panel.name.value = "good"
    assert "twmr-error" not in panel.note.value


def test_a_run_stopped_in_another_view_is_followed_by_the_next(tmp_path):
    panel = TrainingPanel(root=tmp_path, **TINY | {"total_timesteps": 10**7})
    run = panel.start()
    assert panel.button.description == "Add to the queue"
    other = LiveView(run)
    run.stop()
    wait_for(lambda: panel.button.description == "Start training" and "is training" not in panel.note.value)
    other.close()


def test_a_run_whose_folder_is_gone_stays_on_show_and_no_other_is_marked(tmp_path):
    for name in ("first", "second"):
        new_run("flip", name, root=tmp_path, **TINY).train()
    LIVE.clear()
    view = Runs(tmp_path)
    shown = view.run
    other = next(name for name in view.runs if name != shown.name)
    shutil.rmtree(shown.path)
    view.refresh()
    assert view.choice.value is None
    assert view.run is shown
    assert shown.state == "gone"
    view.choice.value = other
    assert view.run.name == other


def test_tabs_are_named_in_the_words_of_ipywidgets_7_too():
    tabs = Tabs({"reward": w.VBox(), "gate": w.VBox()})
    tabs.set_title(1, "gate ●1")
    assert tabs.get_state("_titles") == {"_titles": {"0": "reward", "1": "gate ●1"}}
