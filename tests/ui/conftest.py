"""What the tests of the policy browser share."""

import shutil

import pytest

from twmr_nb import PolicyBrowser
from twmr_nb.episodes import worlds


@pytest.fixture
def root(three_runs, tmp_path, monkeypatch):
    """A copy of the three runs that a test may change; they are played for 25 steps."""
    monkeypatch.setattr(worlds, "TRIAL_STEPS", 25)
    return shutil.copytree(three_runs, tmp_path / "runs")


@pytest.fixture
def browser(root):
    return PolicyBrowser(root)
