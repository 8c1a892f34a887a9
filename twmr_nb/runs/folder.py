"""The runs of a folder: make a new one, open one again, list them all. What a run is and does stands in `run`."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from twmr_nb.config.as_text import command_line
from twmr_nb.config.presets import preset_config
from twmr_nb.config.schema import ConfigError, TrainConfig
from twmr_nb.files import read_json, remembered, write_json
from twmr_nb.runs.files import fresh_folder, run_folders
from twmr_nb.runs.identity import describe_term, describe_training, digest
from twmr_nb.runs.places import runs_folder
from twmr_nb.runs.run import LIVE, Run, RunError, training_run
from twmr_nb.task.rewards import RewardTerm, refuse_duplicates

__all__ = ["LIVE", "RUNS", "Run", "RunError", "list_runs", "new_run", "open_run", "training_run"]

RUNS = runs_folder()


def new_run(
    config: TrainConfig | str = "recommended",
    name: str = "run",
    root: str | Path = RUNS,
    run_dir: str | Path | None = None,
    extra_terms: Iterable[RewardTerm] = (),
    **settings: Any,
) -> Run:
    """Make a run's folder. config: a TrainConfig or a preset's name; settings: settings to change on top.

    run_dir names the folder itself, otherwise it is root/<name>_<timestamp>.
    """
    config = preset_config(config, **settings) if isinstance(config, str) else config.replace(**settings)
    extra_terms = refuse_duplicates(extra_terms)
    identity, terms = digest(describe_training(config, extra_terms)), [describe_term(t) for t in extra_terms]
    path = Path(run_dir) if run_dir is not None else fresh_folder(Path(root), name)
    if path.resolve() == Path.cwd():
        raise ConfigError("run_dir is the folder we are in: name one for the run.")
    if (path / "config.json").exists():
        raise ConfigError(f"{path} already holds a run: choose another folder, or open it with open_run to go on.")
    path.mkdir(parents=True, exist_ok=True)
    details = {"config": config.to_dict(), "own_terms": terms, "command": command_line(config)}
    write_json(path / "config.json", details | {"identity": identity})
    return Run(path.resolve(), config, extra_terms)


def open_run(path: str | Path, extra_terms: Iterable[RewardTerm] = ()) -> Run:
    """The run in a folder: the live object if this process has trained it, else one that can show and resume it.

    extra_terms: your own reward terms; it takes those that it was started with. One that trains now keeps its own.
    """
    path, extra_terms = Path(path).resolve(), refuse_duplicates(extra_terms)
    if run := LIVE.get(path):
        if not run.training:
            run.take_terms(extra_terms)
        return run
    if not (path / "config.json").exists():
        raise ConfigError(f"{path} holds no run: give a folder that `twmr train` or new_run made.")
    return Run(path, remembered(config_in, path / "config.json"), extra_terms)


def config_in(path: Path) -> TrainConfig:
    """The settings in a run's config.json."""
    return TrainConfig.from_dict(read_json(path)["config"])


def list_runs(root: str | Path = RUNS) -> list[Run]:
    """All runs below a folder, the newest first; without those that cannot be read."""
    runs = []
    for folder in run_folders(root):
        with suppress(ValueError, KeyError, TypeError, OSError):
            runs.append(open_run(folder))
    return runs
