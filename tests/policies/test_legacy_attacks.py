"""Pickles that would do something: none does, and each is answered in one sentence."""

import builtins
import ctypes
import functools
import importlib
import io
import operator
import os
import pickle
import runpy
import shutil
import socket
import struct
import subprocess
import sys
import types
import webbrowser

import numpy as np
import pytest

from twmr_nb.cli import main as cli
from twmr_nb.policies.legacy import import_legacy, legacy_policy
from twmr_nb.policies.saved import PolicyError
from twmr_nb.ui.policy_files import import_policy

TOUCH = "open({0!r}, 'w').close()"


class Reduced:
    """Whoever unpickles it calls a function of the attacker's choice."""

    def __init__(self, function, *arguments, **more):
        self.answer = (function, arguments, *more.values())

    def __reduce__(self):
        return self.answer


class Odd(dict):
    """For what a pickle sets on an object."""


CALLS = {  # by name: what is called, and with what, of the file that shows that it was
    "os.system": lambda file: Reduced(os.system, f"touch {file}"),
    "posix.system": lambda file: Reduced(os.popen, f"touch {file}"),
    "subprocess.call": lambda file: Reduced(subprocess.call, ["touch", file]),
    "subprocess.Popen": lambda file: Reduced(subprocess.Popen, ["touch", file]),
    "subprocess.check_output": lambda file: Reduced(subprocess.check_output, ["touch", file]),
    "os.spawnlp": lambda file: Reduced(os.spawnlp, os.P_WAIT, "touch", "touch", file),
    "os.execlp": lambda file: Reduced(os.execlp, "touch", "touch", file),
    "os.mkdir": lambda file: Reduced(os.mkdir, file),
    "os.remove": lambda file: Reduced(os.remove, f"{file}.kept"),
    "os.kill": lambda file: Reduced(os.kill, os.getpid(), 9),
    "os._exit": lambda file: Reduced(os._exit, 0),
    "os.putenv": lambda file: Reduced(os.putenv, "TWMR_ATTACKED", "1"),
    "shutil.rmtree": lambda file: Reduced(shutil.rmtree, f"{file}.kept"),
    "eval": lambda file: Reduced(eval, TOUCH.format(file)),
    "exec": lambda file: Reduced(exec, TOUCH.format(file)),
    "compile": lambda file: Reduced(compile, TOUCH.format(file), "x", "exec"),
    "open": lambda file: Reduced(open, file, "w"),
    "io.FileIO": lambda file: Reduced(io.FileIO, file, "w"),
    "getattr": lambda file: Reduced(getattr, os, "system") if False else Reduced(getattr, "", "format"),
    "__import__": lambda file: Reduced(__import__, "antigravity"),
    "importlib.import_module": lambda file: Reduced(importlib.import_module, "antigravity"),
    "runpy.run_path": lambda file: Reduced(runpy.run_path, f"{file}.kept"),
    "functools.partial": lambda file: Reduced(functools.partial, os.system, f"touch {file}"),
    "operator.methodcaller": lambda file: Reduced(operator.methodcaller, "system", f"touch {file}"),
    "operator.attrgetter": lambda file: Reduced(operator.attrgetter, "system"),
    "map": lambda file: Reduced(list, Reduced(map, os.system, [f"touch {file}"])),
    "breakpoint": lambda file: Reduced(builtins.breakpoint),
    "sys.exit": lambda file: Reduced(sys.exit, 0),
    "sys.setrecursionlimit": lambda file: Reduced(sys.setrecursionlimit, 10**6),
    "types.SimpleNamespace": lambda file: Reduced(types.SimpleNamespace),
    "ctypes": lambda file: Reduced(ctypes.string_at, 0),
    "webbrowser.open": lambda file: Reduced(webbrowser.open, "http://127.0.0.1:9"),
    "socket": lambda file: Reduced(socket.create_connection, ("127.0.0.1", 9)),
    "pickle.loads": lambda file: Reduced(pickle.loads, pickle.dumps(Reduced(os.system, f"touch {file}"))),
    "numpy.load": lambda file: Reduced(np.load, f"{file}.kept"),
    "numpy.fromfile": lambda file: Reduced(np.fromfile, f"{file}.kept"),
    "numpy.empty, huge": lambda file: Reduced(np.empty, (1 << 40,)),
    "bytearray, huge": lambda file: Reduced(bytearray, 1 << 40),
    "range to list, huge": lambda file: Reduced(list, range(1 << 40)),
    "numpy, of objects": lambda file: np.array([Reduced(os.system, f"touch {file}")], object),
    "a class of its own": lambda file: Odd(a=1),
    "items that are set": lambda file: Reduced(
        dict, state=None, items=None, pairs=iter([("a", Reduced(os.mkdir, file))])
    ),
}


