"""What came of playing a policy, in words and tables."""

import html
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as w

from twmr_nb.evaluation_text import ROWS
from twmr_nb.play import gate_trace, leg_trace, outcome
from twmr_nb.rollout import Rollout


def outcomes(rollouts: Sequence[Rollout]) -> str:
    """How each episode ended, one line each."""
    lines = (f"<b>{html.escape(r.title)}</b>: {outcome(r)}; return {r.reward.sum():.2f}" for r in rollouts)
    return "<br>".join(lines)


def text_trace(rollout: Rollout) -> w.HTML:
    """The original's debug lines, folded away."""
    lines = html.escape("\n".join([*gate_trace(rollout), *leg_trace(rollout)]))
    style = "max-height:160px;overflow:auto;font-size:11px"
    return w.HTML(
        f"<details><summary>{html.escape(rollout.title)} as text</summary><pre style='{style}'>{lines}</pre></details>"
    )


def evaluation_table(results: Sequence[dict[str, Any]]) -> str:
    """What evaluations found, one column each."""
    rows: dict[str, Callable[[dict[str, Any]], str]] = {indented(title): show for title, show in ROWS.items()}
    for name in dict.fromkeys(name for r in results for name in r["reward_terms"]):
        rows[f"&emsp;{name.replace('_', ' ')}"] = lambda r, name=name: f"{r['reward_terms'].get(name, 0.0):+.2f}"  # type: ignore[misc]
    how = {True: "mean action", False: "with noise"}
    head = "".join(f"<th style='text-align:right;padding:3px 14px'>{html.escape(r['policy'])}</th>" for r in results)
    said = ", ".join(dict.fromkeys(f"{r['episodes']} unseen episodes, {how[r['deterministic']]}" for r in results))
    body = "".join(
        f"<tr><td class='twmr-sub'>{title}</td>"
        + "".join(f"<td class='twmr-value' style='text-align:right;padding:3px 14px'>{show(r)}</td>" for r in results)
        + "</tr>"
        for title, show in rows.items()
    )
    return f"<table><tr><th style='text-align:left' class='twmr-sub'>{said}</th>{head}</tr>{body}</table>"


def indented(title: str) -> str:
    """Leading spaces, which a page would swallow, as a space that it keeps."""
    return title.replace("  ", "&emsp;")
