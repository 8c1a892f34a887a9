"""A notebook is a test: all its cells run, made short, from the first to the last; a lesson also with its answers.

A plugin of pytest: `python -m pytest -p tests.run_all notebooks/03_reward_terms.ipynb`.
"""

import tempfile
from pathlib import Path

import nbformat
import pytest
from nbclient.exceptions import CellExecutionError

from tools.run_notebook import run_notebook

LONGEST = 600  # s that a cell may take
SHORT = Path(__file__).with_name("short_lessons.py")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    return Notebook.from_parent(parent, path=file_path) if file_path.suffix == ".ipynb" else None


class Notebook(pytest.File):
    def collect(self):
        from twmr_nb.course.lessons import answers_to, solved

        yield RunAll.from_parent(self, name="as_it_is", book=nbformat.read(self.path, as_version=4))
        if answers_to(self.path):
            yield RunAll.from_parent(self, name="solved", book=nbformat.from_dict(solved(self.path)))


class RunAll(pytest.Item):
    def __init__(self, *, book: nbformat.NotebookNode, **options) -> None:
        super().__init__(**options)
        self.book = book

    def runtest(self) -> None:
        with tempfile.TemporaryDirectory() as runs:
            run_notebook(self.book, self.path.parent, LONGEST, PYTHONSTARTUP=str(SHORT), TWMR_RUNS=runs)

    def repr_failure(self, excinfo):
        """The cell that failed and its traceback, without what led to running it."""
        if isinstance(excinfo.value, CellExecutionError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)
