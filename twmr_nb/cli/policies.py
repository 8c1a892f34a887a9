"""The command line's share in saved policies: `twmr evaluate`, `twmr export`, `twmr policies`."""

import json
import math
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import tyro

from twmr_nb.cli.flags import expanded, flag, refuse_beside, refuse_scene
from twmr_nb.cli.streams import complain
from twmr_nb.config.as_text import settings_in
from twmr_nb.config.schema import ConfigError, EnvConfig, TrainConfig
from twmr_nb.files import ready_file
from twmr_nb.markup import shown
from twmr_nb.types import Mistake

if TYPE_CHECKING:
    from twmr_nb.policies.saved import SavedPolicy

HEIGHTS = "0:0.08:0.01"
FEW = 12  # failed episodes that are told
HIGHEST, MOST_HEIGHTS = 0.2, 100  # m; of a sweep


@dataclass(frozen=True)
class Evaluate:
    """Play many unseen episodes: success, upright, clean, legs, ride, energy, reward terms; by height with --sweep."""

    policies: Annotated[tuple[str, ...], tyro.conf.Positional, tyro.conf.arg(metavar="POLICY ...")] = ()
    """One or more policies: .safetensors files, run folders, names of shipped ones, zero (no action) or random."""
    policy: Annotated[str | None, tyro.conf.arg(aliases=["--load-path"])] = None
    """The same, for one."""
    scene: str | None = None
    """Another scene than the one it was trained in."""
    step_height: float | None = None
    """Height of the step in scene 'step', in m."""
    set: tuple[str, ...] = ()
    """Other conditions than those of its training, as name=value: any environment setting, e.g. friction_range=0.2."""
    episodes: int = 1000
    """How many; with --sweep, at each height."""
    seed: int = 1
    """Which ones; never the same as in training."""
    deterministic: bool = True
    """Play the mean action, or sample as in training."""
    both: bool = False
    """Play with the mean action, then a quarter of the episodes sampled, and report the gap."""
    sweep: bool = False
    """Meet steps of several heights, 0 to 8 cm, one evaluation each; with --set end_on_success=false also clean."""
    heights: str | None = None
    """The heights of the sweep in m as LOW:HIGH:STEP, instead of 0:0.08:0.01."""
    plot: Path | None = None
    """Picture file to write: success against step height, of a sweep or of a policy trained on drawn heights."""
    json: bool = False
    """Print JSON instead of a table: an object, or a list of them for several policies."""


@dataclass(frozen=True)
class Export:
    """Write a run's policy to one file with its settings, curve and evaluation inside, or its log for TensorBoard."""

    policy: tyro.conf.Positional[str]
    """The run's folder, or an exported policy to be evaluated again."""
    name: str | None = None
    """The policy's new name, and its file's."""
    tensorboard: Path | None = None
    """Instead of the policy, write the run's log for TensorBoard into this folder: no other flag goes with it."""
    to: Path = Path(".")
    """Folder or .safetensors file to write."""
    note: str = ""
    """What it is, in one line."""
    episodes: int = 1000
    """Unseen episodes to evaluate it on, with the mean action; a quarter of them again sampled."""


@dataclass(frozen=True)
class Policies:
    """List the policies that come with the package, or those in a folder."""

    folder: tyro.conf.Positional[Path | None] = None
    """Where to look, instead of in the package."""


@dataclass(frozen=True)
class ImportLegacy:
    """Turn a .pkl of the original's trainer into a policy of this project; nothing in it is executed."""

    file: tyro.conf.Positional[Path]
    """The .pkl file."""
    name: str = ""
    """The policy's name, and its file's; the .pkl's when not given."""
    to: Path = Path(".")
    """Folder or .safetensors file to write."""
    set: tuple[str, ...] = ()
    """Settings of its training, which the file lacks, as name=value; the original's defaults where none is given."""


def evaluate(options: Evaluate) -> int:
    from twmr_nb.episodes.worlds import own_world
    from twmr_nb.policies.saved import BY_NAME, load_policy
    from twmr_nb.progress import Progress

    names, heights = names_of(options), heights_asked(options)
    policies = {label(name): name if name in BY_NAME else load_policy(name) for name in names}
    worlds = {name: world_of(own_world(policy), options) for name, policy in policies.items()}
    if options.plot and not heights and all(w.step_height_max is None for w in worlds.values()):
        raise ConfigError("--plot draws success against step height: add --sweep.")
    picture = ready_file(options.plot, ".png") if options.plot else None
    with Progress("evaluating", len(policies) * (1 + options.both)) as bar:
        judged = {name: judge(policy, worlds[name], options, heights, bar) for name, policy in policies.items()}
    if options.json:
        print(json.dumps(list(judged.values()) if len(judged) > 1 else next(iter(judged.values()))))
    else:
        print(text(judged, options))
    sys.stdout.flush()
    if picture:
        plot(picture, judged)
    return 0


