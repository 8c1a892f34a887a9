"""Many kernels start while many programs take ports: none of them may need one that another has got meanwhile."""

import nbformat

from tools.run_notebook import run_notebook

CELLS = """\
from ipykernel.connect import get_connection_info
print(get_connection_info(unpack=True)["transport"])
---
import os
print(os.getcwd(), os.environ["GIVEN"])"""


def test_a_kernel_listens_on_no_port_and_runs_where_it_is_told(tmp_path):
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS.split("---\n")])
    run_notebook(book, tmp_path, 60, GIVEN="words")
    assert [cell.outputs[0].text for cell in book.cells] == ["ipc\n", f"{tmp_path} words\n"]
