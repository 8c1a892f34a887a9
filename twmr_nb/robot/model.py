"""The robot and its world: a MuJoCo model built from a few dimensions.

A box on four wheels. Each wheel carries three short legs, hinged near its rim, that fold into the wheel or swing out
and make it larger: tip_radius() is the geometry that everything else is about. Axes: x ahead, y to the right-hand
wheels, z up. Lengths in m, masses in kg, angles in rad.
"""

import math
from typing import Any

import mujoco
import numpy as np
from mujoco import mjtGeom, mjtObj, mjtSensor, mjtTrn
from numpy.typing import ArrayLike, NDArray

from twmr_nb.config.schema import EnvConfig, checked_world
from twmr_nb.robot.appearance import add_looks

CHASSIS_HALF_SIZE = (0.05, 0.08, 0.02)
CHASSIS_MASS = 1.5
CHASSIS_COM_Z = 0.02
CHASSIS_INERTIA_DENSITY = 940.0  # kg/m3; the inertia is that of a box of this density, not of the whole mass
WHEEL_RADIUS, WHEEL_HALF_WIDTH = 0.025, 0.005
DENSITY = 1000.0  # kg/m3, of wheels and of the legs' inertia
WHEEL_MASS = DENSITY * math.pi * WHEEL_RADIUS**2 * 2 * WHEEL_HALF_WIDTH
LEG_HALF_SIZE = (0.0125, 0.0025, 0.0025)
LEG_LENGTH = 2 * LEG_HALF_SIZE[0]
LEG_MASS = 0.02
LEG_HINGE_RADIUS = WHEEL_RADIUS * (5 / 6)
LEG_OUTBOARD = 0.0075
LEG_MOUNT = math.radians(110.0)  # angle between the wheel's spoke and a leg at joint angle 0
# Where each leg's hinge sits on the wheel (x, z) and how the leg is turned (w, y of a quaternion): LEG_HINGE_RADIUS and
# LEG_MOUNT, 120 degrees apart. Written out to the last bit: contacts amplify a bit, and sin and cos differ by machine.
LEG_HINGES = (
    (0.020833333333333336, 0.0),
    (-0.010416666666666663, 0.018042195912175808),
    (-0.010416666666666676, -0.018042195912175804),
)
LEG_TURNS = (
    (0.573576436351046, 0.8191520442889918),
    (0.9961946980917455, -0.0871557427476581),
    (0.4226182617406996, -0.9063077870366498),
)
ROOT_Z = 0.030117751451163032  # at joint angles 0 the lowest leg touches the floor
LEG_RANGE = (-1.047, 3.427)
WHEEL_TORQUE, LEG_TORQUE = 0.8, 0.6  # N m
LEG_KP, LEG_KV = 8.0, 0.1  # position servo: N m/rad, N m s/rad

WHEELS = {  # in motor order: sign of x, sign of y
    "front_left": (1, -1),
    "front_right": (1, 1),
    "rear_left": (-1, -1),
    "rear_right": (-1, 1),
}
ROBOT_MASS = CHASSIS_MASS + len(WHEELS) * (WHEEL_MASS + len(LEG_HINGES) * LEG_MASS)
# Where the wheels' axes cross the root's own frame, [4, 2]: ahead and to the side; none lies above or below the root.
WHEEL_AHEAD, WHEEL_ASIDE = CHASSIS_HALF_SIZE[0], CHASSIS_HALF_SIZE[1] + WHEEL_HALF_WIDTH
WHEEL_PLACES = np.array([(ahead * WHEEL_AHEAD, side * WHEEL_ASIDE) for ahead, side in WHEELS.values()])
# Root joint first, then per wheel: the wheel and its three legs. Leg 0 is the one with the motor.
WHEEL_QPOS, LEG_QPOS = slice(7, None, 4), slice(8, None, 4)
WHEEL_DOF, LEG_DOF = slice(6, None, 4), slice(7, None, 4)
WHEEL_CTRL, LEG_CTRL = slice(0, 4), slice(4, 8)
NQ, NV, NU = 23, 22, 8
STEP_GEOM = "traverse_box"