def names_of(options: Evaluate) -> list[str]:
    return [*options.policies, *([options.policy] if options.policy is not None else [])]


def heights_asked(options: Evaluate) -> list[float]:
    """Those of the sweep; none without one."""
    words = HEIGHTS if options.heights is None and options.sweep else options.heights
    return [] if words is None else parse_heights(words)


def refuse_evaluate(options: Evaluate, given: Sequence[str]) -> None:
    """Raise on what cannot be done, or would have no effect, before anything is played."""
    from twmr_nb.episodes.evaluate import check_trial
    from twmr_nb.policies.saved import PolicyError

    names, sweeping = names_of(options), bool(heights_asked(options))
    check_trial(options.episodes, options.seed)
    if not names:
        raise PolicyError(
            "no policy given: name a .safetensors file, a run folder, or a shipped one (`twmr policies`)."
        )
    if len(set(map(label, names))) < len(names):
        raise PolicyError("two policies have the same name: give their run folders, or rename a file.")
    if options.both and sweeping:
        raise ConfigError("--both and --sweep exclude each other: sweep with --no-deterministic to see sampled play.")
    if options.both and not options.deterministic:
        raise ConfigError("--both and --no-deterministic exclude each other: --both plays with noise, too.")
    changes = settings_in(options.set)
    refuse_twice(given, changes)
    if sweeping:
        own = ("scene", "step_height", "step_height_max")
        for name in own:
            if name in changes or name in given:
                said = f"--set {name}=..." if name in changes else flag(name)
                raise ConfigError(f"{said} has no effect in a sweep, which sets it itself: leave it out.")


def refuse_twice(given: Sequence[str], changes: dict[str, Any]) -> None:
    """Raise where a flag and --set say the same thing."""
    for name in ("scene", "step_height"):
        if name in given and name in changes:
            raise ConfigError(f"{flag(name)} and --set {name}=... exclude each other: give one of the two.")


def world_of(own: EnvConfig, options: Any) -> EnvConfig:
    """Where it is judged: its own world, with the scene, step_height and set of the options."""
    from twmr_nb.config.idle import refuse_idle
    from twmr_nb.episodes.worlds import world

    changes = settings_in(options.set)
    place = {name: changes.get(name, getattr(options, name)) for name in ("scene", "step_height")}
    refuse_scene(**place)
    trial = world(own, **place | changes)
    refuse_idle(TrainConfig(trial), changes)
    return trial


def judge(
    policy: "SavedPolicy | str", world: EnvConfig, options: Evaluate, heights: Sequence[float], bar: Any
) -> dict[str, Any]:
    """One policy's evaluation; with a sweep under `sweep`, with sampled play under `sampled`."""
    from twmr_nb.episodes.evaluate import evaluate, sampled_episodes, sweep_heights

    deterministic = options.both or options.deterministic
    if heights:
        stop = settings_in(options.set).get("end_on_success", True)
        results = sweep_heights(
            policy, world, heights, options.episodes, options.seed, deterministic, end_on_success=stop
        )
        bar.step()
        common = ("policy", "episodes", "seed", "deterministic")
        return {k: results[0][k] for k in common} | {"sweep": results}
    result = evaluate(policy, world, options.episodes, options.seed, deterministic)
    bar.step()
    if options.both:
        result["sampled"] = evaluate(policy, world, sampled_episodes(options.episodes), options.seed, False)
        result["gap"] = result["success_rate"] - result["sampled"]["success_rate"]
        bar.step()
    return result


def text(judged: dict[str, dict[str, Any]], options: Evaluate) -> str:
    """Tables of all results."""
    from twmr_nb.draw.words import heights_table, results_table

    columns, tables = {}, []
    for name, result in judged.items():
        if "sweep" not in result:
            columns[name] = result
        if "sampled" in result:
            columns[f"{name}, sampled"] = result["sampled"]
    if columns:
        tables.append(str(results_table(columns, columns.values())))
    if by_height := heights_of(judged):
        tables.append(str(heights_table(by_height)))
    gaps = [
        f"{name}: mean action minus sampled: {100 * r['gap']:+.1f} points" for name, r in judged.items() if "gap" in r
    ]
    return "\n\n".join([*tables, *gaps, *filter(None, (failed(name, r, options) for name, r in judged.items()))])


def failed(name: str, result: dict[str, Any], options: Evaluate) -> str:
    """Which episodes did not pass, the first of them, and how to watch one; "" where none failed, or in a sweep."""
    if not (numbers := result.get("failed")):
        return ""
    more = " ..." if len(numbers) > FEW else ""
    said = " ".join(map(str, numbers[:FEW])) + more
    play = shlex.join(["twmr", "play", "POLICY", "--episode", str(numbers[0]), *as_judged(options)])
    return f"{name}: not passed in episodes {said}; to watch one: {play}"


