"""Training runs: make one, train it, find it again. A run outlives the cell that started it.

What it has on disk stands in `folder`, how it trains in `training`.
"""

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from twmr_nb.columns import frame, write_csv
from twmr_nb.config import presets
from twmr_nb.config.as_text import command_line
from twmr_nb.config.idle import refuse_passed
from twmr_nb.config.schema import ConfigError, TrainConfig
from twmr_nb.files import as_path, read_json, remembered
from twmr_nb.markup import one_line, shown
from twmr_nb.policies.saved import SavedPolicy
from twmr_nb.runs.folder import RUN_STAMP, RunError, RunFolder, fresh_folder, run_folders
from twmr_nb.runs.identity import describe_term, describe_training, digest
from twmr_nb.runs.notes import keep_note, keep_tags, notes_of
from twmr_nb.runs.places import RUNS
from twmr_nb.runs.provenance import Places, places_in, provenance
from twmr_nb.runs.start import begun_from, fitting
from twmr_nb.runs.symptoms import Symptoms, symptoms_of
from twmr_nb.runs.tensorboard import write_events
from twmr_nb.runs.training import Training
from twmr_nb.task.rewards import RewardTerm, checked_terms
from twmr_nb.types import Array, Record

LIVE: dict[Path, "Run"] = {}  # runs of this process, so that a new cell finds the one already under way


def train(
    config: TrainConfig | str = "recommended",
    name: str = "run",
    *,
    root: str | Path | None = None,
    run_dir: str | Path | None = None,
    extra_terms: Iterable[RewardTerm] = (),
    start_from: SavedPolicy | str | Path | None = None,
    **settings: Any,
) -> "Run":
    """Make a run and train it in the background; returns at once with the run, which shows how it is getting on.

    config: a preset's name or a TrainConfig; settings: what differs from it. extra_terms: reward terms of your own.
    start_from: a policy, its name, file or run folder, whose network is trained on. The run lies in
    root/<name>_<timestamp>, root being the one folder of runs if none is given, or in run_dir. Raises ConfigError for
    settings that are not allowed or do not fit that network, and RunError while another run trains.

    >>> from tempfile import mkdtemp
    >>> run = tw.train(root=mkdtemp(), num_envs=2, rollout_steps=8, minibatches=1, total_timesteps=32)
    >>> run.join()
    'finished'
    >>> run.records[-1]["global_step"]
    32.0
    """
    refuse_second()
    return new_run(config, name, root, run_dir, extra_terms, start_from, **settings).start()


def new_run(
    config: TrainConfig | str = "recommended",
    name: str = "run",
    root: str | Path | None = None,
    run_dir: str | Path | None = None,
    extra_terms: Iterable[RewardTerm] = (),
    start_from: SavedPolicy | str | Path | None = None,
    **settings: Any,
) -> "Run":
    """Make a run's folder, and train nothing yet: `run.start()` does. The arguments are those of `train`.

    >>> from tempfile import mkdtemp
    >>> run = new_run("walkthrough", root=mkdtemp(), seed=5)
    >>> run.state, run.config.seed
    ('new', 5)
    """
    from twmr_nb.learn.trainer import refuse_switches

    config = config.replace(**settings) if isinstance(config, TrainConfig) else presets.preset(config, **settings)
    refuse_passed(config.env, settings)
    refuse_switches()
    extra_terms = checked_terms(extra_terms)
    start = None if start_from is None else fitting(start_from, config)
    experiment, terms = describe_training(config, extra_terms), [describe_term(t) for t in extra_terms]
    path = Path(run_dir) if run_dir is not None else fresh_folder(Path(root or RUNS), name)
    if path.resolve() == Path.cwd():
        raise ConfigError("run_dir is the folder we are in: name one for the run.")
    folder = RunFolder(path.resolve())
    if folder.exists:
        raise ConfigError(f"{path} already holds a run: choose another folder, or open it with open_run to go on.")
    path.mkdir(parents=True, exist_ok=True)
    details: dict[str, Any] = {"config": config.to_dict(), "own_terms": terms, "command": command_line(config)}
    if start:
        file = start.save(folder.start)
        details["start"] = {"name": start.name, "sha256": hashlib.sha256(file.read_bytes()).hexdigest()}
        details["command"] += f"  # begun from the network of {one_line(start.name)!r}"
    identity = digest(experiment | begun_from(details))
    folder.keep_details(details | {"identity": identity, "provenance": [(0, provenance())]})
    return Run(folder.path, config, extra_terms)


