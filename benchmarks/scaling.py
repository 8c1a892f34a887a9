"""How speed grows with robots, threads and rollout length: measured, and drawn."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.contest import Contest, Tell, ceiling, training
from twmr_nb.config import presets
from twmr_nb.config.presets import QUICK_PRESET
from twmr_nb.draw.style import GREY, TERM_COLORS, Plot, legend, style
from twmr_nb.files import write_bytes

SIZES = (1, 4, 16, 64, 256, 1024)
ROLLOUTS = (32, 64, 128, 256, 512)

OWN_SIZE = presets.preset(QUICK_PRESET).ppo.num_envs


def scaling(
    rounds: int = 5,
    sizes: Sequence[int] = SIZES,
    rollouts: Sequence[int] = ROLLOUTS,
    tell: Tell = lambda line: None,
) -> dict[str, float]:
    """Steps per second of `ceiling/N robots/K threads`, `train/N robots/K threads` and `train/T rollout steps`."""
    entries = {}
    for size in sizes:
        for threads in (1, 2):
            entries[f"ceiling/{size} robots/{threads} threads"] = ceiling(size, threads)
            entries[f"train/{size} robots/{threads} threads"] = training(size, threads)
    for steps in rollouts:
        entries[f"train/{steps} rollout steps"] = training(OWN_SIZE, rollout_steps=steps)
    return Contest(rounds, entries).run(tell)


def scaling_plot(speed: Mapping[str, float]) -> Plot:
    """Left: speed over the number of robots, for one thread and two. Right: over the rollout's length."""
    figure = Plot(960, 380)
    robots, rollout = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    figure.margins(68, 12, 28, 48, wspace=0.08)
    sizes = sorted({int(name.split("/")[1].split()[0]) for name in speed if "robots" in name})
    for what, color, label in (("ceiling", GREY, "bare physics"), ("train", TERM_COLORS["forward"], "training")):
        for threads, line, inside in ((2, "-", color), (1, (0, (2, 1.5)), "white")):
            y = [speed[f"{what}/{size} robots/{threads} threads"] for size in sizes]
            words = f"{label}, {threads} thread{'s' * (threads > 1)}"
            look = {"color": color, "linestyle": line, "marker": "o", "markersize": 4, "markerfacecolor": inside}
            robots.plot(sizes, y, label=words, **look)
    steps = sorted(int(name.split("/")[1].split()[0]) for name in speed if "rollout" in name)
    y = [speed[f"train/{number} rollout steps"] for number in steps]
    rollout.plot(steps, y, color=TERM_COLORS["forward"], marker="o", markersize=4, label="training, 2 threads")
    style(robots, "more robots", "robots side by side", "control steps per second")
    style(rollout, f"longer rollouts, {OWN_SIZE} robots", "control steps per update and robot")
    for axes, ticks in ((robots, sizes), (rollout, steps)):
        axes.set_xscale("log", base=2)
        axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
        axes.set_ylim(0, 1.05 * max(speed.values()))
        axes.yaxis.set_major_formatter("{x:,.0f}")
        legend(axes, place="lower right")
    return figure


def save_plot(speed: Mapping[str, float], path: Path) -> Path:
    """Write the plot as a PNG file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_bytes(path, scaling_plot(speed).png(2))
    return path