def by_hand(file: str) -> dict[str, bytes]:
    """Programs that pickle.dumps does not write."""
    shell = f"touch {file}"
    name = lambda text: b"\x8c" + bytes([len(text)]) + text.encode()  # noqa: E731
    head = b"\x80\x04"
    array = name("numpy._core.multiarray") + name("_reconstruct") + b"\x93"
    deep = b"".join(b"\x94" + b"h" + bytes([i]) + b"\x86" for i in range(90))
    return {
        "GLOBAL": f"cos\nsystem\n(S'{shell}'\ntR.".encode(),
        "INST": f"(S'{shell}'\nios\nsystem\n.".encode(),
        "OBJ": f"(cos\nsystem\nS'{shell}'\no.".encode(),
        "NEWOBJ": head + name("os") + name("system") + b"\x93" + name(shell) + b"\x85\x81.",
        "NEWOBJ_EX": head + name("os") + name("system") + b"\x93" + name(shell) + b"\x85}\x92.",
        "STACK_GLOBAL": head + name("os") + name("system") + b"\x93" + name(shell) + b"\x85R.",
        "dotted name": head + name("numpy") + name("os.system") + b"\x93" + name(shell) + b"\x85R.",
        "name of a tuple": head + name("numpy") + b")\x93.",
        "EXT1": head + b"\x82\x01)R.",
        "PERSID": b"Pos.system\n.",
        "BINPERSID": head + name("os.system") + b"Q.",
        "memo of 64 GB": b"\x80\x02K\x01r\xff\xff\xff\xff.",
        "bytes of 8 EB": head + b"\x8e" + struct.pack("<Q", 1 << 62) + b".",
        "bytearray of 8 EB": b"\x80\x05\x96" + struct.pack("<Q", 1 << 62) + b".",
        "frame of 8 EB": head + b"\x95" + struct.pack("<Q", 1 << 62) + b".",
        "array of a TB": head + array + name("numpy") + name("ndarray") + b"\x93J\xff\xff\xff\x7f\x85C\x01b\x87R.",
        "a call of what was called": head + array + b")R)R.",
        "state on a name": head + array + b"}" + name("__call__") + name(shell) + b"sb.",
        "keys of tuples": head + b"})" + name("a") + b"s.",
        "a tuple of 2^90": head + b"K\x01" + deep + b".",
        "a tuple of 2^90 as a name": head + b"K\x01" + deep + b"\x94h\x00\x93.",
        "an endless number": b"I" + b"9" * 100_000 + b"\n.",
        "a million steps": head + b"N0" * 500_000 + b".",
        "a stack that is empty": head + b"R.",
        "marks that are none": head + b"t.",
        "no end": head + b"}",
        "nothing": b"",
        "text": b"<script>alert(1)</script>",
    }


HAND = list(by_hand("x"))


@pytest.fixture
def file(tmp_path):
    (tmp_path / "attacked.kept").write_text("here")
    return str(tmp_path / "attacked")


def refused(content: bytes, file: str, capsys) -> None:
    """It is refused everywhere that it could be read, and has done nothing."""
    with pytest.raises(
        PolicyError, match=r"^theirs is no policy of the original's: [^\n]*; give a \.pkl that its trainer"
    ):
        legacy_policy(content, "theirs")
    folder = os.path.dirname(file)
    path = os.path.join(folder, "theirs.pkl")
    with open(path, "wb") as out:
        out.write(content)
    with pytest.raises(PolicyError):
        import_legacy(path)
    with pytest.raises(PolicyError):
        import_policy("theirs.pkl", content, folder)
    assert cli.main(["import-legacy", path, "--to", folder]) == 2
    assert capsys.readouterr().err.startswith("twmr: theirs is no policy of the original's: ")
    assert sorted(os.listdir(folder)) == ["attacked.kept", "imported", "theirs.pkl"]
    assert not os.listdir(os.path.join(folder, "imported"))
    assert "antigravity" not in sys.modules
    assert "TWMR_ATTACKED" not in os.environ


@pytest.mark.parametrize("protocol", [4, 5])
@pytest.mark.parametrize("attack", CALLS)
def test_a_call_is_not_made(attack, protocol, file, capsys):
    assert len(CALLS) >= 30
    content = pickle.dumps({"log_std": CALLS[attack](file), "model": {"params": {}}}, protocol)
    refused(content, file, capsys)


@pytest.mark.parametrize("attack", HAND)
def test_a_program_written_by_hand_does_nothing(attack, file, capsys):
    refused(by_hand(file)[attack], file, capsys)


def test_old_protocols_are_refused_too(file, capsys):
    for protocol in range(4):
        refused(pickle.dumps(Reduced(os.system, f"touch {file}"), protocol), file, capsys)
