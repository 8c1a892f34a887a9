"""Training panel, live view and list of runs as classes: no browser, tiny runs."""

import dataclasses
import gc
import re
import threading
import time

import ipywidgets as w
import pytest
from matplotlib.figure import Figure

from twmr_nb.cli import parse
from twmr_nb.config import ConfigError, EnvConfig, PPOConfig, TrainConfig
from twmr_nb.knobs import choices, field_docs
from twmr_nb.presets import PRESETS, preset_config
from twmr_nb.recipe import command_line, python_code
from twmr_nb.rewards import reward_term
from twmr_nb.run_files import write_json
from twmr_nb.runs import LIVE, RunError, new_run, open_run
from twmr_nb.ui import clip, live
from twmr_nb.ui.controls import Controls
from twmr_nb.ui.live import LiveView, live_view, thinned
from twmr_nb.ui.panel import TrainingPanel
from twmr_nb.ui.runs import RunsView
from twmr_nb.ui.settings import all_settings, settings_of, stops
from twmr_nb.ui.starting_point import base_of
from twmr_nb.ui.status import clock, result_text, state_text, steps_text

TINY = {
    "num_envs": 2, "minibatches": 1, "rollout_steps": 8, "epochs": 1, "mlp_size": 8, "hidden_size": 8,
    "max_steps": 10, "total_timesteps": 2 * 8 * 4,
}  # fmt: skip
ENDLESS = TINY | {"total_timesteps": 10**8}
NUMBERS = [s for s in all_settings() if s.kind in (int, float)]


@pytest.fixture(autouse=True)
def _end_all_runs(monkeypatch):
    """No film unless a test asks for it; whatever trains is stopped at the end."""
    monkeypatch.setattr(clip, "gl_available", lambda: False)
    yield
    for run in LIVE.values():
        run.stop()
        if run._thread:
            run._thread.join()
    LIVE.clear()
    live.views.clear()


def words(widget: w.HTML) -> str:
    """What a person reads in an HTML widget."""
    return re.sub(r"<style>.*?</style>|<[^>]+>", "", widget.value, flags=re.DOTALL).replace("&ensp;", " ")