MAX_TIP_RADIUS = LEG_HINGE_RADIUS + LEG_LENGTH  # m; of a leg straight out from the axle
LEGS_FOLDED, LEGS_OUT = 0.03, 0.04  # m; legs whose tips reach less far count as folded, those that reach further as out
# m; stricter than folded, of a single leg: within 2 mm of the bare wheel, so that none bumps along. A limit of 30 mm is
# kept by a leg that stands out to just below it.
LEGS_STOWED = 0.027
WHEGS = 1.5  # a wheel with legs climbs steps of about so many times its tip radius
NEAR = 0.15  # m before and after the step that count as "at the step"

# What the trajectories were recorded with.
CONTACT = {"friction": [1.2, 0.05, 0.02], "solref": [0.01, 1.0]}
COLLISION = {"contype": 1, "conaffinity": 15, "condim": 4, "rgba": [0, 0, 0, 0]}
VISUAL = {"contype": 0, "conaffinity": 0, "condim": 1}
UPRIGHT = [0.7071067811865476, 0.7071067811865476, 0, 0]  # turns a cylinder's axis from z to y
HINGE = {"type": mujoco.mjtJoint.mjJNT_HINGE, "axis": [0, 1, 0], "damping": 0.1, "armature": 0.01, "frictionloss": 0.01}


def tip_radius(angle: ArrayLike) -> NDArray[np.float64]:
    """Distance [m] of a leg's tip from its wheel's axis at a joint angle [rad] (law of cosines)."""
    bend = np.cos(LEG_MOUNT + np.asarray(angle))
    return np.sqrt(LEG_HINGE_RADIUS**2 + LEG_LENGTH**2 - 2 * LEG_HINGE_RADIUS * LEG_LENGTH * bend)


def step_box(config: EnvConfig) -> tuple[float, float, float, float] | None:
    """The step as (centre x, centre z, half-depth, half-height) in m; None in the flat scene."""
    config = checked_world(config)
    if config.scene == "flat":
        return None
    if config.scene == "step_5cm":
        return 1.0, 0.01, 0.2, 0.0395
    if config.scene == "step_7cm":
        return 1.0, 0.035, 0.2, 0.035
    centre_z, half_height = height_to_box(config.step_height_max or config.step_height)
    return config.step_x, float(centre_z), config.step_half_depth, float(half_height)


