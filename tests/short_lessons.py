"""Shortens the lessons for tests: a kernel runs this before its first cell where PYTHONSTARTUP names it.

What a lesson asks of the front door is made small; what is behind the front door, every check for instance, stays
whole. Each module is imported when it is first used, as it is without this.
"""


def shorten_lessons():
    import dataclasses

    import twmr_nb as tw

    STEPS, ROBOTS, EPISODES, CROWD = 50, 2, 4, 16
    SMALL = {"num_envs": 4, "minibatches": 1, "rollout_steps": 16, "max_steps": STEPS}

    def is_scripted(policy):
        """Whether it is a controller of the lesson's own: quick to play, and what it does is looked at closely."""
        return not isinstance(policy, str | tw.SavedPolicy)

    def short_trials():
        """The worlds in which policies are judged, made short."""
        from unittest import mock

        from twmr_nb.episodes import worlds

        return mock.patch.object(worlds, "TRIAL_STEPS", STEPS)

    def train(preset, total_timesteps=1024, **settings):
        from twmr_nb.runs.run import train

        return train(preset, total_timesteps=min(total_timesteps, 1024), **settings | SMALL)

    def panel(preset, total_timesteps=1024, **settings):
        from twmr_nb.ui.panel import TrainingPanel

        return TrainingPanel(preset, total_timesteps=min(total_timesteps, 1024), **settings | SMALL)

    def record(policy, world=None, seed=0, num_steps=None, **options):
        return record_many(policy, 1, world, seed, num_steps, **options)[0]

    def record_many(policy, count, world=None, seed=0, num_steps=None, **options):
        from twmr_nb.episodes.rollout import record_many

        if not is_scripted(policy) or count >= CROWD:  # a crowd is only counted
            num_steps = STEPS
        return record_many(policy, min(count, ROBOTS), world, seed, num_steps, **options)

    def video(*episodes, **options):
        from twmr_nb.draw.film import video

        return video(*episodes, fps=2, **options)

    def evaluate(policy, world=None, episodes=EPISODES, **options):
        from twmr_nb.episodes.evaluate import evaluate

        world = (world or tw.world(policy)).replace(max_steps=STEPS)
        return evaluate(policy, world, min(episodes, EPISODES), **options)

    def sweep_heights(policy, heights, episodes):
        from twmr_nb.episodes.evaluate import sweep_heights

        return sweep_heights(policy, tw.world(policy).replace(max_steps=STEPS), heights, min(episodes, ROBOTS))

    def compare(variants, seeds, steps, episodes, workers=None):
        from twmr_nb.lab.experiment import Variant, compare

        full = {name: v if isinstance(v, Variant) else Variant(v) for name, v in variants.items()}
        small = {name: dataclasses.replace(v, settings={**v.settings, **SMALL}) for name, v in full.items()}
        with short_trials():
            return compare(small, seeds=seeds, steps=min(steps, 256), episodes=min(episodes, EPISODES))

    def many(work, given, options):
        """In the background, and here: judged by episodes that have passed where they start."""
        options = {name: value for name, value in options.items() if name != "workers"}
        return work(given, **options | SMALL | {"success_x": -1.0, "seeds": 1, "steps": 256, "episodes": ROBOTS})

    def sweep(grid, **options):
        from twmr_nb.lab.experiment import sweep

        return many(sweep, grid, options)

    def ablate(preset="recommended", **options):
        from twmr_nb.lab.ablation import ablate

        return many(ablate, preset, options)

    def submit(policy, by, problem):
        from twmr_nb.course.leaderboard import submit

        with short_trials():
            return submit(policy, by, problem, episodes=EPISODES)

    for short in (train, record, record_many, video, evaluate, sweep_heights, compare, sweep, ablate):
        setattr(tw, short.__name__, short)
    tw.TrainingPanel = panel
    tw.course.submit = submit


shorten_lessons()
del shorten_lessons