def wait_for(condition, seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def click(button: w.Button) -> None:
    assert not button.disabled, f"{button.description} cannot be pressed"
    button.click()


def controls(**flags) -> Controls:
    return Controls(preset_config(**flags), preset_config())


# -- controls ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cls", [EnvConfig, PPOConfig])
def test_every_field_has_a_row_in_its_group_with_its_words(cls):
    shown = controls()
    for field in dataclasses.fields(cls):
        row = shown.rows[field.name]
        assert row.setting.group == field.metadata["group"]
        assert set(row.widgets) <= set(shown.pages[field.metadata["group"]].children)
        assert row.name.tooltip.startswith(field_docs(cls)[field.name])
        assert field.metadata["unit"] in row.name.tooltip
        if options := choices(cls, field.name):
            assert row.box.options == options


def test_numbers_are_held_within_their_bounds():
    shown = controls()
    for setting in NUMBERS:
        box = shown.rows[setting.name].box
        assert (box.min, box.max) == (setting.low, setting.high)
    shown.rows["gamma"].box.value = 7
    assert shown.config.ppo.gamma == 1.0


@pytest.mark.parametrize("setting", NUMBERS, ids=lambda s: s.name)
def test_a_slider_passes_through_sensible_values_only(setting):
    values = stops(setting)
    assert values == sorted(set(values))
    assert 10 < len(values) <= 201
    assert all(setting.low <= v <= setting.high and type(v) is setting.kind for v in values)
    assert setting.default is None or setting.default in values


def test_a_slider_of_batch_sizes_doubles():
    robots = next(s for s in settings_of(PPOConfig) if s.name == "num_envs")
    assert stops(robots) == [2**k for k in range(13)]


def test_slider_and_number_follow_each_other_and_a_change_is_marked():
    shown = controls()
    row, told = shown.rows["extension_penalty"], []
    shown.on_change = lambda: told.append(shown.config.env.extension_penalty)
    tab = list(shown.pages).index("reward")
    assert "●" not in shown.tabs.get_title(tab) + row.name.value
    row.slider.value = row.stops.index(0.05)
    assert row.box.value == shown.config.env.extension_penalty == 0.05
    assert "● extension penalty" in words(row.name)
    assert shown.tabs.get_title(tab) == "reward ●1"
    row.box.value = 0.0517
    assert row.stops[row.slider.value] == 0.05
    assert told == [0.05, 0.0517]
    click(row.back)
    assert shown.config == preset_config()
    assert "●" not in shown.tabs.get_title(tab) + row.name.value
    assert row.back.layout.visibility == "hidden"


def test_what_may_be_automatic_has_a_switch():
    shown = controls()
    row = shown.rows["retract_angle"]
    assert row.value is None
    assert row.box.disabled
    assert row.slider.disabled
    row.automatic.value = False
    row.box.value = 0.5
    assert not row.box.disabled
    assert shown.config.env.retract_angle == 0.5
    row.automatic.value = True
    assert shown.config.env.retract_angle is None


@pytest.mark.parametrize("preset", PRESETS)
def test_controls_show_a_configuration_unchanged(preset):
    config = preset_config(preset, seed=7, success_x=1.4, gae_lambda=0.937)
    shown = controls()
    shown.show(config, preset_config(preset))
    assert shown.config == config
    changed = {name for name, row in shown.rows.items() if row.value != row.start}
    assert changed == {"seed", "success_x", "gae_lambda"}


def test_settings_are_shown_as_text_that_makes_them_again():
    config = preset_config("walkthrough", seed=3, auto_retract=False, gamma=0.97)
    options = parse(command_line(config).split()[1:])
    assert TrainConfig(options.env, options.ppo, options.seed, options.preset) == config
    made = {}
    code = python_code(config, ["calm"]).replace("from twmr_nb.runs import new_run", "").replace("run.start()", "")
    exec(
        code,
        {"new_run": lambda preset, extra_terms, **flags: made.update(config=preset_config(preset, **flags)), "calm": 1},
    )
    assert made["config"] == config
    shown = controls(gamma=0.97)
    assert "twmr train --gamma 0.97" in words(shown.code)


def test_contradicting_settings_are_told_and_refused(tmp_path):
    panel = TrainingPanel(root=tmp_path, **TINY)
    panel.controls.rows["num_envs"].box.value = 3
    panel.controls.rows["minibatches"].box.value = 2
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
    assert row.name.tooltip.startswith("Price of pitching.")
    row.box.value = -0.25
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
    assert panel.controls.start == preset_config("walkthrough")
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
    assert all(row.box.disabled for row in panel.controls.every_row)
    assert f"The settings of {run.name}" in words(panel.note)
    wait_for(lambda: re.match("collecting|learning", words(view.state)))
    wait_for(lambda: len(pictures) >= 3)
    assert re.search(r"[\d,.]+k? of 100.00M steps · [\d,]+ steps/s · [\d:]+ left", words(view.steps))
    click(view.pause)
    wait_for(lambda: words(view.state).startswith("paused"))
    assert view.pause.disabled
    run.policy_path.unlink(missing_ok=True)
    click(view.save)
    assert run.policy_path.exists()
    click(view.resume)
    wait_for(lambda: re.match("collecting|learning", words(view.state)))
    begin = time.monotonic()
    click(view.stop)
    wait_for(lambda: words(view.state).startswith("stopped"))
    assert time.monotonic() - begin < 5, "under 1 s on a machine that does nothing else"
    wait_for(lambda: not panel.controls.rows["gamma"].box.disabled)
    updates = len(run.records)
    click(view.resume)
    wait_for(lambda: len(run.records) > updates)
    assert [r["update"] for r in run.records] == list(range(1, len(run.records) + 1))
    click(view.stop)
    wait_for(lambda: not threads("live view"))
    out, err = capfd.readouterr()
    assert out == err == "", "a thread printed"


def threads(name: str) -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == name]


def test_a_second_run_asks_first(tmp_path):
    panel = TrainingPanel(root=tmp_path, **ENDLESS)
    first = panel.start()
    other = TrainingPanel(root=tmp_path)
    assert other.run is first, "a new panel shows what trains"
    assert other.controls.config == first.config
    assert "newer view" in words(panel.view.message)
    with pytest.raises(RunError, match="is training"):
        other.start()
    click(button(other, "Start training"))
    assert other.busy.layout.display == "flex"
    click(button(other, "Let it train"))
    assert other.busy.layout.display == "none"
    assert first.training
    click(button(other, "Start training"))
    click(button(other, "Stop it and start this one"))
    assert first.state == "stopped"
    assert other.run is not first
    assert other.run.training


