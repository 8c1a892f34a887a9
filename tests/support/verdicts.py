"""What the tests of the exercises' checks share."""

from twmr_nb.course.checks.verdict import Verdict


def expect(verdict: Verdict, correct: bool, reason: str) -> None:
    """The verdict is this one and says why."""
    assert verdict.correct is correct, verdict.reason
    assert reason in verdict.reason
