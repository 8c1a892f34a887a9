"""What is put into the cells of lesson 02 · Senses and gates, by their ids, to solve it."""

# %% code-08
my_answers = {
    "wheel speed": True,
    "leg angle": True,
    "gyro": True,
    "accelerometer": True,
    "x": False,
    "forward speed": False,
    "place relative to the step": False,
    "height above the floor": False,
}
verdict = tw.course.real_or_privileged(my_answers)
assert verdict.correct, verdict
verdict

# %% code-12a
tw.course.predict("02 how far off the step may be", ["0.8 m", "1.3 m", "1.8 m"], mine="1.8 m")

# %% code-14b
tw.course.predict("02 passes with a memory of 0.2 s [%]", mine=0)

# %% code-19
my_place = 0.8 - 0.3
verdict = tw.course.half_open_at(my_place, tw.EnvConfig(gate_mode="obstacle", obstacle_pre_buffer=0.3))
assert verdict.correct, verdict
verdict


# %% code-19b
def my_obstacle_gate(x, x1, x2, s):
    """How far the legs should be out, 0 to 1, at the places x [m]."""
    return 0.5 * (np.tanh((x - x1) / s) + 1) * 0.5 * (np.tanh((x2 - x) / s) + 1)


verdict = tw.course.written_gate(my_obstacle_gate)
assert verdict.correct, verdict
verdict

# %% code-22b
tw.course.predict(
    "02 the proprio gate with the legs out", ["at the step", "at the step and elsewhere alike"], mine="at the step"
)


# %% code-32
def my_gate(t):
    return (np.abs(averaged(t.accelerometer[:, 0], 40)) > 1.2) + 0.0


verdict = tw.course.felt_gate(my_gate, climb)
assert verdict.correct, verdict
verdict

# %% code-32d
my_copy, my_fault = "B", "reads the future"
verdict = tw.course.caught("gate", my_copy, my_fault)
assert verdict.correct, verdict
verdict
