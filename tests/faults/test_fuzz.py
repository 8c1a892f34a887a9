"""Whatever a file holds, reading it ends in what it should be or in one sentence of ours; never in another error."""

import itertools
import os
import resource
import shutil
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from legacy import their_policy
from mutants import mutants, odd_bytes, odd_header, odd_json, odd_table
from tiny import TINY

from twmr_nb.config.schema import EnvConfig
from twmr_nb.episodes.rollout import load_rollout, record
from twmr_nb.files import _read_once
from twmr_nb.lab.book import RunList
from twmr_nb.policies.legacy import legacy_policy
from twmr_nb.policies.saved import find_policy, load_policy
from twmr_nb.runs.difference import difference
from twmr_nb.runs.run import LIVE, new_run, open_run
from twmr_nb.runs.shelf import matches, readable_runs
from twmr_nb.types import Mistake
from twmr_nb.ui.run_list import run_label, settings_table

SHORT = {"policy": 300, "rollout": 300, "legacy": 300, "checkpoint": 60}
SHORT |= dict.fromkeys(("config", "metrics", "status", "notes"), 60)
LONG = 20_000
MOST_MEMORY = 400  # MiB that reading them all may add, at most


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run = new_run("flip", "run", root=tmp_path_factory.mktemp("fuzz"), **TINY, step_height_max=0.05, scene="step")
    run.train(lambda record: run.stop() if record["update"] == 2 else None)
    LIVE.clear()
    return run


@pytest.fixture(scope="module")
def good(run, tmp_path_factory):
    """For each kind: files that are right, how such a one is made odd, and how they are read."""
    folder = tmp_path_factory.mktemp("good")
    file = folder / "odd.safetensors"
    episode = record("random", EnvConfig(), num_steps=5).save(folder / "episode.safetensors").read_bytes()
    training = open_run(run.path)._training
    training.claim()
    trainer = training.prepare()

    def read_file(read):
        def act(data: bytes):
            file.write_bytes(data)
            return read(file)

        return act

    def restore(data: bytes):
        run.folder.checkpoint.write_bytes(data)
        run.folder.checkpoint_before.unlink(missing_ok=True)
        training._go_back(trainer)

    policy, checkpoint = run.policy_path.read_bytes(), run.folder.checkpoint.read_bytes()
    yield {
        "policy": ([policy, find_policy("climber").read_bytes()], odd_header, read_file(load_policy)),
        "rollout": ([episode, policy], odd_header, read_file(load_rollout)),
        "legacy": ([their_policy(), their_policy(10, 3, 5)], odd_bytes, lambda data: legacy_policy(data, "theirs")),
        "checkpoint": ([checkpoint, without_sum(checkpoint)], odd_header, restore),
        "config": shelved(run, "config.json", odd_json, folder / "config"),
        "metrics": shelved(run, "metrics.csv", odd_table, folder / "metrics"),
        "status": shelved(run, "status.json", odd_json, folder / "status"),
        "notes": shelved(run, "notes.json", odd_json, folder / "notes"),
    }
    training.lock.release()


def shelved(run, file: str, odd, root: Path):
    """A copy of the run on a shelf of its own, one file of which is mutated; it is listed, shown and opened."""
    copy = root / "run"
    shutil.copytree(run.path, copy)
    status = copy / "status.json"
    status.write_text(status.read_text().replace("finished", "stopped"))  # so that it may go on
    (copy / "notes.json").write_text('{"note": "hangs at the edge", "tags": ["good", "4cm"]}')

    def look(data: bytes) -> None:
        (copy / file).write_bytes(data)
        _read_once.cache_clear()  # two of one size within a tick of the clock look the same
        for found in readable_runs(root)[0]:
            assert isinstance(matches(found, "tidy seed=0"), bool)
            for said in (repr(found), run_label(found), settings_table(found), str(RunList([found]).table)):
                assert len(said) < 10**6
            difference(found, found)
        opened = open_run(copy)
        opened._training.claim()
        try:
            opened.records.cut(2)
        finally:
            opened._training.lock.release()
            for aside in copy.glob("*.damaged-*"):
                aside.unlink()

    return [(copy / file).read_bytes()], odd, look


def without_sum(data: bytes) -> bytes:
    """A checkpoint of an earlier version, whose numbers are believed."""
    from safetensors.numpy import load, save

    return save(load(data), metadata={"update": "2"})


def read_all(kind: str, good, count: int) -> tuple[int, int]:
    """Read so many mutants; how many were read, and how many were refused. Any other error is the test's."""
    seeds, odd, read = good[kind]
    for seed in seeds[:1]:
        read(seed)
    done, longest = [0, 0], 0
    rng = np.random.default_rng(zlib.crc32(kind.encode()))
    for data in itertools.islice(mutants(seeds, rng, odd), count):
        try:
            read(data)
            done[0] += 1
        except Mistake as error:
            longest = max(longest, len(str(error)))
            done[1] += 1
        except BaseException:
            if path := os.environ.get("TWMR_ODD_FILE"):  # to look at
                Path(path).write_bytes(data)
            raise
    assert longest < 2000
    return done[0], done[1]


def test_a_pickle_of_the_originals_form_is_read(good):
    assert legacy_policy(their_policy(10, 3, 5), "theirs").config.env.obs_mode == "compact"


@pytest.mark.parametrize("kind", SHORT)
def test_a_mutated_file_is_read_or_refused_in_a_sentence(kind, good):
    read, refused = read_all(kind, good, SHORT[kind])
    assert read + refused == SHORT[kind]
    assert kind in ("metrics", "notes") or refused > SHORT[kind] / 4  # of a log, all whole lines are read


@pytest.mark.slow
@pytest.mark.parametrize("kind", SHORT)
def test_many_mutated_files(kind, good):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    read, refused = read_all(kind, good, LONG)
    more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / (
        2**20 if sys.platform == "darwin" else 2**10
    )
    print(f"{kind}: {read} read, {refused} refused, {more:.0f} MiB more")
    assert more < MOST_MEMORY
