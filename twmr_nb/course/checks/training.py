"""Checks of lesson 04."""

from typing import Any

from twmr_nb.config.schema import EnvConfig, PPOConfig
from twmr_nb.course.checks.verdict import Verdict, as_word, check, judge_number, right, wrong
from twmr_nb.markup import shown

# Three broken settings, named so as not to give the answer away; what is wrong with each is `SICKNESS`.
PATIENTS: dict[str, dict[str, Any]] = {
    "A": {"log_std_init": -4.0, "log_std_final": -4.0},
    "B": {"control_cost": 0.3},
    "C": {"learning_rate": 0.03, "anneal_lr": False},
}
SICKNESS = {"A": "no noise", "B": "penalty", "C": "learning rate"}
SIGNS = {
    "no noise": "std is tiny from the first update on: nothing is tried, so nothing better is found",
    "penalty": "std and KL look healthy, but nobody moves: standing still is what this reward pays for",
    "learning rate": "KL and clip fraction are far above the healthy run's: every update overthrows the last policy",
}


@check
def samples_per_update(answer: Any, config: PPOConfig) -> Verdict:
    """04: how many control steps one update learns from."""
    samples = config.num_envs * config.rollout_steps
    return judge_number(
        answer,
        samples,
        f"{config.num_envs} robots x {config.rollout_steps} steps = {samples} samples, seen {config.epochs} times each "
        f"in {config.minibatches} parts: {config.epochs * config.minibatches} gradient steps.",
        mistakes=[
            (config.rollout_steps, "That is what one robot contributes. All of them learn together."),
            (config.num_envs, "That is the number of robots. Each contributes a whole rollout."),
            (
                samples * config.epochs,
                "Passing over the same samples again makes no new ones: leave the epochs out.",
            ),
            (samples / config.minibatches, "That is one minibatch. An update goes through all of them."),
            (config.total_timesteps, "That is the whole training."),
        ],
        otherwise="Multiply the number of robots by the steps that each takes between two updates.",
        tolerance=0.0,
        example="512",
    )


@check
def horizon_seconds(answer: Any, config: PPOConfig, env: EnvConfig) -> Verdict:
    """04: how far ahead the discount looks, 1 / (1 - gamma) control steps, in seconds."""
    steps = 1 / (1 - config.gamma)
    seconds = steps * env.ctrl_dt
    return judge_number(
        answer,
        seconds,
        f"1 / (1 - {config.gamma:g}) = {steps:.0f} steps of {env.ctrl_dt:g} s: {seconds:.1f} s. A reward much later "
        "than that hardly counts. Whether that keeps a bonus at the end from leading a robot, lesson 06 asks.",
        mistakes=[
            (steps, f"That is in control steps. Each lasts {env.ctrl_dt:g} s."),
            (config.gamma * env.ctrl_dt, "The horizon is 1 / (1 - gamma) steps, not gamma steps."),
            (1 - config.gamma, "That is how much the weight falls per step. The horizon is one over it, in steps."),
            (config.rollout_steps * env.ctrl_dt, "That is one rollout. The critic's estimate reaches beyond its end."),
        ],
        otherwise="Steps: 1 / (1 - gamma). Seconds: times the duration of a step, ctrl_dt.",
        example="0.5",
        unit="s",
    )


@check
def clipped_objective(answer: Any, ratio: float, advantage: float, clip: float) -> Verdict:
    """04: PPO's objective of one sample, min(ratio A, clip(ratio) A)."""
    limited = min(max(ratio, 1 - clip), 1 + clip)
    plain, cut = ratio * advantage, limited * advantage
    return judge_number(
        answer,
        min(plain, cut),
        f"min({plain:g}, {cut:g}) = {min(plain, cut):g}. The action was bad and has become more likely: here nothing "
        "is cut off, and the gradient pulls it back. The clip limits gains only.",
        mistakes=[
            (cut, "That is the clipped part. The objective is the *smaller* of both; mind the sign of the advantage."),
            (-min(plain, cut), "Mind the sign: this advantage is negative."),
            (ratio, "That is the ratio. Multiply by the advantage."),
            (limited, "That is the clipped ratio. Multiply by the advantage, then take the smaller of both products."),
        ],
        otherwise="Compute both products, with the ratio and with the clipped ratio, and take the smaller.",
        example="-1.5",
    )


@check
def diagnosis(answer: Any) -> Verdict:
    """04: which patient suffers from what; answer: {"A": ..., "B": ..., "C": ...}."""
    choices = ", ".join(f"`{s!r}`" for s in sorted(SIGNS))
    if not isinstance(answer, dict) or set(answer) != set(SICKNESS):
        return wrong('Give one word per patient, as `{"A": ..., "B": ..., "C": ...}`, out of ' + choices + ".")
    strange = [v for v in answer.values() if as_word(v) not in SIGNS]
    if strange:
        return wrong(f"`{shown(strange[0])}` is none of the sicknesses: choose out of {choices}.")
    answer = {patient: as_word(v) for patient, v in answer.items()}
    if len(set(answer.values())) < len(SICKNESS):
        return wrong("Each patient has another sickness: one of them is given twice.")
    missed = [p for p in SICKNESS if answer[p] != SICKNESS[p]]
    if missed:
        patient = missed[0]
        return wrong(f"Look at {patient} again. With {answer[patient]!r} you would see: {SIGNS[answer[patient]]}.")
    return right(" ".join(f"**{p}**, {s}: {SIGNS[s]}." for p, s in SICKNESS.items()))