def test_earlier_runs_are_drawn_behind(tmp_path):
    for name in "abcd":
        new_run("recommended", name, root=tmp_path, **TINY).train()
    panel = TrainingPanel(root=tmp_path, **TINY)
    before = panel.view.picture.value
    assert len(panel.earlier.options) == 4
    panel.earlier.value = panel.earlier.options
    assert list(panel.view.compared) == list(panel.earlier.options[:3])
    assert panel.view.picture.value != before


def test_a_failure_is_told_in_the_view(tmp_path):
    def breaks(t):
        raise ZeroDivisionError("no such thing")

    panel = TrainingPanel(extra_terms=[reward_term(breaks)], root=tmp_path, **TINY)
    panel.start()
    wait_for(lambda: words(panel.view.state).startswith("failed"))
    assert words(panel.view.message).startswith("ZeroDivisionError: no such thing")
    assert not panel.view.resume.disabled


# -- live view --------------------------------------------------------------------------------------------------------


def test_live_view_follows_a_run_to_its_end_and_lets_go(tmp_path):
    run = new_run("recommended", root=tmp_path, **TINY)
    view = live_view(run)
    assert words(view.state).startswith("new")
    run.start()
    run.join()
    wait_for(lambda: words(view.state).startswith("finished"))
    assert view.bar.value == 1.0
    assert "64 of 64 steps" in words(view.steps)
    assert "success 0%" in words(view.result)
    assert view.stop.disabled
    assert view.resume.disabled
    wait_for(lambda: not threads("live view"))


def test_the_newest_view_of_a_run_draws_and_figures_do_not_pile_up(tmp_path):
    run = new_run("recommended", root=tmp_path, **ENDLESS)
    run.start()
    views = [LiveView(run) for _ in range(5)]
    wait_for(lambda: len(threads("live view")) == 1)
    assert all("newer view" in words(view.message) for view in views[:-1])
    wait_for(lambda: views[-1]._drawn > 0)
    gc.collect()
    figures = sum(isinstance(each, Figure) for each in gc.get_objects())
    drawn = views[-1]._drawn
    wait_for(lambda: views[-1]._drawn > drawn)
    gc.collect()
    assert sum(isinstance(each, Figure) for each in gc.get_objects()) == figures
    views[-1].close()
    wait_for(lambda: not threads("live view"))
    assert run.training, "closing a view leaves the run alone"


def test_a_long_curve_is_thinned_to_what_can_be_seen():
    records = [{"update": float(i)} for i in range(5000)]
    some = thinned(records)
    assert len(some) <= live.POINTS
    assert some[-1] == records[-1]
    assert thinned(records[:7]) == records[:7]
    assert thinned([]) == []


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.4, "59 s"), (60, "1:00"), (131, "2:11"), (3725, "1:02:05")]
)
def test_clock(seconds, text):
    assert clock(seconds) == text


@pytest.mark.parametrize(("steps", "text"), [(0, "0"), (9999, "9,999"), (12_340, "12.3k"), (1_500_000, "1.50M")])
def test_steps_text(steps, text):
    assert steps_text(steps) == text


def test_clip_films_the_newest_policy(tmp_path, gl, monkeypatch):
    monkeypatch.setattr(clip, "gl_available", lambda: True)
    run = new_run("recommended", root=tmp_path, **TINY)
    run.train()
    film = clip.EvaluationClip()
    film.show(run)
    film.consider()
    film.thread.join()
    assert film.film.value[4:8] == b"ftyp", "an mp4 file"
    assert film.film in film.screen.children
    assert "after 64 steps" in words(film.line)
    film.thread = None
    film.consider()
    assert film.thread is None, "nothing new to film"


def test_clip_is_off_where_nothing_can_be_drawn(tmp_path):
    run = new_run("recommended", root=tmp_path, **TINY)
    run.train()
    film = clip.EvaluationClip()
    film.show(run)
    film.consider()
    film.thread.join()
    assert "apt-get install libegl1 libgl1" in words(film.line)
    assert film.film not in film.screen.children


def test_the_clips_episode_is_offered_in_3d_without_any_gl(tmp_path):
    run = new_run("recommended", root=tmp_path, **TINY)
    run.train()
    view = LiveView(run, clip=clip.EvaluationClip())
    switch = view.children[3].children[0].children[-1]
    wait_for(lambda: not switch.disabled)
    before = view.stage.children
    switch.value = True
    (replay,) = view.stage.children
    assert replay.rollout is view.clip.rollout
    assert replay.scene["title"] == "after 64 steps of training"
    switch.value = False
    assert view.stage.children == before
    switch.value = True
    view.show(None)
    assert switch.disabled
    assert view.stage.children == before


