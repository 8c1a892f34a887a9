"""What is put into the cells of lesson 05 · Watch policies, by their ids, to solve it."""

# %% code-08a
tw.course.predict("05 upright passes of flip_5cm [%]", mine=0)

# %% code-08d
tw.course.predict("05 the least rate after 20 of 20 [%]", mine=84)

# %% code-11
my_episodes = next(n for n in range(1, 1000) if tw.wilson_interval(n, n)[0] >= 0.95)
tw.course.episodes_needed(my_episodes)

# %% code-11d
my_copy, my_fault = "B", "counts each try four times"
verdict = tw.course.caught("interval", my_copy, my_fault)
assert verdict.correct, verdict
verdict

# %% code-15
my_name = max(policies, key=lambda name: abs(quiet[name] - noisy[name]))
tw.course.noise_gap(my_name, quiet, noisy)

# %% code-20
rates = [result["success_rate"] for result in curves[climbers[0]]]
my_height = max((h for h, rate in zip(heights, rates, strict=True) if rate >= 0.5), default=0.0)
tw.course.half_height(my_height, heights, rates)

# %% code-21a
tw.course.predict("05 most episodes before 7 cm", ["before its edge", "on top", "passed"], mine="before its edge")

# %% code-27
farthest = failed.x.max()
my_place = "on top" if farthest >= near else "at the edge" if farthest >= near - 0.12 else "never reached it"
my_place = "passed" if failed.passed else my_place
tw.course.where_it_ended(my_place, failed)
