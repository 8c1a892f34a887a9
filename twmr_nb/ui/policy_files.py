"""The policies on disk: those that come with the package, those of your runs, and those you imported."""

import functools
import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from twmr_nb.config.as_text import as_changes
from twmr_nb.files import NAME, once_closed
from twmr_nb.markup import one_line
from twmr_nb.policies.legacy import legacy_policy
from twmr_nb.policies.saved import SHIPPED, PolicyError, SavedPolicy, load_policy, stem_of
from twmr_nb.runs.folder import RUN_STAMP
from twmr_nb.runs.places import RUNS, missing
from twmr_nb.runs.run import open_run

IMPORTED = "imported"  # folder below the runs' for files that came from elsewhere
CHECKPOINT = "checkpoint.safetensors"
RESERVED = ("checkpoint", "policy", "best", "start")  # names that a run's own files have
STAMP = re.compile(r"_(\d{8}_\d{6})$")  # at the end of a trained policy's name
GENERATED = "ppo_lstm_policy_"  # how a policy's name begins until somebody gives it another


LONGEST = 80  # letters of a name that are shown


@dataclass(frozen=True)
class PolicyFile:
    """A policy's file and its label."""

    path: Path
    saved: SavedPolicy
    modified: float
    """Seconds since 1970."""
    size: int
    """Bytes."""
    digest: str
    """SHA-256 of the file's bytes: the same policy only where this is the same."""

    @property
    def shipped(self) -> bool:
        return self.path.parent == SHIPPED

    @property
    def name(self) -> str:
        return one_line(self.path.stem if self.shipped else self.saved.name, LONGEST)

    @property
    def title(self) -> str:
        """What people called it: a run's policy bears the name typed for the run until it is given one of its own."""
        return RUN_STAMP.sub("", self.run) if self.run and self.name.startswith(GENERATED) else self.name

    @property
    def run(self) -> str:
        """The name of the run it belongs to, or ''."""
        return one_line(self.path.parent.name) if (self.path.parent / "config.json").exists() else ""

    @property
    def origin(self) -> str:
        return "shipped" if self.shipped else f"run {self.run}" if self.run else "imported"

    @property
    def success(self) -> float | None:
        """Success rate, 0 to 1: measured by an evaluation if there was one, otherwise by training."""
        results = self.saved.results
        return results.get("evaluation", {}).get("success_rate", results.get("success_rate"))

    @property
    def upright(self) -> float | None:
        """Share that passed upright, 0 to 1, if an evaluation measured it."""
        return self.saved.results.get("evaluation", {}).get("upright_pass")

    @property
    def clean(self) -> float | None:
        """Share that passed upright and with folded legs before and after, likewise."""
        return self.saved.results.get("evaluation", {}).get("clean_pass")

    @property
    def measured(self) -> str:
        """By what `success` was measured, in words."""
        how = self.saved.results.get("evaluation", {})
        if self.success is None or "success_rate" not in how:
            return "" if self.success is None else "success as in training"
        noise = "mean action" if how.get("deterministic", True) else "with noise"
        return f"success of {how.get('episodes', 'some')} unseen episodes, seed {how.get('seed', 'unknown')}, {noise}"

    @property
    def steps(self) -> float | None:
        """Control steps of training."""
        return self.saved.results.get("global_step")

    @property
    def date(self) -> datetime:
        """When it was trained, if its name says so; else when its file was written."""
        stamp = STAMP.search(self.saved.name)
        with suppress(ValueError):  # digits that are no date
            if stamp:
                return datetime.strptime(stamp[1], "%Y%m%d_%H%M%S")
        with suppress(ValueError, OverflowError, OSError):
            if not self.shipped:  # there its file's time says when the package was unpacked
                return datetime.fromtimestamp(self.modified)
        return datetime.min

    @property
    def own_copy(self) -> Path | None:
        """The file beside a run's policy that bears the policy's own name, if there is one."""
        if not self.run or not is_name(self.saved.name):
            return None
        copy = self.path.with_name(f"{self.saved.name}.safetensors")
        return copy if copy.is_file() else None

    @property
    def settings(self) -> str:
        """The preset that it was trained with, and what differs from it."""
        preset, changes = as_changes(self.saved.config)
        return ", ".join([preset, *(f"{name} {value}" for name, value in changes.items())])


def list_policies(root: str | Path = RUNS) -> tuple[list[PolicyFile], list[str]]:
    """All policies, shipped ones first, then the newest; and one line for each file that cannot be read."""
    found, problems = [], missing(root)
    for path in policy_paths(Path(root)):
        try:
            found.append(policy_file(path))
        except Exception as error:  # whatever a file of a stranger's brings about, the others are listed
            problems.append(f"{one_line(path.name, LONGEST)} is left out: {one_line(error)}")
    return sorted(found, key=lambda p: (not p.shipped, -p.modified, p.name)), problems


