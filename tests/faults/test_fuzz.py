"""Whatever a file holds, reading it ends in what it should be or in one sentence of ours; never in another error."""

import itertools
import os
import resource
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from legacy import their_policy
from mutants import mutants
from tiny import TINY

from twmr_nb.config.schema import EnvConfig
from twmr_nb.episodes.rollout import load_rollout, record
from twmr_nb.policies.legacy import legacy_policy
from twmr_nb.policies.saved import load_policy
from twmr_nb.runs.run import LIVE, new_run, open_run
from twmr_nb.types import Mistake

SHORT, LONG = {"policy": 300, "rollout": 300, "legacy": 300, "checkpoint": 60}, 20_000
MOST_MEMORY = 400  # MiB that reading them all may add, at most


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    run = new_run("flip", "run", root=tmp_path_factory.mktemp("fuzz"), **TINY, step_height_max=0.05, scene="step")
    run.train(lambda record: run.stop() if record["update"] == 2 else None)
    LIVE.clear()
    return run


@pytest.fixture(scope="module")
def good(run, tmp_path_factory):
    """For each kind: files that are right, whether they are safetensors, and how they are read."""
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
        "policy": ([policy, load_bytes("climber")], True, read_file(load_policy)),
        "rollout": ([episode, policy], True, read_file(load_rollout)),
        "legacy": ([their_policy(), their_policy(10, 3, 5)], False, lambda data: legacy_policy(data, "theirs")),
        "checkpoint": ([checkpoint, without_sum(checkpoint)], True, restore),
    }
    training.lock.release()


def load_bytes(name: str) -> bytes:
    from twmr_nb.policies.saved import find_policy

    return find_policy(name).read_bytes()


def without_sum(data: bytes) -> bytes:
    """A checkpoint of an earlier version, whose numbers are believed."""
    from safetensors.numpy import load, save

    return save(load(data), metadata={"update": "2"})


def read_all(kind: str, good, count: int) -> tuple[int, int]:
    """Read so many mutants; how many were read, and how many were refused. Any other error is the test's."""
    seeds, container, read = good[kind]
    for seed in seeds[:1]:
        read(seed)
    done, longest = [0, 0], 0
    rng = np.random.default_rng(zlib.crc32(kind.encode()))
    for data in itertools.islice(mutants(seeds, rng, container), count):
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
    assert refused > SHORT[kind] / 3


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
