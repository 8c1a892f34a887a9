"""What a run is doing, in words: pure functions of a run and its records."""

import math
import time
from collections.abc import Iterable, Sequence

from markupsafe import Markup

from twmr_nb.episodes.report import FEW
from twmr_nb.progress import clock
from twmr_nb.runs.run import Run
from twmr_nb.runs.symptoms import Symptom
from twmr_nb.types import Record

BADGE = Markup(
    "<details class='twmr-badge {}'><summary>{} <span class='twmr-sub'>{}</span></summary><div>{}</div></details>"
)
RECENT = 10  # updates that the speed is averaged over


def unhurried(records: Sequence[Record], share: float, least: float, most: float) -> float:
    """How long to wait before showing more [s]: a share of the training so far, as an old run changes slowly.

    Whatever a page shows anew, training pays for.
    """
    age = records[-1].get("train_s", 0.0) if records else 0.0
    age = age if math.isfinite(age) else 0.0  # a log may say anything
    return min(max(share * age, least), most)


def state_text(run: Run) -> str:
    """compiling, 4 s | collecting | learning | paused | stopping | stopped | finished | interrupted: resume? | ..."""
    state = run.state
    if run.training:
        if run.stopping:
            return "stopping"
        if state == "paused":
            return "paused"
        if run.phase in ("collecting", "learning"):
            return run.phase
        word = "compiling" if run.phase == "compiling" else "preparing"
        return f"{word}, {time.monotonic() - run.started_at:.0f} s"
    if state == "interrupted":
        return "interrupted: resume?"
    if state in ("running", "paused"):
        return f"{state}, in another process"
    return state


def progress_text(run: Run, records: Sequence[Record]) -> str:
    """Steps done, speed, time left or taken."""
    total = run.config.ppo.total_timesteps
    if not records:
        return f"{steps_text(total)} steps to do"
    last = records[-1]
    words = [f"{steps_text(last['global_step'])} of {steps_text(total)} steps"]
    speed = steps_per_second(records)
    if run.training:
        words.append(f"{speed:,.0f} steps/s")
        words.append(f"{clock((1 - last['progress']) * total / speed)} left")
    else:
        words.append(f"{clock(last['train_s'])} of training")
    return " · ".join(words)


def result_text(records: Sequence[Record]) -> list[str]:
    """What the last update reached: success and return; the step heights met so far, if they rise with success."""
    if not records:
        return []
    last = records[-1]
    words = ["no whole episode has ended yet"]
    if last["episodes"]:
        words = [f"success {last['success_rate']:.0%} · return {last['episode_return']:.1f} per episode"]
    return words + ([f"steps up to {100 * last['frontier']:.1f} cm"] if "frontier" in last else [])


def symptoms_text(symptoms: Iterable[Symptom]) -> Markup:
    """A quiet badge for each: what it is and since when; opened, all that there is to say."""
    rows = []
    for symptom in symptoms:
        since = f"since {steps_text(symptom.step)} steps" + ("" if symptom.lasts else ", over by now")
        details = f"{symptom.evidence}. {symptom.meaning} {symptom.remedy}"
        rows.append(BADGE.format("" if symptom.lasts else "twmr-sub", symptom.name, since, details))
    return Markup().join(rows)


def advice_text(records: Sequence[Record], symptoms: Iterable[Symptom] = ()) -> str:
    """What to do where a training has come to its end, and fewer than half of its last episodes passed; nothing where
    a symptom says it already."""
    last = records[-1] if records else {}
    if last.get("progress", 0.0) < 1 or not last["episodes"] or last["success_rate"] >= FEW:
        return ""
    if any(symptom.lasts for symptom in symptoms):
        return ""
    return "Fewer than half of the last episodes passed: train again with another seed, or longer."


def failure_text(run: Run) -> Markup:
    """Why it failed, and folded below it the whole error."""
    if not run.failure:
        return Markup()
    folded = Markup("<details class='twmr-error'><summary>{}</summary><pre>{}</pre></details>")
    return folded.format(run.failure, run.error)


def steps_per_second(records: Sequence[Record]) -> float:
    """Control steps per second of training over the last updates."""
    recent = records[-RECENT:]
    seconds = sum(map(update_s, recent))
    return sum(r["steps_per_s"] * update_s(r) for r in recent) / seconds if seconds > 0 else math.nan


def update_s(record: Record) -> float:
    return record["collect_s"] + record["learn_s"]


def steps_text(steps: float) -> str:
    """1,234 | 12.3k | 1.50M"""
    if steps < 10_000:
        return f"{steps:,.0f}"
    return f"{steps / 1e3:.1f}k" if steps < 1e6 else f"{steps / 1e6:.2f}M"
