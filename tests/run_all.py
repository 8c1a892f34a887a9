"""A notebook is a test: all its cells run, made short, from the first to the last, and then a lesson's answers.

A slow test runs it with the answers in their places, so that what follows meets them. A plugin of pytest:
`python -m pytest -p tests.run_all notebooks/03_reward_terms.ipynb`.
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

        book, answers = nbformat.read(self.path, as_version=4), answers_to(self.path)
        book.cells += [nbformat.v4.new_code_cell(answer) for answer in answers.values()]
        yield RunAll.from_parent(self, name="as_it_is", book=book)
        if answers:
            within = RunAll.from_parent(self, name="solved", book=nbformat.from_dict(solved(self.path)))
            within.add_marker("slow")
            yield within


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
