"""A local leaderboard of the open problems: every entry is scored here, by the same protocol, on unseen episodes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twmr_nb.config import ConfigError
from twmr_nb.evaluate import evaluate, trial_world
from twmr_nb.markup import table_cell
from twmr_nb.policies import SavedPolicy
from twmr_nb.run_files import read_json, write_json
from twmr_nb.runs import RUNS

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
    """All entries; shows itself as a table per problem, the best first."""

    entries: tuple[dict[str, Any], ...]

    def ranking(self, problem: str) -> list[dict[str, Any]]:
        """The entries of one problem, the best first; where less is better, only those that pass reliably."""
        rule = PROBLEMS[problem]
        mine = [e for e in self.entries if e["problem"] == problem and e["score"] is not None]
        if not rule.most:
            mine = [e for e in mine if e["success_rate"] >= RELIABLE]
        return sorted(mine, key=lambda e: e["score"], reverse=rule.most)

    def _repr_markdown_(self) -> str:
        lines = []
        for name, rule in PROBLEMS.items():
            lines += [f"**{name}**: {rule.question}", "", f"| | by | {rule.unit} | passed |", "|--:|:--|--:|--:|"]
            ranked = self.ranking(name)
            lines += [
                f"| {i} | {table_cell(e['by'])} | {number(rule.factor * e['score'])} | {e['success_rate']:.0%} |"
                for i, e in enumerate(ranked, 1)
            ]
            lines += [] if ranked else ["| | *nobody yet* | | |"]
            lines.append("")
        return "\n".join(lines)


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.4g}"


def submit(policy: SavedPolicy, by: str, problem: str, episodes: int = EPISODES, path: str | Path = BOARD) -> Board:
    """Score a policy on an open problem and enter it; an entry of the same name is replaced. Returns the board."""
    if problem not in PROBLEMS:
        raise ConfigError(f"problem = {problem!r} is not known: choose {', '.join(map(repr, PROBLEMS))}.")
    rule, path = PROBLEMS[problem], Path(path)
    result = evaluate(policy, trial_world(policy.config.env, step_height=rule.step_height), episodes)
    score = (policy.results | result).get(rule.key)
    entry = {
        "problem": problem,
        "by": by,
        "score": score,
        "success_rate": result["success_rate"],
        "policy": policy.name,
    }
    others = [e for e in read_json(path).get("entries", []) if (e["problem"], e["by"]) != (problem, by)]
    path.parent.mkdir(parents=True, exist_ok=True)
    write_json(path, {"entries": [*others, entry]})
    return board(path)


def board(path: str | Path = BOARD) -> Board:
    """The leaderboard as it is."""
    return Board(tuple(read_json(Path(path)).get("entries", ())))