def test_a_frontier_of_step_heights_is_told_and_drawn(tmp_path):
    run = new_run("recommended", root=tmp_path, **TINY)
    run.train()
    plain = live.LiveCurves(600, 300)
    plain.png(run.records, {}, 64)
    assert not plain.frame.curriculum
    assert "steps up to" not in result_text(run.records)
    records = [record | {"frontier": 0.03 + 0.001 * i} for i, record in enumerate(run.records)]
    rising = live.LiveCurves(600, 300)
    rising.png(records, {}, 64)
    assert rising.frame.curriculum
    assert list(rising.frontier.get_ydata()) == pytest.approx([30, 31, 32, 33])
    assert "steps up to 3.3 cm" in result_text(records)


def test_clip_can_be_turned_off(tmp_path):
    run = new_run("recommended", root=tmp_path, **TINY)
    run.train()
    film = clip.EvaluationClip()
    film.show(run)
    film.switch.value = False
    film.consider()
    assert film.thread is None


# -- the list of runs -------------------------------------------------------------------------------------------------


def test_an_interrupted_run_is_offered_first_and_resumes_from_its_checkpoint(tmp_path):
    run = new_run("recommended", "broken", root=tmp_path, **TINY)
    run.train(lambda record: run.stop() if record["update"] == 2 else None)
    write_json(run.path / "status.json", {"state": "running", "pid": 2**22 - 1, "process_started": 0.0})
    LIVE.clear()  # as a new process would see it
    new_run("recommended", "later", root=tmp_path, **TINY).train()
    shown = RunsView(tmp_path)
    assert shown.run.name == run.name
    assert state_text(shown.run) == "interrupted: resume?"
    assert any("interrupted at 50%" in label for label, _ in shown.choice.options)
    wait_for(lambda: "interrupted: resume?" in words(shown.view.state))
    click(shown.view.resume)
    wait_for(lambda: words(shown.view.state).startswith("finished"))
    assert [r["update"] for r in shown.run.records] == [1, 2, 3, 4]
    wait_for(lambda: any("finished" in label and run.name in label for label, _ in shown.choice.options))


def test_the_list_shows_settings_and_turns_to_another_run(tmp_path):
    plain = new_run("recommended", "plain", root=tmp_path, **TINY)
    plain.train()
    changed = new_run("walkthrough", "changed", root=tmp_path, **TINY | {"extension_penalty": 0.07})
    changed.train()
    shown = RunsView(tmp_path)
    assert shown.run.name == changed.name
    assert "extension penalty0.07" in words(shown.settings)
    shown.choice.value = plain.name
    assert shown.run.name == plain.name
    assert "preset recommended" in words(shown.settings)


def test_a_folder_that_cannot_be_read_is_named_not_fatal(tmp_path):
    new_run("recommended", "good", root=tmp_path, **TINY)
    bad = new_run("recommended", "bad", root=tmp_path, **TINY)
    (bad.path / "config.json").write_text("{")
    shown = RunsView(tmp_path)
    assert [run.name[:4] for run in shown.runs.values()] == ["good"]
    assert f"{bad.name} is left out" in words(shown.problems)


def test_no_run_yet_says_how_to_start_one(tmp_path):
    assert "start one with TrainingPanel()" in words(RunsView(tmp_path).settings)


def test_resuming_without_the_own_term_says_what_to_do(tmp_path):
    term = reward_term(lambda t: t.pitch**2, name="calm")
    run = new_run("recommended", root=tmp_path, extra_terms=[term], **TINY)
    run.train(lambda record: run.stop())
    LIVE.clear()
    shown = RunsView(tmp_path)
    wait_for(lambda: not shown.view.resume.disabled)
    click(shown.view.resume)
    assert "define it again" in words(shown.view.message)
    shown = RunsView(tmp_path, extra_terms=[term])
    wait_for(lambda: not shown.view.resume.disabled)
    click(shown.view.resume)
    wait_for(lambda: words(shown.view.state).startswith("finished"))


def test_a_policy_of_no_known_preset_is_its_own_start():
    config = preset_config(preset="elsewhere", gamma=0.9)
    assert base_of(config) is config


def test_open_run_is_the_live_object(tmp_path):
    run = new_run("recommended", root=tmp_path, **ENDLESS)
    run.start()
    assert RunsView(tmp_path).run is run is open_run(run.path)
