"""What is put into the cells of lesson 06 · Reward shaping lab, by their ids, to solve it."""

# %% code-03
world = tw.preset("flip").env
print(f"{world.max_steps} steps of {world.ctrl_dt} s at most, success bonus {world.success_bonus:g}")
my_alive_bonus = world.success_bonus / (world.max_steps - 7.0 / world.ctrl_dt)
tw.course.alive_break_even(my_alive_bonus, world, pass_seconds=7.0)

# %% code-03b
my_bonus = world.success_bonus * (1 - 0.99)
tw.course.waiting_break_even(my_bonus, bonus=world.success_bonus, gamma=0.99)

# %% code-03f
where = ["at the start", "before the step", "at the step, or just before the line", "beyond the line"]
tw.course.predict("06 where robots with an alive bonus of 1 end", where, mine="at the step, or just before the line")

# %% code-12
base, ours = experiment.results().values()
low, high = min(ours) - max(base), max(ours) - min(base)
my_verdict = "better" if low > 0 else "worse" if high < 0 else "cannot tell"
tw.course.verdict_of(my_verdict, experiment, "alive bonus 1")

# %% code-14
from math import comb

my_chance = 2 / comb(6, 3)
tw.course.chance_of_order(my_chance, seeds=3)

# %% code-19b
tw.course.predict("06 passes with the bonus only [%]", mine=50)


# %% code-37
def level(t):
    return t.pitch**2 + t.roll**2


my_term = tw.reward_term(level, weight=-0.1)

# %% code-42d
my_copy, my_fault = "C", "degrees for radians"
verdict = tw.course.caught("cost", my_copy, my_fault)
assert verdict.correct, verdict
verdict

# %% code-43b
tw.course.predict("06 upside down with my term, worst seed [%]", mine=0)

# %% code-48ba
tw.course.predict("06 in how many of four every seed passes upright", most=4, mine=1)

# %% code-48fb
gaps = {"friction": {"friction_range": 0.6}, "noise": {"sensor_noise": 5.0}, "delay": {"action_delay": 10}}
tw.course.predict("06 what takes most passes from climber", ["friction", "noise", "delay"], mine="delay")

# %% code-49b
upright = {name: ", ".join(f"{rate:.0%}" for rate in rates) for name, rates in own.results("upright_pass").items()}
page = tw.course.report(
    own,
    title="Does a cost on tilting keep the robot upright?",
    hypothesis="Turning over pays because nothing says which side is up. A cost of 0.1 per rad² of pitch and roll "
    "makes lying on the back dearer than driving pays, so the robot climbs the right way up. One seed that still turns "
    "over refutes it.",
    verdict=f"Passed upright, by seed: {upright['baseline']} without the term, {upright['my term']} with it. The "
    "hypothesis stands where the worst seed with the term is above the best one without; else four seeds cannot tell. "
    "What else could explain a difference: the cost also makes the robot slower at the edge, and a slow robot may turn "
    "over less.",
    by="the solution",
)
assert page.path.exists()
page
