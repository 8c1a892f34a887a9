"""Advice is in the words of the terminal that it is read in."""

import sys

import pytest

from twmr_nb.system import export, unset


@pytest.mark.parametrize(
    ("system", "taken_out", "put_in"),
    [
        ("linux", "unset A B", "export A=~/runs"),
        ("darwin", "unset A B", "export A=~/runs"),
        ("win32", "Remove-Item Env:A; Remove-Item Env:B", '$env:A = "~/runs"'),
    ],
)
def test_variables_are_changed_as_the_system_has_it(system, taken_out, put_in, monkeypatch):
    monkeypatch.setattr(sys, "platform", system)
    assert (unset("A", "B"), export("A", "~/runs")) == (taken_out, put_in)