def height_to_box(height: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Centre z and half-height [m] of a step box with its top at `height`; below 1 mm the box reaches underground."""
    half = np.maximum(np.asarray(height, dtype=float), 1e-3) / 2
    return height - half, half


def step_height(config: EnvConfig) -> float:
    """Height of the step's top [m], the largest one if heights are drawn; 0 in the flat scene."""
    box = step_box(config)
    return box[1] + box[3] if box else 0.0


def step_edges(config: EnvConfig) -> tuple[float, float] | None:
    """Where the step begins and ends along x [m]; None in the flat scene."""
    box = step_box(config)
    return (box[0] - box[2], box[0] + box[2]) if box else None


def at_step(config: EnvConfig, x: ArrayLike, near: float = NEAR) -> NDArray[np.bool_]:
    """Whether places x [...] are over the step or next to it, as `near` says (m); nowhere in the flat scene."""
    start, end = step_edges(config) or (np.inf, -np.inf)
    return (np.asarray(x) > start - near) & (np.asarray(x) < end + near)


def build_model(config: EnvConfig | None = None) -> mujoco.MjModel:
    """The compiled model of a configuration's robot and scene."""
    return build_spec(config).compile()


def build_spec(config: EnvConfig | None = None) -> mujoco.MjSpec:
    """The editable MuJoCo model of a configuration's robot and scene."""
    config = checked_world(config)
    spec = mujoco.MjSpec()
    spec.modelname = "twmr"
    spec.compiler.degree = False
    spec.option.timestep = config.timestep
    # A diverged robot must show as NaN, so that its episode ends, not be put back silently.
    spec.option.disableflags = mujoco.mjtDisableBit.mjDSBL_AUTORESET
    spec.default.geom.friction, spec.default.geom.solref = CONTACT["friction"], CONTACT["solref"]
    spec.default.equality.solref = CONTACT["solref"]
    add_looks(spec, WHEELS)
    add_scene(spec, config)
    add_robot(spec)
    add_motors(spec, config.action_mode != "torque")
    add_sensors(spec)
    return spec


def add_scene(spec: mujoco.MjSpec, config: EnvConfig) -> None:
    """The floor and, unless the scene is flat, the step with a touch sensor's site around it."""
    world = spec.worldbody
    world.add_geom(
        name="ground",
        type=mjtGeom.mjGEOM_PLANE,
        size=[10, 10, 0.001],
        contype=1,
        conaffinity=15,
        condim=3,
        material="floor",
    )
    if box := step_box(config):
        x, z, half_depth, half_height = box
        shape: dict[str, Any] = {"type": mjtGeom.mjGEOM_BOX, "pos": [x, 0, z]}
        size = np.array([half_depth, 5, half_height])
        world.add_geom(name=STEP_GEOM, size=size, **shape | COLLISION | {"rgba": [0.8, 0.2, 0.2, 1]})
        # A little larger than the box, so that contacts on its surface lie inside.
        world.add_site(name="traverse_box_site", size=size + 1e-3, rgba=[0, 0, 0, 0], **shape)


def add_robot(spec: mujoco.MjSpec) -> None:
    """Root, chassis, and four wheels with three legs each; legs 1 and 2 follow leg 0 by equalities."""
    root = spec.worldbody.add_body(name="root", pos=[0, 0, ROOT_Z])
    root.add_freejoint(name="root")
    root.add_site(name="root_site", size=[0.005] * 3, rgba=[0, 0, 0, 0])
    track = mujoco.mjtCamLight.mjCAMLIGHT_TRACK
    # From the right-hand side of the page: x runs to the right, 17 degrees down.
    root.add_camera(name="track", mode=track, pos=[0.06, -0.56, 0.19], xyaxes=[1, 0, 0, 0, 0.29, 0.957], fovy=40)
    chassis = root.add_body(
        name="chassis",
        explicitinertial=True,
        mass=CHASSIS_MASS,
        ipos=[0, 0, CHASSIS_COM_Z],
        inertia=box_inertia(CHASSIS_INERTIA_DENSITY, CHASSIS_HALF_SIZE),
    )
    add_geoms(chassis, "body", type=mjtGeom.mjGEOM_BOX, size=CHASSIS_HALF_SIZE)
    for name, (ahead, side) in WHEELS.items():
        add_wheel(spec, chassis, name, ahead, side)


def add_wheel(spec: mujoco.MjSpec, chassis: mujoco.MjsBody, name: str, ahead: int, side: int) -> None:
    wheel = chassis.add_body(
        name=f"{name}_wheel_body",
        pos=[ahead * WHEEL_AHEAD, side * WHEEL_ASIDE, 0],
        explicitinertial=True,
        mass=WHEEL_MASS,
        inertia=cylinder_inertia(DENSITY, WHEEL_RADIUS, WHEEL_HALF_WIDTH),
        ipos=[0, 0, 0],
        iquat=UPRIGHT,
    )
    wheel.add_joint(name=f"{name}_wheel_joint", **HINGE)
    add_geoms(wheel, "body", type=mjtGeom.mjGEOM_CYLINDER, size=[WHEEL_RADIUS, WHEEL_HALF_WIDTH, 0], quat=UPRIGHT)
    centre = [-LEG_HALF_SIZE[0], 0, 0]
    for i, ((x, z), (w, y)) in enumerate(zip(LEG_HINGES, LEG_TURNS, strict=True)):
        leg = wheel.add_body(
            name=f"{name}_wheel_{i}_extension_body",
            pos=[x, side * LEG_OUTBOARD, z],
            quat=[w, 0, y, 0],
            explicitinertial=True,
            mass=LEG_MASS,
            ipos=centre,
            inertia=box_inertia(DENSITY, LEG_HALF_SIZE),
        )
        leg.add_joint(name=f"{name}_wheel_{i}_extension_joint", limited=True, range=LEG_RANGE, **HINGE)
        add_geoms(leg, f"{name}_leg_{i}", type=mjtGeom.mjGEOM_BOX, size=LEG_HALF_SIZE, pos=centre)
    short = "".join(word[0] for word in name.split("_"))
    for i in (1, 2):
        spec.add_equality(
            name=f"eq_{short}_{i}0",
            type=mujoco.mjtEq.mjEQ_JOINT,
            objtype=mjtObj.mjOBJ_JOINT,
            name1=f"{name}_wheel_{i}_extension_joint",
            name2=f"{name}_wheel_0_extension_joint",
            data=[0, 1] + [0] * 8 + [1],
        )


def add_geoms(body: mujoco.MjsBody, material: str, **shape: Any) -> None:
    """One shape twice: invisible for contacts, visible without."""
    body.add_geom(name=f"{body.name}_collision_0", **COLLISION | shape)
    body.add_geom(name=f"{body.name}_visual_0", material=material, **shape | VISUAL)


def add_motors(spec: mujoco.MjSpec, leg_position: bool) -> None:
    """Eight motors, wheels then legs; the legs' are position servos of the same strength if asked for."""
    for joint in [f"{w}_wheel_joint" for w in WHEELS] + [f"{w}_wheel_0_extension_joint" for w in WHEELS]:
        limit = LEG_TORQUE if "extension" in joint else WHEEL_TORQUE
        motor = spec.add_actuator(name=f"{joint}_ctrl", trntype=mjtTrn.mjTRN_JOINT, target=joint, ctrllimited=True)
        if leg_position and "extension" in joint:
            motor.set_to_position(kp=LEG_KP, kv=LEG_KV)
            motor.ctrlrange, motor.forcerange, motor.forcelimited = LEG_RANGE, [-limit, limit], True
        else:
            motor.set_to_motor()
            motor.ctrlrange = [-limit, limit]


def add_sensors(spec: mujoco.MjSpec) -> None:
    root = {
        "base_link_pos": mjtSensor.mjSENS_FRAMEPOS,
        "base_link_quat": mjtSensor.mjSENS_FRAMEQUAT,
        "base_link_vel": mjtSensor.mjSENS_FRAMELINVEL,
        "base_link_ang_vel": mjtSensor.mjSENS_FRAMEANGVEL,
        "root_acc": mjtSensor.mjSENS_ACCELEROMETER,
        "root_gyro": mjtSensor.mjSENS_GYRO,
    }
    for name, kind in root.items():
        spec.add_sensor(name=name, type=kind, objtype=mjtObj.mjOBJ_SITE, objname="root_site")
    if spec.site("traverse_box_site"):
        touch = mjtSensor.mjSENS_TOUCH
        spec.add_sensor(name="box_touch", type=touch, objtype=mjtObj.mjOBJ_SITE, objname="traverse_box_site")


def box_inertia(density: float, half_size: tuple[float, float, float]) -> list[float]:
    """Principal moments of inertia [kg m²] of a solid box."""
    mass = 8 * math.prod(half_size) * density
    a, b, c = (s**2 for s in half_size)
    return [mass / 3 * (b + c), mass / 3 * (a + c), mass / 3 * (a + b)]


def cylinder_inertia(density: float, radius: float, half_length: float) -> list[float]:
    """Principal moments of inertia [kg m²] of a solid cylinder, its axis last."""
    mass = density * math.pi * radius**2 * 2 * half_length
    across = mass * radius**2 / 4 + mass * half_length**2 / 3
    return [across, across, mass * radius**2 / 2]
