"""The command line, `twmr train` and its siblings; flags come from the config dataclasses."""

import argparse
import contextlib
import functools
import io
import operator
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TextIO, cast

import tyro
from tqdm import tqdm

from twmr_nb.cli.book import Diff, Runs, diff, runs
from twmr_nb.cli.flags import expanded, flag, flags_given, refuse_beside
from twmr_nb.cli.lab import Grade, Lab, grade, lab, refuse_lab
from twmr_nb.cli.plan import Plan, plan, refuse_plan
from twmr_nb.cli.policies import (
    Evaluate,
    Export,
    ImportLegacy,
    Policies,
    evaluate,
    export,
    import_legacy,
    policies,
    refuse_evaluate,
    refuse_export,
    refuse_twice,
    world_of,
)
from twmr_nb.cli.streams import Output, OutputLost, complain, open_streams, say, silence
from twmr_nb.cli.sweep import Ablate, Sweep, ablate, refuse_many, sweep
from twmr_nb.cli.viewer import has_display, no_display
from twmr_nb.config import presets as named_presets
from twmr_nb.config.as_text import settings_in
from twmr_nb.config.presets import DEFAULT_PRESET, PRESETS
from twmr_nb.config.schema import ConfigError, EnvConfig, PPOConfig, TrainConfig, checked_seed
from twmr_nb.files import ready_file, why
from twmr_nb.markup import one_line, printable
from twmr_nb.types import Mistake

LOOK = 1.01  # times as many updates as at the last look for symptoms: a look goes through all of them
GO_ON = {"train": "; go on with `twmr train --resume RUN_FOLDER`"} | dict.fromkeys(
    ("sweep", "ablate"), "; the same command goes on where it is"
)
LONGEST = 100_000  # control steps of an episode that is played
NO_NUMBER = re.compile(
    r"Error parsing (--[\w-]+): [^']*(int|float)[^']*('[^']*')", re.IGNORECASE
)  # as the parser says it
SLOWEST, FASTEST = 0.01, 100.0  # times real time


@dataclass(frozen=True)
class Train:
    """Train a policy. The preset sets every value below; flags change it."""

    env: EnvConfig
    """The robot's world: scene, senses, gate, reward."""
    ppo: PPOConfig
    """The learner: network size and PPO's settings."""
    seed: int = 0
    """Seed of robots, network and noise; the same seed gives the same run."""
    preset: str = DEFAULT_PRESET
    """Starting point: see `twmr presets`."""
    name: str = "run"
    """The run's folder is NAME_TIMESTAMP, in the one folder of runs (TWMR_RUNS, or runs/ beside notebooks/)."""
    run_dir: Path | None = None
    """Use this folder instead."""
    start_from: str | None = None
    """Begin from the network of this policy in place of a random one: a file, a run folder or a shipped name."""
    resume: Path | None = None
    """Go on with the run in this folder, with its own settings: no other flag goes with it."""
    judge: int = 50
    """Unseen episodes that the finished policy is judged on; 0: none."""


@dataclass(frozen=True)
class Play:
    """Play a saved policy: a video file, or a viewer window where there is a display."""

    load_path: Annotated[str, tyro.conf.arg(aliases=["--policy"])]
    """The policy: a .safetensors file, a run folder, or the name of a shipped one; first, it needs no flag."""
    scene: str | None = None
    """Another scene than the one it was trained in."""
    step_height: float | None = None
    """Height of the step in scene 'step', in m."""
    set: tuple[str, ...] = ()
    """Other conditions than those of its training, as name=value: any environment setting, e.g. friction_range=0.2."""
    seed: int | None = None
    """Seed of the start, 0 when not given; with --episode that of the evaluation, 1 when not given."""
    episode: int | None = None
    """The episode that `twmr evaluate` counts by this number, such as one that did not pass."""
    steps: int | None = None
    """Control steps to play; 1000 when not given."""
    deterministic: bool = True
    """Play the mean action, or sample as in training."""
    video: Path | None = None
    """Video file to write; default: the policy's name with .mp4 in this folder."""
    strip: Path | None = None
    """Picture file to write, with six moments of the episode; instead of a video unless --video is given too."""
    viewer: bool = False
    """Open a window instead of writing a file; on by itself where there is a display and no file is asked for."""
    playback_speed: float = 1.0
    """1 is real time, 0.5 slow motion."""
    follow: bool = True
    """Let the camera follow the robot."""
    debug_gate: bool = False
    """Trace the gate: a line when it opens or closes (at 0.5), and every 50 steps."""
    debug_legs: bool = False
    """Trace leg actions and leg angles every 50 steps."""
    debug_log: Path | None = None
    """Write the traces to this file instead of the screen."""


