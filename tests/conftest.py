"""What all tests share."""

import os
import tempfile

import pytest
from hypothesis import settings

RUNS = tempfile.TemporaryDirectory()
os.environ["TWMR_RUNS"] = RUNS.name  # no test writes into the runs of whoever runs it; read when runs is imported

import twmr_nb  # noqa: E402, F401 (chooses the GL backend, which must precede any `import mujoco`)

# A slow machine is no counterexample, and the same examples every time make a failure repeatable.
settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("repeatable")


def pytest_collection_modifyitems(items):
    """Whole files are dealt to the workers: the long ones first, so that all end together."""
    items.sort(key=lambda item: 0 if "browser" in item.path.parts else 1 if item.path.suffix == ".ipynb" else 2)


@pytest.fixture(scope="session")
def gl() -> None:
    """Skip the test on a machine that cannot draw."""
    from twmr_nb.draw.film import gl_available
    from twmr_nb.graphics import APT_LINE

    if not gl_available():
        pytest.skip(f"no GL library here: {APT_LINE}")


@pytest.fixture
def no_run_left(monkeypatch):
    """No film unless the test asks for it; whatever trains is stopped at the end, and no view follows a run."""
    from twmr_nb.runs.queue import QUEUE
    from twmr_nb.runs.run import LIVE
    from twmr_nb.ui import clip, live

    monkeypatch.setattr(clip, "gl_available", lambda: False)
    yield
    QUEUE.on_change = lambda: None
    for run in QUEUE.waiting:
        QUEUE.remove(run)
    for run in LIVE.values():
        run.stop()
        run._training.over.wait()
    LIVE.clear()
    for view in list(live.views.values()):
        view.leave()


@pytest.fixture(scope="session")
def three_runs(tmp_path_factory):
    """A folder with three tiny runs; copy it before changing it."""
    from ui_shelf import fill

    root = tmp_path_factory.mktemp("trained")
    fill(root)
    return root
