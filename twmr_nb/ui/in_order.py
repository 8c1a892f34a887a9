"""What is done in a page is heard in one thread, in the order in which it was done.

ipykernel 7.4 hands a page's message to the thread that last wrote to its widget, for code there that waits for an
answer. Nothing of ours does; but a box that a cell made and a button that a handler changed are then heard in two
threads, and a click may overtake the number that was typed before it.
"""

import sys


def hear_in_order() -> None:
    """Leave each message where JupyterLab sends it: to one thread, which also listens while a cell runs."""
    comms = sys.modules.get("ipykernel.comm.comm")  # none outside a kernel
    if comms and hasattr(comms.BaseComm, "_reply_subshell_for"):
        del comms.BaseComm._reply_subshell_for
