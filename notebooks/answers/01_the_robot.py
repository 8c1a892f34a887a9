"""What is put into the cells of lesson 01 · The robot, by their ids, to solve it."""

# %% code-06a
tw.course.predict("01 where the wheel is largest", ["lower limit", "between", "upper limit"], mine="between")


# %% code-09b
def my_radius(q, h=0.0208, leg=0.025):
    """Distance of a leg's tip from the axle [m] at the leg angle q [rad]."""
    return np.sqrt(h**2 + leg**2 - 2 * h * leg * np.cos(np.radians(110) + q))


verdict = tw.course.written_radius(my_radius)
assert verdict.correct, verdict
verdict

# %% code-11
my_angle = angles[radius.argmax()]
verdict = tw.course.widest_angle(my_angle)
assert verdict.correct, verdict
verdict

# %% code-18
enough = angles[radius >= 0.05 / 1.5]
my_low, my_high = enough[0], enough[-1]
verdict = tw.course.angles_for_step(my_low, my_high)
assert verdict.correct, verdict
verdict

# %% code-20
my_speed = 0.8 / 0.1 * tw.robot.WHEEL_RADIUS
verdict = tw.course.flat_speed(my_speed)
assert verdict.correct, verdict
verdict

# %% code-23a
tw.course.predict("01 speed with the legs out [m/s]", mine=0.37)

# %% code-25a
tw.course.predict(
    "01 what stops folded legs at 2 cm", ["nothing, it passes", "its front wheels", "its belly"], mine="its belly"
)

# %% code-29a
tw.course.predict("01 legs out, behind 5 cm", ["the right way up", "on its back"], mine="on its back")

# %% code-35
# Slower wheels give the front legs time to hook the edge; short rear legs keep the robot from tipping over backwards.
my_policy = Constant(0.5, 1.5, 0.3)
verdict = tw.course.climber(my_policy)
assert verdict.correct, verdict
verdict
