"""What is put into the cells of lesson 03 · Reward terms, by their ids, to solve it."""


# %% code-03b
def my_extension(t):
    """How far the legs are from the pose that the gate asks for, rad²."""
    asked = t.retract + t.gate[..., None] * (t.extend - t.retract)
    return ((t.leg_angle - asked) ** 2).mean(axis=-1)


verdict = tw.course.written_extension(my_extension)
assert verdict.correct, verdict
verdict

# %% code-09ba
tw.course.predict("03 who has most extension to pay", ["standing", "pushing", "climbing"], mine="pushing")

# %% code-15
my_pay = 1.3 / 0.02
verdict = tw.course.pay_for_way(my_pay)
assert verdict.correct, verdict
verdict

# %% code-24
my_config = tw.EnvConfig(extend_mode="midpoint")
verdict = tw.course.asks_for_legs_out(my_config)
assert verdict.correct, verdict
verdict

# %% code-28b
tw.course.predict("03 who earns least at 0.05", ["standing", "pushing", "climbing"], mine="pushing")

# %% code-32
others_of, raw_of = {}, {}
for robot in (pushing, standing):
    scored = robot.rescore()
    others_of[robot.title] = scored.totals["total"] - scored.totals["extension"]
    raw_of[robot.title] = scored.raw["extension"].sum()
    print(f"{robot.title}: others = {others_of[robot.title]:.2f}, raw extension = {raw_of[robot.title]:.2f} rad²")

# %% code-33
# others - w * raw is the same for both
my_weight = (others_of["pushing"] - others_of["standing"]) / (raw_of["pushing"] - raw_of["standing"])
verdict = tw.course.drowning_weight(my_weight, pushing, standing)
assert verdict.correct, verdict
verdict

# %% code-33b
tw.course.predict("03 who pays most once it is mended", ["standing", "pushing", "climbing"], mine="pushing")

# %% code-34c
my_worth = 10 * 0.99 ** (7 / 0.02)
tw.course.worth_ahead(my_worth, bonus=10.0, seconds=7.0)

# %% code-40
my_answers = {
    "forward": True,
    "alive": False,
    "control": False,
    "height gained, z - z before": True,
    "height, z": False,
    "distance to the goal, before - after": True,
}
verdict = tw.course.telescopes(my_answers)
assert verdict.correct, verdict
verdict

# %% code-40d
my_copy, my_fault = "C", "only ups count"
verdict = tw.course.caught("term", my_copy, my_fault)
assert verdict.correct, verdict
verdict


# %% code-42
def slip(t):
    """How much faster the rims run than the robot drives, m/s."""
    return np.abs(tw.robot.WHEEL_RADIUS * t.wheel_speed.mean(axis=-1) - t.vx)


my_term = tw.reward_term(slip, weight=-0.1, unit="m/s")
verdict = tw.course.charges_slip(my_term, pushing)
assert verdict.correct, verdict
verdict
