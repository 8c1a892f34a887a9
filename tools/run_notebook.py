"""Run a notebook from its first cell to its last, in a kernel of its own."""

import os
import tempfile
from pathlib import Path

from nbclient import NotebookClient
from nbformat import NotebookNode
from traitlets.config import Config


def run_notebook(notebook: NotebookNode, folder: Path, longest: float, **variables: str) -> None:
    """Run all cells in a folder, with environment variables, and keep their outputs in the notebook.

    A cell may take `longest` seconds. Raises nbclient's CellExecutionError where a cell fails.
    """
    where = {"metadata": {"path": str(folder)}}
    with tempfile.TemporaryDirectory() as own:
        # A TCP port that is free when it is chosen may be taken when the kernel opens it: its sockets are files here.
        sockets = Config(KernelManager={"transport": "ipc", "connection_file": str(Path(own, "kernel.json"))})
        client = NotebookClient(notebook, timeout=longest, startup_timeout=longest, resources=where, config=sockets)
        client.execute(env=os.environ | variables)
