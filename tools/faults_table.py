"""Write docs/faults.md: what can happen to a training or a file, what comes of it, and whether its tests hold here.

python tools/faults_table.py [--slow]; --slow: the long forms too, an hour on two cores.
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "faults.md"
KILLS, RUNS, FALLBACK, FUZZ = (f"tests/{name}.py" for name in
    ("faults/test_kills", "runs/test_runs", "runs/test_fallback", "faults/test_fuzz"))  # fmt: skip
SAME = "Goes on, and ends as the uninterrupted run, to the last bit."
FAULTS = [  # fault, what comes of it, its test
    ("The process is killed (SIGKILL) or interrupted", SAME, f"{KILLS}::test_killed_and_gone_on_with"),
    ("Killed, in an IPython kernel or a terminal, and opened again", "The run is *interrupted* and goes on.",
     f"{RUNS}::test_a_killed_trainer_leaves_an_interrupted_run_that_goes_on"),
    ("The newest checkpoint is cut short, torn, changed in one bit, or gone",
     f"The run says so and goes on from the one before. {SAME}",
     f"{FALLBACK}::test_it_goes_on_from_the_checkpoint_before_and_says_so"),
    ("Both checkpoints are damaged", "One sentence; the metrics and the policy stay.",
     f"{FALLBACK}::test_with_both_damaged_it_is_refused_in_a_sentence"),
    ("Killed between checkpoint and policy", "Whoever opens the run has the policy of its checkpoint.",
     f"{FALLBACK}::test_the_policy_is_that_of_the_checkpoint"),
    ("The disk is full, at a write", f"The run fails in a sentence, its last checkpoint loads. {SAME}",
     f"{KILLS}::test_a_disk_that_is_full_from_some_write_on"),
    ("The run's folder is deleted or renamed", "The run fails in a sentence; nothing of it comes back.",
     f"{RUNS}::test_a_run_whose_folder_goes_away_says_so_and_leaves_nothing_half_made"),
    ("The clock jumps; another process trains in the folder", "The system's lock counts, and the second is refused.",
     f"{RUNS}::test_two_processes_never_train_one_folder_whatever_the_clock_says"),
    ("One robot's physics gives nan or explodes", "It is put back, counted and kept as last seen; training goes on.",
     f"{FALLBACK}::test_a_robot_whose_physics_explodes_is_counted_and_the_training_goes_on"),
    ("The parameters or the loss become nan", "Training stops and names the likely setting; the last good files stay.",
     "tests/learn/test_diverging.py::test_a_run_keeps_its_last_good_files_and_can_be_resumed"),
    ("A reward term of one's own raises", "The run fails with the learner's line and goes on once the term is mended.",
     f"{RUNS}::test_a_term_that_fails_in_mid_training_is_named_and_goes_on_once_mended"),
    ("A policy, rollout, checkpoint, pickle or file of a run's folder holds anything at all",
     "It is read, or refused in one sentence.",
     f"{FUZZ}::test_a_mutated_file_is_read_or_refused_in_a_sentence"),
    ("JAX is switched to 64 bits, or to compile nothing", "One sentence, and no run is made.",
     "tests/faults/test_surroundings.py"),
    ("A pickle calls something", "Nothing is called; one sentence.", "tests/policies/test_legacy_attacks.py"),
]  # fmt: skip
LONG = [f"{KILLS}::test_killed_at_a_hundred_random_moments", f"{KILLS}::test_a_disk_that_is_full_from_any_write_on",
        f"{KILLS}::test_a_disk_of_every_size_that_is_too_small", "tests/faults/test_an_hour.py",
        f"{FUZZ}::test_many_mutated_files", "tests/faults/test_settings.py"]  # fmt: skip
HEAD = """# Faults, and what comes of them

Written by `python tools/faults_table.py`, which runs the tests of each row; with `--slow` also their long forms, with
figures.

| fault | what comes of it | its tests, here |
|---|---|---|
"""


def asked(test: str, *flags: str) -> tuple[str, str]:
    """How the tests went, in words, and what they printed."""
    command = [sys.executable, "-m", "pytest", "-q", "-s", "-p", "no:cacheprovider", *flags, str(ROOT / test)]
    said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    counts = {what: int(n) for n, what in re.findall(r"(\d+) (passed|failed|error)", said)}
    wrong = counts.get("failed", 0) + counts.get("error", 0)
    return (f"{counts.get('passed', 0)} hold" + (f", **{wrong} do not**" if wrong else "")), said


def main() -> None:
    rows = [f"| {fault} | {outcome} | {asked(test, '-m', 'not slow')[0]} |" for fault, outcome, test in FAULTS]
    text = HEAD + "\n".join(rows) + "\n"
    if "--slow" in sys.argv:
        lines = [line for test in LONG for line in asked(test, "-m", "slow")[1].splitlines() if ": " in line]
        told = [line.lstrip(".") for line in lines if re.search(r"kills in|every run|refused|MiB of memory", line)]
        text += "\n## The long forms\n\n" + "".join(f"- {line}\n" for line in told)
    PAGE.write_text(text)


if __name__ == "__main__":
    main()
