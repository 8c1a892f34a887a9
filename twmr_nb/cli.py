"""The command line, `twmr train` and its siblings; flags come from the config dataclasses."""

import argparse
import json
import os
import select
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro
from tqdm import tqdm

from twmr_nb.cli_policies import Evaluate, Export, Policies, evaluate, export, policies
from twmr_nb.config import ConfigError, EnvConfig, PPOConfig, TrainConfig
from twmr_nb.markup import one_line
from twmr_nb.policies import PolicyError, load_policy, stem_of
from twmr_nb.presets import DEFAULT_PRESET, PRESETS, preset_config
from twmr_nb.render import RenderError


@dataclass(frozen=True)
class Train:
    """Train a policy. The preset sets every value below; flags change it."""

    env: EnvConfig
    ppo: PPOConfig
    seed: int = 0
    """Seed of robots, network and noise; the same seed gives the same run."""
    preset: str = DEFAULT_PRESET
    """Starting point: see `twmr presets`."""
    name: str = "run"
    """The run's folder is runs/NAME_TIMESTAMP."""
    run_dir: Path | None = None
    """Use this folder instead."""
    resume: Path | None = None
    """Go on with the run in this folder, with its own settings."""


@dataclass(frozen=True)
class Play:
    """Play a saved policy: a video file, or a viewer window where there is a display."""

    load_path: Annotated[str, tyro.conf.arg(aliases=["--policy"])]
    """The policy: a .safetensors file, a run folder, or the name of a shipped one."""
    scene: str | None = None
    """Another scene than the one it was trained in."""
    step_height: float | None = None
    """Height of the step in scene 'step', in m."""
    seed: int = 0
    """Seed of the start."""
    steps: int | None = None
    """Control steps to play; 1000 when not given."""
    deterministic: bool = True
    """Play the mean action, or sample as in training."""
    video: Path | None = None
    """Video file to write; default: the policy's name with .mp4 in this folder."""
    strip: Path | None = None
    """Picture file to write, with six moments of the episode; instead of a video unless --video is given too."""
    viewer: bool | None = None
    """Open a window instead of writing a video; default: if there is a display and no --video."""
    playback_speed: float = 1.0
    """1 is real time, 0.5 slow motion."""
    follow: bool = True
    """Let the camera follow the robot."""
    debug_gate: bool = False
    """Trace the gate: a line when it crosses 0.2, and every 50 steps."""
    debug_legs: bool = False
    """Trace leg actions and leg angles every 50 steps."""
    debug_log: Path | None = None
    """Write the traces to this file instead of the screen."""


@dataclass(frozen=True)
class Presets:
    """List the presets and what each changes."""


@dataclass(frozen=True)
class Bench:
    """Measure the speed of physics, environment and training, side by side (minutes; keep the machine quiet)."""

    rounds: int = 5
    """Measurements of each, taken in turn; medians are reported."""
    peer: bool = False
    """Also time another library's recurrent PPO on the same environment (needs the extra `bench`)."""
    solve: bool = False
    """Instead, the time from process start until the 5 cm step is solved, three seeds."""
    profile: bool = False
    """Instead, where the time of training goes."""
    scaling: Path | None = None
    """Instead, how speed grows with robots, threads and rollout length, drawn into this PNG file."""
    json: bool = False
    """Print one JSON object instead of a table."""


@dataclass(frozen=True)
class Doctor:
    """Check Python, packages, graphics, ffmpeg, cores and GPU; say how to mend what is missing."""


def train(options: Train) -> int:
    from twmr_nb.runs import new_run, open_run
    from twmr_nb.storage import log_line

    if options.resume:
        run = open_run(options.resume)
    else:
        config = TrainConfig(options.env, options.ppo).replace(seed=options.seed, preset=options.preset)
        run = new_run(config, options.name, run_dir=options.run_dir)
    total = run.config.ppo.total_timesteps
    print(f"run folder: {run.path}\ncompiling ...", flush=True)
    with tqdm(total=total, unit="step", unit_scale=True, disable=not sys.stderr.isatty()) as bar:

        def show(record: dict[str, float]) -> None:
            bar.update(int(record["global_step"]) - bar.n)
            bar.set_postfix(success=f"{record['success_rate']:.0%}", refresh=False)
            bar.write(log_line(record))
            sys.stdout.flush()

        run.train(show)
    compiled = run.records[-1]["compile_s"] if run.records else float("nan")
    print(f"{run.state} (compiling took {compiled:.1f} s)\npolicy: {run.policy_path}")
    return 0