def open_run(path: str | Path, extra_terms: Iterable[RewardTerm] = ()) -> "Run":
    """The newest run of a name among your runs, or the one in a folder; one that this process trains is that one, live.

    extra_terms: your own reward terms, to go on with a run that was started with them. One that trains now keeps its
    own. Raises ConfigError where there is no run.

    >>> from tempfile import mkdtemp
    >>> run = tw.train(root=mkdtemp(), num_envs=2, minibatches=1, rollout_steps=8, total_timesteps=32)
    >>> tw.open_run(run.path) is run, run.join()
    (True, 'finished')
    """
    if not isinstance(path, str | Path):
        raise ConfigError(f"{shown(path)} is no run's name or folder: give one, such as run.name or run.path.")
    extra_terms = checked_terms(extra_terms)
    for place in places_of(path):
        if run := LIVE.get(place):
            if not run.training:
                run._training.take_terms(extra_terms)
                run.refresh()
            return run
        if RunFolder(place).exists:
            return Run(place, remembered(config_in, place / "config.json"), extra_terms)
    raise ConfigError(f"{path} holds no run: give the name of one in {RUNS}, or the folder of another.")


def places_of(path: str | Path) -> Iterator[Path]:
    """Where a run of this name or path may lie: the folder itself, one among your runs, the newest called NAME_TIME."""
    yield from (Path(path).resolve(), (RUNS / path).resolve())
    yield from (folder for folder in run_folders(RUNS) if RUN_STAMP.sub("", folder.name) == str(path))


def config_in(path: Path) -> TrainConfig:
    """The settings in a run's config.json; raises ConfigError where it is damaged or holds something else."""
    try:
        return TrainConfig.from_dict(read_json(path)["config"])
    except KeyError as error:
        raise ConfigError(f"{path} is damaged: it holds no {error}.") from error
    except TypeError as error:  # a name that is none of a TrainConfig
        raise ConfigError(f"{path} is damaged: {one_line(error)}.") from error


def training_run() -> "Run | None":
    """The run that this process trains now."""
    return next((run for run in list(LIVE.values()) if run.training), None)


STARTING = threading.Lock()  # or two threads could each find that none trains


def refuse_second() -> None:
    """Raise RunError while a run trains."""
    if busy := training_run():
        raise RunError(f"{busy.name} is training: stop it or let it finish before starting another.")


