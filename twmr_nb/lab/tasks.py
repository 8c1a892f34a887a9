"""One training and how it is judged: a task that any process can do, in a run folder named after all it depends on.

What was done before is read, what was interrupted goes on from its checkpoint, and what another process trains is
waited for.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twmr_nb.config.schema import TrainConfig
from twmr_nb.episodes.evaluate import evaluate
from twmr_nb.episodes.worlds import world
from twmr_nb.files import read_json, write_json
from twmr_nb.policies.saved import PolicyError, SavedPolicy
from twmr_nb.runs.folder import RunFolder
from twmr_nb.runs.identity import describe_evaluation, describe_training, digest, short_name
from twmr_nb.runs.places import RUNS
from twmr_nb.runs.run import Run, RunError, new_run, open_run
from twmr_nb.task.rewards import RewardTerm
from twmr_nb.types import ConfigError, Record

ROOT = RUNS / "experiments"
TRAINING = 0.9  # of the time that a training and its evaluation take
PATIENCE = 0.5  # s between two looks at a run that another process trains
Result = dict[str, Any]
Tell = Callable[[str, float], None]  # what goes on, and the share of it that is done


class Stopped(RunError):
    """A training that was asked to stop, and did."""


@dataclass(frozen=True)
class Task:
    """One training, with the question that its policy is judged by."""

    config: TrainConfig
    terms: tuple[RewardTerm, ...]
    root: Path
    """The folder of all such runs."""
    identity: str
    """The digest of all that the training depends on, here."""
    episodes: int = 100
    step_height: float | None = None
    """Of the step that it is judged on, m; its own world's when None."""
    drive_on: bool = False
    """Whether the episodes that judge it go on beyond the step, so that what comes after passing is measured, too."""

    @property
    def path(self) -> Path:
        return self.root / self.identity[:16]

    @property
    def folder(self) -> RunFolder:
        return RunFolder(self.path)

    @property
    def stop_file(self) -> Path:
        """It is there while whoever trains this is asked to stop; beside the run's folder, which may not be there."""
        return self.path.with_suffix(".stop")

    def ask_to_stop(self) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        self.stop_file.touch()


def do(task: Task, tell: Tell = lambda words, share: None) -> Result:
    """Train to the end what is not trained, judge it, and return the evaluation.

    Raises Stopped, RunError where its folder holds something else, and whatever ends a training.
    """
    run = trained(task, tell)
    if run.state != "finished":
        raise Stopped(f"the training {run.name} was stopped: ask again to go on where it is.")
    saved = checked_policy(run)
    file, question = evaluation_of(task)
    if (result := kept_result(file, question)) is None:
        tell("evaluating", TRAINING)
        result = evaluate(saved, world_of(task), task.episodes)
        write_json(file, {"question": question, "result": result})
    return result


def trained(task: Task, tell: Tell) -> Run:
    """The run of a task, trained to its end or until it is asked to stop; what another process trains is waited for."""
    while True:
        while task.folder.exists and task.folder.is_locked() and not task.stop_file.exists():
            tell("another process trains it", 0.0)
            time.sleep(PATIENCE)
        run = run_in(task.root, task.config, task.terms, task.identity)
        if run.state == "finished" or task.stop_file.exists():
            return run
        tell("compiling", TRAINING * run.progress)

        def went_on(record: Record, run: Run = run) -> None:
            tell(f"{record['progress']:.0%}, {record['steps_per_s']:.0f} steps/s", TRAINING * record["progress"])
            if task.stop_file.exists():
                run.stop()

        try:
            run.train(went_on)
            return run
        except RunError:
            if not task.folder.is_locked():
                raise  # else another process was faster


def done_before(task: Task) -> Result | None:
    """The evaluation of what was trained and judged before; None where anything of it is missing or wrong."""
    try:
        if task.folder.state != "finished":
            return None
        checked_policy(run_in(task.root, task.config, task.terms, task.identity))
        return kept_result(*evaluation_of(task))
    except (RunError, ValueError, OSError):
        return None


def run_in(root: str | Path, config: TrainConfig, terms: tuple[RewardTerm, ...], identity: str = "") -> Run:
    """The run of exactly this experiment below root: the one that is there, or a new one.

    identity: what the experiment was where it was asked for; raises RunError if it is another one here.
    """
    experiment = describe_training(config, terms)
    here = digest(experiment)
    if identity and identity != here:
        own = " or " + ", ".join(repr(term.name) for term in terms) + " uses what did not come along" if terms else ""
        raise RunError(
            f"in this process the training {identity[:16]} would be another one: its versions or flags differ{own}; "
            "install the same there, or do it in one process."
        )
    path = Path(root) / short_name(experiment)
    if not (path / "config.json").exists():
        try:
            return new_run(config, run_dir=path, extra_terms=terms)
        except ConfigError:
            if not (path / "config.json").exists():
                raise  # else another process was faster
    if read_json(path / "config.json").get("identity") != here:
        raise RunError(
            f"{path} was begun as this experiment, but went on with other terms or another version: "
            "move or delete that folder, then ask again."
        )
    return open_run(path, terms)


def world_of(task: Task) -> Any:
    """Where it is judged. Whether, when and at what cost it passes is mostly all that is compared: unless asked for,
    what comes after is not played."""
    return world(task.config.env, step_height=task.step_height, end_on_success=not task.drive_on)


def evaluation_of(task: Task) -> tuple[Path, dict[str, Any]]:
    """Where the evaluation of a finished training is kept, and the question that it answers."""
    policy = task.folder.policy.read_bytes()
    question = describe_evaluation(policy, world_of(task), task.episodes)
    return task.path / f"evaluation_{short_name(question)}.json", question


def kept_result(file: Path, question: dict[str, Any]) -> Result | None:
    try:
        kept = read_json(file)
    except ValueError:  # damaged: judged anew
        return None
    return kept.get("result") if kept.get("question") == question else None


def checked_policy(run: Run) -> SavedPolicy:
    """The policy of a finished training; raises RunError where its folder holds another's, or half a log."""
    try:
        saved = run.policy
    except PolicyError as error:
        raise RunError(f"{run.path} has lost its policy ({error}): delete that folder, then ask again.") from None
    own = [term.get("behaviour") for term in run.folder.details["own_terms"]]
    if saved.config != run.config or [term.get("behaviour") for term in saved.own_terms] != own:
        raise RunError(f"{run.path} holds the policy of another training: delete that folder, then ask again.")
    if not run.records or run.records[-1]["progress"] < 1:
        raise RunError(f"{run.path} has lost its log (metrics.csv): delete that folder, then ask again.")
    return saved
