"""The benchmark for people: a table of speeds, and every target with what was reached."""

from collections.abc import Mapping
from typing import Any

# What is promised on two cores with nothing else running: figure, words, at least (+1) or at most (-1), target
TARGETS = (
    ("env_over_ceiling", "environment over ceiling", +1, 0.93),
    ("train_over_ceiling", "training over ceiling", +1, 0.70),
    ("train_over_peer", "training over the best peer", +1, 3.5),
    ("train_over_original", "training over the original's 55 steps/s", +1, 100.0),
    ("original_style_over_original", "the original's own setting over 55 steps/s", +1, 5.0),
    ("rescore_ms", "re-scoring 1,000 steps [ms]", -1, 5.0),
    ("first_update_s", "process start to first update [s]", -1, 10.0),
    ("peak_mb", "peak memory of training [MB]", -1, 1500.0),
    ("solve_s", "time to solve, median [s]", -1, 90.0),
    ("slider_to_picture_ms", "slider to picture, 1,000 steps [ms]", -1, 150.0),
    ("replay_first_picture_s", "a replay's first picture [s]", -1, 2.0),
    ("replay_pictures_per_s", "replay, 800 x 450 without a GPU [pictures/s]", +1, 15.0),
    ("key_to_motion_ms", "stage: a key until its motion is drawn [ms]", -1, 100.0),
    ("stage_pace", "stage: simulated over real time, by a policy", +1, 0.99),
    ("stage_cost", "what a stage that plays takes of training", -1, 0.10),
    ("click_ms", "a click answered beside a training [ms]", -1, 200.0),
    ("stop_s", "Stop until the training has stopped [s]", -1, 1.0),
    ("view_cost", "what the live view costs of training", -1, 0.05),
)


def speed_table(speed: Mapping[str, float]) -> str:
    """Steps per second by number of robots: all threads, then one.

    With the physics on one thread the learner still uses all cores, so that training over ceiling would flatter it.
    """
    lines = ["robots  threads   ceiling       env  training  env/ceil train/ceil"]
    for suffix, threads in (("", "all"), ("/1 thread", "1")):
        for name in speed:
            what, _, rest = name.partition("/")
            if what == "ceiling" and rest.endswith(" thread") == bool(suffix):
                robots = rest.removesuffix(suffix)
                physics, env, train = (speed[f"{key}/{rest}"] for key in ("ceiling", "env", "train"))
                ratio = "–" if suffix else f"{train / physics:.2f}"
                lines.append(
                    f"{robots:>6} {threads:>8} {physics:9,.0f} {env:9,.0f} {train:9,.0f} "
                    f"{env / physics:9.2f} {ratio:>10}"
                )
    others = [name for name in speed if name.partition("/")[0] not in ("ceiling", "env", "train")]
    return "\n".join(["control steps of all robots per second", *lines, *(f"{n:<34} {speed[n]:9,.0f}" for n in others)])


def target_table(result: Mapping[str, Any]) -> str:
    """Each target that was measured: figure, target, whether it is reached."""
    lines = []
    for key, words, sign, target in TARGETS:
        if key in result:
            reached = sign * result[key] >= sign * target
            bound = f"{'at least' if sign > 0 else 'at most'} {target:g}"
            lines.append(f"{words:<46} {result[key]:9.2f}   {bound:<15} {'reached' if reached else 'MISSED'}")
    return "\n".join(lines)


def report(result: Mapping[str, Any]) -> str:
    """Everything that was measured, as text."""
    parts = []
    if "steps_per_s" in result:
        parts.append(speed_table(result["steps_per_s"]))
        parts.append(f"compiling takes {result['compile_s']:.1f} s of the time to the first update")
    if "profile" in result:
        parts.append(profile_table(result["profile"]))
    if "scaling" in result:
        parts.append("\n".join(f"{name:<34} {value:9,.0f}" for name, value in result["scaling"].items()))
    if "solve" in result:
        parts.append(solve_table(result["solve"]))
    return "\n\n".join([*parts, target_table(result)]).strip()


def profile_table(profile: Mapping[str, float]) -> str:
    """Parts of a control step, as milliseconds per step of all robots and as shares."""
    total = sum(profile.values())
    lines = [f"{'part of training':<34} {'ms/step':>9} {'share':>7}"]
    lines += [f"{name:<34} {ms:9.3f} {ms / total:7.1%}" for name, ms in profile.items()]
    return "\n".join([*lines, f"{'all':<34} {total:9.3f} {1:7.1%}"])


def solve_table(runs: list[dict[str, Any]]) -> str:
    """Each seed's time and steps until solved, and what its final policy reaches."""
    lines = [f"{'seed':>4} {'solved after':>13} {'steps':>9} {'whole run':>10} {'success then':>13} {'at the end':>11}"]
    for run in runs:
        solved = f"{run['solve_s']:11.1f} s {run['solve_steps']:9,}" if run["solve_s"] else f"{'never':>13} {'':>9}"
        then = f"{run['success_then']:13.1%}" if run["solve_s"] else f"{'':>13}"
        lines.append(f"{run['seed']:>4} {solved} {run['whole_s']:8.1f} s {then} {run['success_end']:11.1%}")
    return "\n".join(lines)
