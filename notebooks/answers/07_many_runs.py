"""What is put into the cells of lesson 07 · Many runs, by their ids, to solve it."""

# %% code-03
grid, seeds = {"control_cost": [0.001, 0.01, 0.1], "extension_penalty": [0.001, 0.05]}, 2
my_trainings = math.prod(len(values) for values in grid.values()) * seeds
tw.course.trainings_of(my_trainings, grid, seeds)

# %% code-03b
tw.course.predict("07 how many of six are on the front", mine=3)

# %% code-07
my_seeds = next(n for n in range(1, 20) if 5 * 2 / math.comb(2 * n, n) <= 0.05)
tw.course.seeds_for(my_seeds, questions=5)

# %% code-11
my_front, least = [], math.inf
for name in sorted(points, key=points.get):
    if points[name][1] < least or points[name] in [points[kept] for kept in my_front]:
        my_front.append(name)
        least = points[name][1]
tw.course.on_the_front(my_front, comparison)

# %% code-19
my_minutes = math.ceil(30 / 16) * longer
tw.course.minutes_on(my_minutes, trainings=30, minutes=longer, cores=16)

# %% code-24
my_copy, my_fault = "A", "counts only what it found"
verdict = tw.course.caught("correction", my_copy, my_fault)
assert verdict.correct, verdict
verdict

# %% code-25a
tw.course.predict("07 the term that flip needs most", ["forward", "control", "extension", "success"], mine="forward")