@dataclass(frozen=True)
class Presets:
    """List the presets and what each changes."""


@dataclass(frozen=True)
class Doctor:
    """Check Python, packages, graphics, ffmpeg, cores and GPU; say how to mend what is missing."""


def train(options: Train) -> int:
    from twmr_nb.episodes.evaluate import check_trial, evaluate
    from twmr_nb.learn.storage import log_line
    from twmr_nb.runs.provenance import moves
    from twmr_nb.runs.run import RunError, new_run, open_run

    if options.judge:
        check_trial(options.judge, 0, "judge")
    if options.resume:
        run = open_run(expanded(options.resume))
        if run.state == "finished":
            raise RunError(f"{run.name} is finished: start a new run to train further.")
    else:
        run_dir = options.run_dir and expanded(options.run_dir)
        run = new_run(config_of(options), options.name, run_dir=run_dir, start_from=options.start_from)
    total = run.config.ppo.total_timesteps
    say(f"run folder: {run.path}\ncompiling ...")
    told, due = {symptom.name for symptom in run.symptoms}, 0.0  # symptoms; the update from which to look for more
    told_back = ""
    with tqdm(total=total, unit="step", unit_scale=True, disable=not sys.stderr.isatty()) as bar:

        def show(record: dict[str, float]) -> None:
            nonlocal due, told_back
            try:
                if run.fell_back != told_back:
                    told_back = run.fell_back
                    bar.write(f"note: {told_back}")
                bar.update(int(record["global_step"]) - bar.n)
                bar.set_postfix(success=f"{record['success_rate']:.0%}", refresh=False)
                bar.write(log_line(record))
                if record["update"] >= due:
                    due = LOOK * record["update"]
                    for symptom in run.symptoms:
                        if symptom.name not in told:
                            told.add(symptom.name)
                            bar.write(f"symptom: {symptom}")
                sys.stdout.flush()
            except OSError:  # nobody reads, or the disk is full: no reason to end a training
                silence(sys.stdout)
                bar.disable = True

        run.train(show)
    for move in moves(run.provenance):
        say(move)
    compiled = run.records[-1]["compile_s"] if run.records else float("nan")
    say(f"{run.state} (compiling took {compiled:.1f} s)\npolicy: {run.policy_path}")
    if options.judge and run.state == "finished":
        say(evaluate(run.policy, episodes=options.judge).verdict)
    return 0


def config_of(options: Train) -> TrainConfig:
    return TrainConfig(options.env, options.ppo, options.seed, options.preset)


def refuse_train(options: Train, given: Sequence[str]) -> None:
    """Raise on flags that would be dropped without a word."""
    from twmr_nb.config.idle import refuse_idle, refuse_passed

    if options.resume:
        refuse_beside("--resume", given, ("resume", "judge"), "a run goes on with its own settings")
        return
    if "run_dir" in given and "name" in given:
        raise ConfigError("--name and --run-dir exclude each other: --run-dir is the whole folder, name included.")
    refuse_idle(config_of(options), given)
    refuse_passed(options.env, given)