class Run:
    """One training run. `start()` trains on a thread of its own; `train()` in the caller's.

    It outlives the cell that started it, and stops within a second, saving a checkpoint; as the last line of a cell it
    is its own live view.

    >>> from tempfile import mkdtemp
    >>> run = tw.train(root=mkdtemp(), num_envs=2, minibatches=1, rollout_steps=8, total_timesteps=32)
    >>> run.join(), len(run.records), run.policy.config.seed
    ('finished', 2, 0)
    """

    def __init__(self, path: Path, config: TrainConfig, extra_terms: Iterable[RewardTerm] = ()) -> None:
        self.path, self.name, self.config = path, path.name, config
        self.folder = RunFolder(path)
        self.records = self.folder.metrics
        self.policy_path = self.folder.policy
        self.on_start: Callable[[], None] = lambda: None  # told when training begins or goes on: a live view listens
        self._training = Training(self.folder, config, extra_terms)

    def __repr__(self) -> str:
        total = self.config.ppo.total_timesteps
        said = f"Run {one_line(self.name)!r}: {self.state}, {self.progress:.0%} of {total:,} steps, in {self.path}"
        return f"{said}; {one_line(self.fell_back)}" if self.fell_back else said

    # What it is doing

    @property
    def state(self) -> str:
        """new, waiting (for its turn), running, paused, stopped, finished, failed, interrupted (its process ended), or
        gone (its folder is)."""
        if self.waiting and self.folder.exists:
            return "waiting"
        here = self._training.state
        return here if here and (self.training or not self.folder.is_locked()) else self.folder.state

    @property
    def training(self) -> bool:
        """Whether this process trains it now, or holds it paused."""
        return not self._training.over.is_set()

    @property
    def waiting(self) -> bool:
        """Whether it stands in the queue of this process, which lets it wait and go."""
        return not self._training.admitted.is_set()

    @waiting.setter
    def waiting(self, waits: bool) -> None:
        if waits:
            LIVE[self.path] = self
            self._training.admitted.clear()
        else:
            self._training.admitted.set()

    @property
    def stopping(self) -> bool:
        """Whether it has been asked to stop and has not yet."""
        return self.training and self._training.stopping.is_set()

    @property
    def phase(self) -> str:
        """What the trainer does this moment: compiling, collecting, learning; new where there is none."""
        trainer = self._training.trainer
        return trainer.phase if trainer else "new"

    @property
    def started_at(self) -> float:
        """When this process began to train it, by time.monotonic()."""
        return self._training.begun_at

    @property
    def progress(self) -> float:
        """From 0 to 1."""
        return self.records[-1]["progress"] if self.records else 0.0

    @property
    def error(self) -> str:
        """The traceback of what ended it, if it failed."""
        return self._training.error or str(self.folder.status.get("error", ""))

    @property
    def failure(self) -> str:
        """Why it failed, in a sentence."""
        last = (self.error.strip().splitlines() or [""])[-1]
        return self._training.failure or str(self.folder.status.get("failure", last))

    @property
    def fell_back(self) -> str:
        """From which checkpoint it went on, in a sentence, where the newest was damaged or missing; else ''."""
        return self._training.fell_back or str(self.folder.status.get("fell_back", ""))

    @property
    def policy(self) -> SavedPolicy:
        """The newest saved policy of this run; PolicyError where there is none yet."""
        return self.folder.saved_policy

    @property
    def symptoms(self) -> Symptoms:
        """What its log says about its health so far: each with evidence, when it began, what to try; prints as text."""
        return symptoms_of(self.records[:], self.config)

    @property
    def extra_terms(self) -> tuple[RewardTerm, ...]:
        """The own reward terms that it trains with."""
        return self._training.extra_terms

    # For the lab book

    @property
    def note(self) -> str:
        """What you say of it, kept in its folder: `run.note = "hangs at the edge"`; ConfigError on what is no text."""
        return notes_of(self.folder).note

    @note.setter
    def note(self, note: str) -> None:
        keep_note(self.folder, note)

    @property
    def tags(self) -> tuple[str, ...]:
        """Words to find it by: `run.tags = "good 4cm"`, or a list of them."""
        return notes_of(self.folder).tags

    @tags.setter
    def tags(self, tags: str | Iterable[str]) -> None:
        keep_tags(self.folder, tags)

    @property
    def provenance(self) -> Places:
        """Where it was trained: (update, names to values) for where it began, and for each place where it went on."""
        return places_in(read_json(self.path / "config.json"))

    def frame(self) -> Any:
        """Its log, a row per update: a pandas.DataFrame where pandas is installed, else a dict of arrays [updates].

        docs/runs.md tells the columns and their units.
        """
        return frame(self._columns())

    def to_csv(self, path: str | Path) -> Path:
        """The same as a .csv file with a header, whole or not at all; returns its path.

        Raises RunError before the first update, ConfigError where it cannot be written, as in place of its own log.
        """
        columns = self._logged()
        if as_path(path).resolve() == self.records.path.resolve():
            raise ConfigError(f"{str(path)!r} is the run's own log, which it needs to go on: choose another file.")
        return write_csv(path, columns)

    def tensorboard(self, folder: str | Path) -> Path:
        """Its log for TensorBoard, as FOLDER/<its name>/events.out.tfevents.*; returns that file's path.

        Again, it takes the place of what was written before. Raises ConfigError without tensorboardX, RunError before
        the first update.
        """
        return write_events(self._logged(), Path(folder) / self.name, self.records.path.stat().st_mtime)

    def _logged(self) -> dict[str, Array]:
        if not (columns := self._columns()):
            raise RunError(f"{self.name} has no log yet: let it train for one update first.")
        return columns

    def _columns(self) -> dict[str, Array]:
        self.refresh()
        records = self.records[:]
        return {name: records.column(name) for name in records.names}

    def refresh(self) -> None:
        """Read what another process has added since; a run that this one trains knows already."""
        if not self.training:
            self.records.refresh()

    # What it can be told

    def start(self) -> "Run":
        """Train on a background thread and return at once; goes on from the checkpoint if there is one."""
        if self.training:
            raise RunError(f"{self.name} is training already.")
        with STARTING:
            refuse_second()
            self._claim()
        self._training.begin_thread()
        self.on_start()
        return self

    def train(self, on_record: Callable[[Record], None] = lambda record: None) -> None:
        """Train to the end or until stopped, saving on the way; on_record sees every update."""
        self._claim()
        self._training.train(on_record)

    def _claim(self) -> None:
        self._training.claim()
        LIVE[self.path] = self
        self.waiting = False

    def stop(self) -> None:
        """Stop within a control step, saving a checkpoint; one that waits for its turn waits no more."""
        self.waiting = False
        self._training.stopping.set()
        self._training.going.set()

    def pause(self) -> None:
        """Hold still in mid-step, losing nothing."""
        self._training.going.clear()

    def unpause(self) -> None:
        """Go on after a pause."""
        self._training.going.set()

    def save_now(self) -> None:
        """Write checkpoint and policy: at once while it is paused, otherwise at the next update."""
        if self.state == "paused":
            self._training.save()
        else:
            self._training.saving.set()

    def join(self, timeout: float | None = None) -> str:
        """Wait for the training to end (or for `timeout` seconds), for its turn first if it has to; returns the state.
        Interrupted, it trains on."""
        self._training.wait(timeout)
        if self._training.failure:
            raise RunError(f"{self.name} failed: {self._training.failure}")
        return self.state
