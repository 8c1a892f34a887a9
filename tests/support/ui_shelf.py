"""Saved policies for the tests of the policy browser."""

import dataclasses
import os

from tiny import ONE_UPDATE

from twmr_nb.runs.run import LIVE, new_run

CASES = {"alpha": {"scene": "step_5cm"}, "beta": {"scene": "step_7cm", "seed": 3}, "gamma": {"scene": "flat"}}


def fill(root):
    """Three tiny runs with made-up results."""
    for age, (name, settings) in enumerate(reversed(CASES.items())):
        run = new_run("flip", name, root=root, **ONE_UPDATE, **settings)
        run.train()
        saved = run.policy
        results = saved.results | {"success_rate": 0.1 * (age + 1), "global_step": 1000 * (age + 1)}
        for path in run.path.glob("*.safetensors"):
            if path.name != "checkpoint.safetensors":
                name_ = f"ppo_lstm_policy_{name}"
                dataclasses.replace(saved, name=name_, results=results).save(path)
                os.utime(path, (1_700_000_000 + 100 * age,) * 2)
                if path.name != "policy.safetensors":
                    path.rename(path.with_name(f"{name_}.safetensors"))
    LIVE.clear()
    return root


def names(policies) -> list[str]:
    return [policy.name.removeprefix("ppo_lstm_policy_") for policy in policies]


def named(browser, name):
    return next(p for p in browser.policies if p.name.endswith(name))