def policy_paths(root: Path) -> Iterator[Path]:
    """Shipped files; one per run folder, its newest; every file in other folders below root."""
    yield from sorted(SHIPPED.glob("*.safetensors"))
    for folder in [root, *sorted(p for p in root.glob("*") if p.is_dir())]:
        is_run = (folder / "config.json").exists()
        pattern = "policy.safetensors" if is_run else "*.safetensors"
        yield from (p for p in sorted(folder.glob(pattern)) if p.name != CHECKPOINT and not p.name.startswith("."))


def policy_file(path: Path) -> PolicyFile:
    """A policy as its file is at this moment."""
    if not path.is_file():
        raise PolicyError(f"{one_line(path.name)} is not there any more: refresh the list, and choose another.")
    stat, digest = path.stat(), digest_of(path)
    return PolicyFile(path, read(path, digest), stat.st_mtime, stat.st_size, digest)


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@functools.lru_cache(maxsize=128)
def read(path: Path, digest: str) -> SavedPolicy:
    """A policy, read once per content: a file's time says too little, it may be written twice within one tick."""
    saved = load_policy(path)
    if digest_of(path) != digest:
        raise PolicyError("it is being written at this moment: look again")
    return saved


def rename(file: PolicyFile, name: str) -> Path:
    """Give a policy another name; returns its path. Raises PolicyError where that cannot be."""
    refuse_shipped(file, "renamed")
    refuse_running(file)
    if not is_name(name):
        said = one_line(repr(name), LONGEST)
        raise PolicyError(f"{said} cannot be a policy's name: use up to 60 letters, digits, '_', '-' and '.'.")
    saved = replace(load_policy(file.path), name=name)  # as it is now: the run may have trained on since it was listed
    if not file.run:
        target = file.path.with_name(f"{name}.safetensors")
        if target.exists():
            raise PolicyError(f"there is a policy {name!r} already: choose another name.")
        saved.save(target)
        once_closed(file.path.unlink, file.path)
        return target
    copy = file.own_copy
    saved.save(file.path)
    if copy:
        saved.save(file.path.with_name(f"{name}.safetensors"))
        once_closed(copy.unlink, copy)
    return file.path


def delete(file: PolicyFile) -> None:
    """Remove a policy's file; its run keeps settings, curve and checkpoint."""
    refuse_shipped(file, "deleted")
    refuse_running(file)
    copy = file.own_copy
    once_closed(lambda: file.path.unlink(missing_ok=True), file.path)
    if copy:
        once_closed(lambda: copy.unlink(missing_ok=True), copy)


def import_policy(name: str, content: bytes, root: str | Path = RUNS, **settings: Any) -> Path:
    """Keep a policy file that came from elsewhere, or a .pkl of the original's; raises PolicyError if it is none.

    settings: of a .pkl's training, which it lacks; ConfigError where they are wrong.
    """
    folder = Path(root) / IMPORTED
    stem = stem_of(Path(name).stem)
    stem = f"{stem}_imported" if stem in RESERVED else stem
    target, number = folder / f"{stem}.safetensors", 1
    while target.exists():
        number += 1
        target = folder / f"{stem}_{number}.safetensors"
    folder.mkdir(parents=True, exist_ok=True)
    if name.lower().endswith(".pkl"):
        return legacy_policy(content, target.stem, **settings).save(target)
    unread = target.with_name(f".{target.name}")
    unread.write_bytes(content)
    try:
        saved = load_policy(unread)
        replace(saved, name=target.stem).save(target)
    except PolicyError as error:
        raise PolicyError(
            f"{one_line(name, LONGEST)} is not a policy of this project: import a file that this browser exported."
        ) from error
    finally:
        unread.unlink()
    return target


def is_name(name: str) -> bool:
    """Whether a policy can be given this name."""
    return bool(NAME.fullmatch(name)) and name.lower() not in RESERVED


def refuse_shipped(file: PolicyFile, what: str) -> None:
    if file.shipped:
        raise PolicyError(
            f"{file.name} came with the package and cannot be {what}: export it and import it as your own."
        )


def refuse_running(file: PolicyFile) -> None:
    state = ""
    if file.run:
        with suppress(ValueError, KeyError, TypeError, OSError):  # a run that cannot be read does not train
            state = open_run(file.path.parent).state
    if state in ("running", "paused"):
        raise PolicyError(f"run {file.run} is still training and would write the policy again: stop it first.")
