"""What all tests share."""

import pytest
from hypothesis import settings

import twmr_nb  # noqa: F401 (chooses the GL backend, which must precede any `import mujoco`)

# A slow machine is no counterexample, and the same examples every time make a failure repeatable.
settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=50)
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def gl() -> None:
    """Skip the test on a machine that cannot draw."""
    from twmr_nb.render import APT_LINE, gl_available

    if not gl_available():
        pytest.skip(f"no GL library here: {APT_LINE}")