def play(options: Play) -> int:
    from twmr_nb.cli.viewer import show_in_window
    from twmr_nb.draw.episode_text import gate_trace, leg_trace, outcome
    from twmr_nb.draw.film import frame_strip, save_picture, save_video
    from twmr_nb.episodes.rollout import record
    from twmr_nb.policies.saved import load_policy, stem_of

    saved = load_policy(options.load_path)
    config = world_of(saved.config.env, options)
    window, video = ready_to_show(options, f"{stem_of(saved.name)}.mp4")
    how: dict[str, Any] = {"episode": options.episode, "deterministic": options.deterministic}
    rollout = record(saved, config, options.seed, options.steps, **how)
    lines = (gate_trace(rollout) if options.debug_gate else []) + (leg_trace(rollout) if options.debug_legs else [])
    if lines and not options.debug_log:
        print("\n".join(lines))
    print(f"{one_line(saved.name)}: {outcome(rollout)}", flush=True)
    if options.debug_log:
        expanded(options.debug_log).write_text("\n".join(lines) + "\n", encoding="utf-8")
    if options.strip:
        print(f"picture: {save_picture(frame_strip(rollout), options.strip)}")
    if window:
        show_in_window(rollout, options.playback_speed, options.follow)
    if video:
        print(f"video: {save_video(rollout, video, speed=options.playback_speed, follow=options.follow)}")
    return 0


def refuse_play(options: Play, given: Sequence[str]) -> None:
    """Raise on what cannot be played, or would have no effect, before anything is played."""
    from twmr_nb.episodes.evaluate import unseen_seed

    refuse_by_name(options.load_path)
    refuse_twice(given, settings_in(options.set))
    if options.episode is not None:
        unseen_seed(options.episode, 1 if options.seed is None else options.seed)
    elif options.seed is not None:
        checked_seed(options.seed, 10**15)
    if options.steps is not None and not 1 <= options.steps <= LONGEST:
        raise ConfigError(f"steps = {options.steps} is not allowed: give a whole number from 1 to {LONGEST}.")
    if not SLOWEST <= options.playback_speed <= FASTEST:
        raise ConfigError(
            f"playback_speed = {options.playback_speed:g} is not allowed: give a number from {SLOWEST} to {FASTEST}; "
            "1 is real time."
        )
    if "viewer" in given and options.viewer:
        if options.video or options.strip:
            raise ConfigError("--viewer excludes --video and --strip: a window is shown instead of writing a file.")
        if not has_display():
            raise ConfigError(no_display())
    if options.strip and not options.video:
        for name in ("playback_speed", "follow"):
            if name in given:
                raise ConfigError(f"{flag(name)} has no effect on a --strip of stills: add --video, or leave it out.")
    if options.debug_log and not (options.debug_gate or options.debug_legs):
        raise ConfigError("--debug-log has nothing to write: add --debug-gate or --debug-legs.")


def refuse_by_name(policy: str) -> None:
    """Raise on what acts, but comes with no world to play it in."""
    from twmr_nb.policies.saved import BY_NAME

    if policy in BY_NAME:
        raise ConfigError(
            f"--policy {policy} is no saved policy, so nothing says in which world to play it: give a file, a run "
            f"folder or a shipped name, or in a notebook tw.video(tw.record({policy!r}, tw.world('recommended')))."
        )


def ready_to_show(options: Play, name: str) -> tuple[bool, Path | None]:
    """Whether to open a window, and where to write a video; raises if a file asked for cannot be written."""
    from twmr_nb.draw.film import PICTURES, can_film

    window = options.viewer and not (options.video or options.strip)
    video = options.video or (None if window or options.strip else Path(name))
    if options.debug_log:
        ready_file(options.debug_log)
    if options.strip:
        ready_file(options.strip, *PICTURES)
    if video:
        can_film()
        ready_file(video, ".mp4")
    return window, video


def presets(options: Presets) -> int:
    for name, preset in PRESETS.items():
        print(f"{name}: {preset.doc}")
        for setting, value in preset.settings.items():
            print(f"    {setting} = {value}")
    return 0


def doctor(options: Doctor) -> int:
    from twmr_nb.cli.doctor import print_report, run_checks

    return 1 if print_report(run_checks()) else 0


