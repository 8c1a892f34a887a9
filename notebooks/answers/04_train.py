"""What is put into the cells of lesson 04 · Train, by their ids, to solve it."""

# %% code-08a
tw.course.predict("04 passes of the latest 100 episodes", mine=80)

# %% code-13
my_horizon = 1 / (1 - run.config.ppo.gamma) * run.config.env.ctrl_dt
tw.course.horizon_seconds(my_horizon, run.config.ppo, run.config.env)


# %% code-15b
def my_gae(delta, done, gamma, lam):
    """Advantages [T] of one robot from its temporal-difference errors [T]."""
    advantage, later = np.zeros(len(delta)), 0.0
    for t in reversed(range(len(delta))):
        later = delta[t] + gamma * lam * later * (1 - done[t])
        advantage[t] = later
    return advantage


verdict = tw.course.written_gae(my_gae)
assert verdict.correct, verdict
verdict

# %% code-22
my_objective = min(1.5 * -2.0, 1.2 * -2.0)
tw.course.clipped_objective(my_objective, ratio=1.5, advantage=-2.0, clip=0.2)


# %% code-22b
def my_objective_of(ratio, advantage, clip):
    """What each sample adds to PPO's objective."""
    return np.minimum(ratio * advantage, np.clip(ratio, 1 - clip, 1 + clip) * advantage)


verdict = tw.course.written_objective(my_objective_of)
assert verdict.correct, verdict
verdict

# %% code-26
print({name: getattr(run.config.ppo, name) for name in ("num_envs", "rollout_steps", "epochs", "minibatches")})
my_samples = run.config.ppo.num_envs * run.config.ppo.rollout_steps
tw.course.samples_per_update(my_samples, run.config.ppo)

# %% code-26e
my_copy, my_fault = "A", "a time limit is the end"
verdict = tw.course.caught("advantage", my_copy, my_fault)
assert verdict.correct, verdict
verdict

# %% code-33a
tw.course.predict("04 KL without noise", ["smaller", "larger"], mine="larger")

# %% code-37
my_diagnosis = {"A": "no noise", "B": "penalty", "C": "learning rate"}
tw.course.diagnosis(my_diagnosis)