def play(options: Play) -> int:
    from twmr_nb.evaluate import trial_world
    from twmr_nb.play import gate_trace, has_display, leg_trace, outcome, show_in_window
    from twmr_nb.render import frame_strip, save_video
    from twmr_nb.rollout import record

    saved = load_policy(options.load_path)
    config = trial_world(saved.config.env, options.scene, options.step_height)
    rollout = record(saved.player(options.deterministic, options.seed), config, options.seed, options.steps)
    lines = (gate_trace(rollout) if options.debug_gate else []) + (leg_trace(rollout) if options.debug_legs else [])
    if options.debug_log:
        options.debug_log.write_text("\n".join(lines) + "\n")
    elif lines:
        print("\n".join(lines))
    print(f"{one_line(saved.name)}: {outcome(rollout)}")
    if options.strip:
        frame_strip(rollout).save(options.strip)
        print(f"picture: {options.strip}")
    to_file = options.video or options.strip
    if options.viewer or (options.viewer is None and not to_file and has_display()):
        show_in_window(rollout, options.playback_speed, options.follow)
    elif options.video or not options.strip:
        path = options.video or Path(f"{stem_of(saved.name)}.mp4")
        save_video(rollout, path, speed=options.playback_speed, follow=options.follow)
        print(f"video: {path}")
    return 0


def presets(options: Presets) -> int:
    for name, preset in PRESETS.items():
        print(f"{name}: {preset.doc}")
        for flag, value in preset.flags.items():
            print(f"    {flag} = {value}")
    return 0


def bench(options: Bench) -> int:
    from twmr_nb.bench.report import report
    from twmr_nb.bench.suite import measure

    def tell(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    result = measure(options.rounds, options.peer, options.solve, options.profile, options.scaling, tell)
    print(json.dumps(result) if options.json else report(result))
    return 0


def doctor(options: Doctor) -> int:
    from twmr_nb.doctor import print_report, run_checks

    return 1 if print_report(run_checks()) else 0


HANDLERS: dict[type, Callable[[Any], int]] = {
    Train: train, Play: play, Evaluate: evaluate, Export: export, Policies: policies, Presets: presets,
    Bench: bench, Doctor: doctor,
}  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    """Entry point; returns the exit code. A user's mistake is one sentence, not a traceback."""
    argv = sys.argv[1:] if argv is None else argv
    try:
        options = parse(argv)
        code = HANDLERS[type(options)](options)
        sys.stdout.flush()
        return code
    except (ConfigError, PolicyError, RenderError, FileNotFoundError) as error:
        print(f"twmr: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; go on with `twmr train --resume RUN_FOLDER`", file=sys.stderr)
        return 130
    except BrokenPipeError:
        if not reader_left():  # a pipe of somebody else's, such as ffmpeg's
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the flush at exit must not fail again
        return 1


def reader_left() -> bool:
    """Whether nobody reads our output any more, as after `| head`."""
    poll = select.poll()
    poll.register(sys.stdout, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def parse(argv: list[str]) -> Any:
    """The command and its options. `--preset` is read first, since it decides every other default."""
    early = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    early.add_argument("--preset", default=DEFAULT_PRESET)
    chosen = preset_config(early.parse_known_args(argv)[0].preset)
    defaults = {
        "train": Train(chosen.env, chosen.ppo, preset=chosen.preset),
        "play": Play(load_path=tyro.MISSING),
        "evaluate": Evaluate(),
        "export": Export(policy=tyro.MISSING, name=tyro.MISSING),
        "policies": Policies(),
        "presets": Presets(),
        "bench": Bench(),
        "doctor": Doctor(),
    }
    commands = tyro.extras.subcommand_type_from_defaults(defaults, prefix_names=False)
    return tyro.cli(commands, args=argv, prog="twmr", config=(tyro.conf.OmitArgPrefixes,))