HANDLERS: dict[type, Callable[[Any], int]] = {
    Train: train, Play: play, Plan: plan, Evaluate: evaluate, Sweep: sweep, Ablate: ablate, Runs: runs, Diff: diff,
    Export: export, ImportLegacy: import_legacy, Policies: policies, Presets: presets, Doctor: doctor, Lab: lab,
    Grade: grade,
}  # fmt: skip
# What is asked before any work, of the options and of the flags that were typed.
REFUSALS: dict[type, Callable[[Any, Sequence[str]], None]] = {
    Train: refuse_train, Play: refuse_play, Plan: refuse_plan, Evaluate: refuse_evaluate, Sweep: refuse_many,
    Ablate: refuse_many, Export: refuse_export, Lab: refuse_lab,
}  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Entry point; returns the exit code. A user's mistake is one sentence, not a traceback."""
    open_streams()
    argv = sys.argv[1:] if argv is None else argv
    output = Output(sys.stdout)
    try:
        with contextlib.redirect_stdout(cast(TextIO, output)):
            try:
                return run(argv)
            finally:
                output.flush()
    except KeyboardInterrupt:
        complain("stopped" + GO_ON.get("".join(argv[:1]), ""))
        return 130
    except OutputLost as lost:
        silence(sys.stdout)
        if not isinstance(lost.__cause__, BrokenPipeError):  # a reader that has seen enough is no error to speak of
            complain(f"twmr: the output cannot be written: {why(cast(OSError, lost.__cause__))}.")
        return 1
    except BrokenPipeError:  # somebody else's pipe, such as ffmpeg's
        raise
    except OSError as error:
        complain(f"twmr: {f'{str(error.filename)!r}: ' if error.filename else ''}{why(error)}.")
        return 2


def run(argv: Sequence[str]) -> int:
    """Do what the command line asks for."""
    if argv[:1] == ["play"] and len(argv) > 1 and not argv[1].startswith("-"):
        argv = ["play", "--policy", *argv[1:]]
    try:
        options, given = parse(argv), flags_given(argv)
        if refuse := REFUSALS.get(type(options)):
            refuse(options, given)
        return HANDLERS[type(options)](options)
    except Mistake as error:
        sys.stdout.flush()
        complain(f"twmr: {printable(error)}")
        return 2


def parse(argv: Sequence[str]) -> Any:
    """The command and its options. `--preset` is read first, since it decides every other default."""
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--preset", nargs="?")
    named = early.parse_known_args(argv)[0].preset if argv[:1] == ["train"] else None
    chosen = named_presets.preset(DEFAULT_PRESET if named is None else named)
    ready: dict[type, Any] = {
        Train: Train(chosen.env, chosen.ppo, preset=chosen.preset),
        Play: Play(load_path=tyro.MISSING, viewer=has_display()),
    }
    kinds = [Annotated[kind, tyro.conf.subcommand(default=ready[kind])] if kind in ready else kind for kind in HANDLERS]
    commands = functools.reduce(operator.or_, cast(list[Any], kinds))
    return understood(commands, list(argv))


def understood(commands: Any, argv: list[str]) -> Any:
    """The options; raises our own ConfigError where a value is refused by us, not by the parser.

    The parser puts a box with inner names around our sentence, so it is asked to be quiet, and asked again to speak
    where the sentence is its own.
    """
    ask = functools.partial(tyro.cli, commands, args=argv, prog="twmr", config=(tyro.conf.OmitArgPrefixes,))
    quiet = io.StringIO()
    try:
        with contextlib.redirect_stderr(quiet), contextlib.redirect_stdout(quiet):
            return ask()
    except SystemExit as refused:
        cause: BaseException | None = refused
        while cause is not None:
            if isinstance(cause, ConfigError):
                raise cause from None
            cause = cause.__context__
        if number := NO_NUMBER.search(" ".join(quiet.getvalue().split())):
            name, kind, value = number.groups()
            whole = "a whole number in digits" if kind.lower() == "int" else "a number"
            raise ConfigError(f"{name} {value} is not allowed: give {whole}.") from None
        return ask()
