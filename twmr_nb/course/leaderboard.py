"""A local leaderboard of the open problems: every entry is scored here, by the same protocol, on unseen episodes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twmr_nb.config.schema import ConfigError
from twmr_nb.draw.table import Table
from twmr_nb.episodes.evaluate import evaluate
from twmr_nb.episodes.worlds import world
from twmr_nb.files import locked, read_json, set_aside, write_json
from twmr_nb.markup import table_cell
from twmr_nb.policies.checks import is_number, is_share
from twmr_nb.policies.saved import SavedPolicy
from twmr_nb.runs.places import RUNS

BOARD = RUNS / "leaderboard.json"
EPISODES = 200
RELIABLE = 0.9  # a success rate below this does not count as solving the step


@dataclass(frozen=True)
class Problem:
    """What is asked, on which step, and which number of the evaluation ranks the entries."""

    question: str
    step_height: float
    key: str
    unit: str
    factor: float = 1.0
    most: bool = False
    """Whether more is better; otherwise less is, among those that pass reliably."""


PROBLEMS = {
    "7 cm": Problem("pass the 7 cm step as often as possible", 0.07, "success_rate", "% passed", 100, most=True),
    "fewest steps": Problem("learn the 5 cm step from the fewest steps of training", 0.05, "global_step", "steps"),
    "least effort": Problem("pass the 5 cm step with the least squared torque", 0.05, "effort", "(N m)² s"),
}


@dataclass(frozen=True)
class Board:
    """All entries; shows itself as a table per problem, the best first, and a line for whatever is left out."""

    entries: tuple[dict[str, Any], ...]
    problems: tuple[str, ...] = ()

    def ranking(self, problem: str) -> list[dict[str, Any]]:
        """The entries of one problem, the best first; where less is better, only those that pass reliably."""
        rule = PROBLEMS[problem]
        mine = [e for e in self.entries if e["problem"] == problem]
        if not rule.most:
            mine = [e for e in mine if e["success_rate"] >= RELIABLE]
        return sorted(mine, key=lambda e: e["score"], reverse=rule.most)

    def _repr_markdown_(self) -> str:
        lines = []
        for name, rule in PROBLEMS.items():
            rows = [
                [str(i), e["by"], number(rule.factor * e["score"]), f"{e['success_rate']:.0%}"]
                for i, e in enumerate(self.ranking(name), 1)
            ]
            table = Table(["", "by", rule.unit, "passed"], rows)._repr_markdown_() if rows else "*nobody yet*"
            lines += [f"**{name}**: {rule.question}", "", table, ""]
        return "\n".join([*lines, *(f"- {table_cell(problem)}" for problem in self.problems)])


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def submit(
    policy: SavedPolicy, by: str, problem: str, episodes: int = EPISODES, path: str | Path | None = None
) -> Board:
    """Score a policy on an open problem and enter it; an entry of the same name is replaced. Returns the board.

    Others may submit at the same time, from other processes too. A damaged board is kept beside the new one.
    """
    if problem not in PROBLEMS:
        raise ConfigError(f"problem = {problem!r} is not known: choose {', '.join(map(repr, PROBLEMS))}.")
    if not isinstance(by, str) or not by.strip():
        raise ConfigError(f"by = {by!r} is not a name: give the words that the board shall show.")
    rule, path = PROBLEMS[problem], Path(path or BOARD)
    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path):  # a folder that cannot be written to is told before the work, not after
        pass
    result = evaluate(policy, world(policy.config.env, step_height=rule.step_height), episodes)
    score = (policy.results | result).get(rule.key)
    entry = {
        "problem": problem,
        "by": by,
        "score": score,
        "success_rate": result["success_rate"],
        "policy": policy.name,
    }
    with locked(path):
        try:
            data = read_json(path)
            entries = entries_of(data, path)
        except ValueError:
            set_aside(path)
            data, entries = {}, []
        others = [e for e in entries if not (isinstance(e, dict) and (e.get("problem"), e.get("by")) == (problem, by))]
        write_json(path, data | {"entries": [*others, entry]})
    return board(path)


def board(path: str | Path | None = None) -> Board:
    """The leaderboard as it is; what cannot be read is left out and told."""
    path = path or BOARD
    try:
        entries = entries_of(read_json(path), path)
    except (ValueError, OSError) as error:
        return Board((), (str(error),))
    wrong = [f"entry {i} is left out: {why}" for i, entry in enumerate(entries, 1) if (why := mistake(entry))]
    return Board(tuple(e for e in entries if not mistake(e) and e["score"] is not None), tuple(wrong))


def entries_of(data: dict[str, Any], path: str | Path) -> list[Any]:
    entries = data.get("entries", [])
    if not isinstance(entries, list):
        raise ValueError(f"{path} is damaged: its entries are no list.")
    return entries


def mistake(entry: Any) -> str:
    """Why this cannot be an entry of the board; empty if it can."""
    if not isinstance(entry, dict):
        return f"it is {type(entry).__name__}, not named values."
    if entry.get("problem") not in list(PROBLEMS):  # it may be of any type
        return f"{entry.get('problem')!r} is no open problem."
    if not isinstance(entry.get("by"), str):
        return f"by = {entry.get('by')!r} is no name."
    if entry.get("score") is not None and not is_number(entry["score"]):
        return f"score = {entry['score']!r} is no number."
    if not is_share(entry.get("success_rate")):
        return f"success_rate = {entry.get('success_rate')!r} is no share from 0 to 1."
    return ""
