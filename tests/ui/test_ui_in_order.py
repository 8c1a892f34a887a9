"""What the browser's test of a number typed before a click rests on: ipykernel chooses no thread for a widget."""

import subprocess
import sys

DECIDES = "print(hasattr(BaseComm, '_reply_subshell_for'))"
ASKED = f"from ipykernel.comm.comm import BaseComm; {DECIDES}; import twmr_nb.ui; {DECIDES}"


def test_no_widget_has_a_thread_of_its_own():
    said = subprocess.run([sys.executable, "-c", ASKED], capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["True", "False"]
