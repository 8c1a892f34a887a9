"""The command line's planner: `twmr plan`."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import tyro

from twmr_nb.cli.flags import expanded
from twmr_nb.cli.policies import refuse_twice, world_of
from twmr_nb.cli.streams import say
from twmr_nb.config.as_text import settings_in
from twmr_nb.config.schema import ConfigError
from twmr_nb.files import ready_file

if TYPE_CHECKING:
    from twmr_nb.policies.planner import Goal

MOST_EPISODES = 100


@dataclass(frozen=True)
class Plan:
    """Let a planner that sees everything play: is it possible at all, and what does a reward buy?"""

    of: Annotated[str, tyro.conf.Positional, tyro.conf.arg(metavar="WORLD")] = "flip"
    """Whose world: a preset's name, a .safetensors file, a run folder, or a shipped policy."""
    scene: str | None = None
    """Another scene than its own."""
    step_height: float | None = None
    """Height of the step in scene 'step', in m."""
    set: tuple[str, ...] = ()
    """Other conditions, as name=value: any environment setting, e.g. forward_weight=2 or end_on_success=true."""
    goal: str = "climb"
    """What plans are compared by: climb (ahead and up, upright), or reward (the world's own)."""
    yaw: float = 0.0
    """How far to turn from straight ahead until every wheel is up, in rad; with goal climb."""
    samples: int = 96
    """Plans tried in each of two rounds, every 6 control steps."""
    seed: int = 0
    """Seed of the start and of the plans; further episodes take the next ones."""
    episodes: int = 1
    """How many, side by side."""
    steps: int | None = None
    """Control steps to play; the world's max_steps when not given."""
    save: Path | None = None
    """File to write the episode to, for tw.load_rollout; with --episodes, SEED is put before its ending."""
    video: Path | None = None
    """Video file to write, of the first episode."""
    strip: Path | None = None
    """Picture file to write, with six moments of the first episode."""


def plan(options: Plan) -> int:
    from twmr_nb.draw.episode_text import outcome
    from twmr_nb.draw.film import frame_strip, save_picture, save_video
    from twmr_nb.episodes.rollout import record_many
    from twmr_nb.episodes.worlds import settings_of
    from twmr_nb.policies.planner import Planner

    planner = Planner(cast("Goal", options.goal), options.yaw, options.samples, options.seed)
    world = world_of(settings_of(options.of), options)
    episodes = record_many(planner, options.episodes, world, options.seed, options.steps)
    for seed, episode in enumerate(episodes, options.seed):
        say(f"seed {seed}: {outcome(episode)}; the world's reward {episode.reward.sum():+.2f}")
        if options.save:
            say(f"episode: {episode.save(numbered(options, seed))}")
    if options.strip:
        say(f"picture: {save_picture(frame_strip(episodes[0]), options.strip)}")
    if options.video:
        say(f"video: {save_video(episodes[0], options.video)}")
    return 0


def refuse_plan(options: Plan, given: Sequence[str]) -> None:
    """Raise on what cannot be done, or would have no effect, before anything is played."""
    from twmr_nb.draw.film import PICTURES, can_film

    refuse_twice(given, settings_in(options.set))
    if not 1 <= options.episodes <= MOST_EPISODES:
        raise ConfigError(
            f"episodes = {options.episodes} is not allowed: give a whole number from 1 to {MOST_EPISODES}."
        )
    for seed in range(options.seed, options.seed + options.episodes) if options.save else ():
        ready_file(numbered(options, seed), ".safetensors")
    if options.strip:
        ready_file(options.strip, *PICTURES)
    if options.video:
        can_film()
        ready_file(options.video, ".mp4")


def numbered(options: Plan, seed: int) -> Path:
    """The file of an episode: its seed is in the name where there are several."""
    path = expanded(options.save or "")
    return path if options.episodes == 1 else path.with_stem(f"{path.stem}_{seed}")
