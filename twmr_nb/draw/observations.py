"""What a robot may be told, as pictures: every observation mode of one episode, side by side."""

import re
from itertools import groupby

import numpy as np
from matplotlib.axes import Axes

from twmr_nb.config.fields import settings_of
from twmr_nb.config.schema import EnvConfig
from twmr_nb.draw.style import INK, Plot, style
from twmr_nb.episodes.rescore import gate_of
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.robot.model import at_step
from twmr_nb.task.observations import Memory, observation_labels, observe
from twmr_nb.types import Array

ROW = {
    "full": 3.2,
    "proprio": 7.5,
    "proprio_contact": 7.5,
    "proprio_phase": 7.5,
}  # px per number; 11 for the short modes
LIMIT = 2.5  # standard deviations at which the colours end
GAP, TOP, BOTTOM = 34, 24, 44  # px
WIDTH = 960


def seen_in(mode: str, rollout: Rollout) -> Array:
    """What a policy of this observation mode would have seen along the episode, [T, D]."""
    t = rollout.transition
    config = rollout.config.replace(obs_mode=mode, critic_obs_mode="same")
    memory = Memory(rollout.attitude, t.action, t.gate)
    return observe(config, t.qpos, t.qvel, t.accelerometer, t.gyro, t.touch, rollout.step_height, memory)


def gates_along(rollout: Rollout) -> dict[str, Array]:
    """The obstacle and the proprio gate along an episode, each [T], with the parameters of its configuration."""
    return {mode: gate_of(rollout, rollout.config.replace(gate_mode=mode)) for mode in ("obstacle", "proprio")}


def senses(rollout: Rollout) -> Plot:
    """Every observation mode along an episode: a row per number, red above and blue below its mean in the episode."""
    modes = settings_of(EnvConfig)["obs_mode"].words
    seen = {mode: seen_in(mode, rollout) for mode in modes}
    heights = [ROW.get(mode, 11) * seen[mode].shape[1] for mode in modes]
    total = TOP + BOTTOM + sum(heights) + GAP * (len(modes) - 1)
    figure = Plot(WIDTH, round(total))
    above = float(TOP)
    for mode, height in zip(modes, heights, strict=True):
        place = (150 / WIDTH, 1 - (above + height) / total, (WIDTH - 164) / WIDTH, height / total)
        axes = figure.add_axes(place)
        draw_mode(axes, mode, seen[mode], rollout)
        above += height + GAP
    axes.set_xlabel("time [s]", color=INK, fontsize=9)
    axes.tick_params(labelbottom=True)
    return figure


def draw_mode(axes: Axes, mode: str, seen: Array, rollout: Rollout) -> None:
    """One mode's numbers as rows of colour; lines where the robot's middle is over the step."""
    privileged = "privileged" if not mode.startswith("proprio") else "sensors of its own"
    style(axes, f"{mode}: {seen.shape[1]} numbers, {privileged}")
    scaled = (seen - seen.mean(axis=0)) / (seen.std(axis=0) + 1e-6)
    end = float(rollout.time[-1])
    extent = (0.0, end, seen.shape[1], 0.0)
    axes.imshow(scaled.T, aspect="auto", cmap="RdBu_r", vmin=-LIMIT, vmax=LIMIT, extent=extent, interpolation="nearest")
    axes.grid(False)
    groups = row_groups(observation_labels(rollout.config.replace(obs_mode=mode)))
    axes.set_yticks([(first + last) / 2 for first, last, _ in groups], [name for *_, name in groups], fontsize=7.5)
    axes.tick_params(labelbottom=False, length=0)
    for first, _, _ in groups[1:]:
        axes.axhline(first, color="white", linewidth=1.2)
    over = np.flatnonzero(at_step(rollout.config, rollout.transition.x, near=0.0))
    for moment in over[[0, -1]] if len(over) else ():
        axes.axvline(rollout.time[moment], color="black", linewidth=1.0, linestyle="--")


def row_groups(labels: list[str]) -> list[tuple[int, int, str]]:
    """Neighbouring columns that measure the same thing: first row, row after the last, name."""
    names = []
    for label in labels:
        name = re.sub(r" \(.*\)$", "", re.sub(r"^(front|rear) (left|right) ", "", label))
        names.append(re.sub(r"( along)? ([xyz]|\d+)$", "", name))
    groups, first = [], 0
    for name, members in groupby(names):
        last = first + len(list(members))
        groups.append((first, last, {"qpos": "all positions", "qvel": "all velocities"}.get(name, name)))
        first = last
    return groups