def as_judged(options: Evaluate) -> list[str]:
    """The flags with which `twmr play` meets what an evaluation has met."""
    seed = options.seed if options.seed != Evaluate.seed else None  # which is that of play, too
    values = {"scene": options.scene, "step_height": options.step_height, "seed": seed}
    words = [word for name, value in values.items() if value is not None for word in (flag(name), str(value))]
    words += [] if options.deterministic else ["--no-deterministic"]
    return words + (["--set", *options.set] if options.set else [])


def plot(path: Path, judged: dict[str, dict[str, Any]]) -> None:
    """Success against step height, as a PNG file."""
    from twmr_nb.draw.evaluations import success_over_height

    path.write_bytes(success_over_height(heights_of(judged)).png(2))
    complain(f"picture: {path}")


def heights_of(judged: dict[str, dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Results by step height: a sweep's, or the bins of drawn heights."""
    found = {name: result.get("sweep") or result.get("by_height") for name, result in judged.items()}
    return {name: results for name, results in found.items() if results}


def label(name: str) -> str:
    """A short name for a column: a file's or a folder's."""
    path = Path(os.path.abspath(os.path.expanduser(name)))
    return path.parent.name if path.name == "policy.safetensors" else path.name.removesuffix(".safetensors")


def parse_heights(words: str) -> list[float]:
    """LOW:HIGH:STEP in m, from LOW on, none above HIGH."""
    try:
        low, high, step = map(float, words.split(":"))
        if not (0 <= low <= high <= HIGHEST and (high - low) / MOST_HEIGHTS < step < math.inf):
            raise ValueError
    except ValueError:
        raise ConfigError(
            f"heights = {shown(words)} is not allowed: give LOW:HIGH:STEP in m, for instance {HEIGHTS}; "
            f"up to {HIGHEST}, and no more than {MOST_HEIGHTS} heights."
        ) from None
    return [round(float(h), 6) for h in np.arange(low, high + 1e-9, step)]


def refuse_export(options: Export, given: Sequence[str]) -> None:
    """Raise on what would have no effect, and where nothing says what to write."""
    if options.tensorboard:
        refuse_beside("--tensorboard", given, ("tensorboard",), "the log is all that it writes")
    elif options.name is None:
        raise ConfigError("--name is missing: give the policy's new name, or --tensorboard FOLDER for the log.")


def export(options: Export) -> int:
    if options.tensorboard:
        from twmr_nb.runs.run import open_run

        print(f"events: {open_run(expanded(options.policy)).tensorboard(options.tensorboard)}")
        return 0
    assert options.name is not None, "refused before"
    from twmr_nb.draw.words import policies_table
    from twmr_nb.episodes.evaluate import check_trial
    from twmr_nb.runs.export import judged, target_file

    check_trial(options.episodes, 1)
    path = target_file(options.name, expanded(options.to))
    policy = judged(options.policy, options.name, options.note, options.episodes)
    try:
        policy.save(path)
    finally:
        print(policies_table({options.name: (policy, path.stat().st_size if path.exists() else 0)}))
    print(f"policy: {path}")
    return 0


def import_legacy(options: ImportLegacy) -> int:
    from twmr_nb.policies.legacy import import_legacy
    from twmr_nb.policies.saved import stem_of
    from twmr_nb.runs.export import policy_name, target_file

    file = expanded(options.file)
    name = policy_name(options.name or stem_of(file.stem))
    policy = import_legacy(file, name, **settings_in(options.set))
    path = policy.save(target_file(name, expanded(options.to)))
    env = policy.config.env
    print(f"policy: {path} (sees {env.obs_mode}, scene {env.scene}; what its file does not say: --set name=value)")
    return 0


def policies(options: Policies) -> int:
    if options.folder is not None and not os.path.isdir(expanded(options.folder)):
        raise ConfigError(f"no folder at {shown(str(options.folder))}: give one that holds .safetensors files.")
    from twmr_nb.draw.words import policies_table
    from twmr_nb.policies.saved import SHIPPED, load_policy

    folder = SHIPPED if options.folder is None else expanded(options.folder)
    found = {}
    for path in sorted(folder.glob("*.safetensors")):
        if path.name == "checkpoint.safetensors":  # a run's, beside its policy
            continue
        try:
            found[path.stem] = (load_policy(path), path.stat().st_size)
        except (Mistake, OSError, ValueError, KeyError, TypeError) as error:
            complain(f"{path.name} is left out: {error}")
    print(policies_table(found))
    return 0
