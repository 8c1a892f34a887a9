"""Pictures of a recorded episode: frames, video, and a strip of stills.

Drawing with software (no GPU) is the normal case: shadows and reflections are off, which makes it four times faster.
A GL context belongs to the thread that made it, and the memory it took stays with that thread after it is closed (some
70 MB). So all drawing happens on one thread, whoever asks, one picture or film after another.
"""

import base64
import dataclasses
import functools
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar

import imageio_ffmpeg
import mediapy
import mujoco
import numpy as np
from IPython.display import HTML
from markupsafe import Markup
from numpy.typing import NDArray
from PIL import Image

from twmr_nb.config.fields import is_number
from twmr_nb.config.schema import ConfigError, EnvConfig
from twmr_nb.draw.overlay import Frame, draw_overlay, draw_title
from twmr_nb.draw.page import output
from twmr_nb.draw.stills import moments, png, side_view_frames
from twmr_nb.episodes.rollout import Rollout, record
from twmr_nb.files import ready_file, write_bytes
from twmr_nb.graphics import no_gl
from twmr_nb.markup import one_line, shown
from twmr_nb.memory import give_back
from twmr_nb.policies.protocol import ZeroPolicy
from twmr_nb.progress import Progress
from twmr_nb.robot.model import STEP_GEOM, WHEELS, build_spec, step_box
from twmr_nb.system import unset
from twmr_nb.types import Mistake

Camera = Literal["track", "fixed"]
P = ParamSpec("P")
R = TypeVar("R")
Size = tuple[int, int]  # width, height in pixels
NO_GL = no_gl()
NO_FFMPEG = "no video: there is no ffmpeg. Run `pip install --force-reinstall imageio-ffmpeg`."
CLEARANCE = 0.16  # m beside the robot's middle that is drawn of the step; its whole 10 m would hide its profile
PAGE_WIDTH = 1120  # px; several videos side by side are scaled down to it
CRF = 27  # h264 quality: about 35 kB a second
STILLS = "Stills of the episode, in their order"
DRAWING = ThreadPoolExecutor(1, "drawing")
PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")  # what a still can be written as
PALE, DARK, TYRE, BLOCK = [0.95, 0.95, 0.95, 1], [0.3, 0.3, 0.35, 1], [0.17, 0.19, 0.22, 1], [0.45, 0.52, 0.60, 1]


class RenderError(Mistake, RuntimeError):
    """Nothing can be drawn here; the message is one line that says what to install."""


def on_drawing_thread(draw: Callable[P, R]) -> Callable[P, R]:
    """A function that does its work on the drawing thread; such functions must not call each other."""

    @functools.wraps(draw)
    def drawn(*args: P.args, **kwargs: P.kwargs) -> R:
        return DRAWING.submit(draw, *args, **kwargs).result()

    return drawn


@functools.cache
def gl_available() -> bool:
    """Whether this machine can draw."""
    try:
        mujoco.GLContext(16, 16).free()
    except Exception:  # whatever a missing or broken driver raises, the answer is no
        return False
    return True


@on_drawing_thread
def frame_strip(rollout: Rollout, n: int = 6, size: Size = (320, 180)) -> Image.Image:
    """n moments of the episode in rows of three, for where there is no video; without a GL library the side view."""
    index = np.array(moments(rollout, n))
    draw = functools.partial(draw_steps, camera="track", overlay=True) if gl_available() else side_view_frames
    pictures = list(draw(rollout, index, size))
    pictures += [np.full_like(pictures[0], 255)] * (-n % 3)
    return Image.fromarray(np.vstack([np.hstack(pictures[i : i + 3]) for i in range(0, len(pictures), 3)]))


@on_drawing_thread
def still(world: EnvConfig, x: float = 0.0, size: Size = (640, 360)) -> Image.Image | HTML:
    """The robot at rest in its world, x metres from its start, as a picture of size (width, height) in pixels.

    Where there is no GL library: its side view, below a line that says what to install.

    >>> picture = tw.still(tw.EnvConfig(step_height=0.03), x=0.7)
    """
    rest = record(ZeroPolicy(), world, num_steps=1)
    there = rest.transition.qpos + np.eye(1, rest.transition.qpos.shape[1]) * x  # the root's x comes first
    rest = dataclasses.replace(rest, transition=dataclasses.replace(rest.transition, qpos=there))
    try:
        return Image.fromarray(next(draw_steps(rest, np.array([0]), size, "track", overlay=False)))
    except RenderError as error:
        (picture,) = side_view_frames(rest, [0], size, overlay=False)
        tag = image_tag(Image.fromarray(picture), "The robot at rest, from its side")
        return output(Markup("<p>{}</p>{}").format(error, tag))


def video(
    *episodes: Rollout | Sequence[Rollout],
    fps: float = 25,
    size: Size = (640, 360),
    camera: Camera = "track",
    overlay: bool = True,
    speed: float = 1.0,
) -> HTML:
    """A film of one episode, or of several side by side with their titles, to be shown in the page.

    episodes: one by one, or as a list. fps: pictures a second; size: of each film (width, height), in pixels;
    camera: "track" goes with the robot, "fixed" shows the whole course; overlay: time, place, reward so far and gate
    on top; speed: times real time. Where no film can be made: a line that says what to install, and stills of each
    episode. Raises ConfigError where there is no episode, or a number is not allowed.

    >>> ride = tw.record("zero", num_steps=25)
    >>> film = tw.video(ride, ride, size=(160, 90), fps=10, speed=2)
    """
    several = all_of(episodes)
    try:
        data = mp4(several, fps, size, camera, overlay, speed)
    except RenderError as error:
        titled_ = Markup("<p><b>{}</b></p>{}")
        strips = [titled_.format(one_line(each.title), image_tag(frame_strip(each), STILLS)) for each in several]
        return output(Markup("<p>{}</p>{}").format(error, Markup().join(strips)))
    width = min(size[0] * len(several), PAGE_WIDTH)
    height = round(width * size[1] / (size[0] * len(several)))
    fits = "max-width: 100%; height: auto"  # a narrow page; the border is where a style of ours can go
    film = mediapy.html_from_compressed_video(data, width=width, height=height, border=fits)
    return output(Markup(film))  # noqa: S704 (numbers, and a style of ours)


def save_video(
    rollout: Rollout,
    path: str | Path,
    speed: float = 1.0,
    follow: bool = True,
    fps: float = 25,
    size: Size = (640, 360),
) -> Path:
    """The film as an .mp4 file, written whole or not at all; raises RenderError where none can be made."""
    can_film()
    path = ready_file(path, ".mp4")
    data = mp4([rollout], fps, size, "track" if follow else "fixed", speed=speed)
    return write_bytes(path, data)


def all_of(episodes: Sequence[Rollout | Sequence[Rollout]]) -> list[Rollout]:
    """Episodes given one by one or as lists; raises ConfigError on anything else."""
    several: list[Any] = [one for each in episodes for one in (each if isinstance(each, list | tuple) else [each])]
    for one in several:
        if not isinstance(one, Rollout):
            raise ConfigError(f"{shown(one)} cannot be filmed: give episodes, as tw.record returns them.")
    if not several:
        raise ConfigError("there is nothing to film: give at least one episode, as tw.record returns it.")
    return several


def mp4(
    rollouts: Sequence[Rollout],
    fps: float = 25,
    size: Size = (640, 360),
    camera: Camera = "track",
    overlay: bool = True,
    speed: float = 1.0,
) -> bytes:
    """One rollout, or several side by side with their titles, as an h264 file; raises RenderError if it cannot be."""
    steps = [steps_shown(rollout, fps, speed) for rollout in rollouts]
    longest = max(map(len, steps))
    held = [np.pad(index, (0, longest - len(index)), mode="edge") for index in steps]  # a short one waits at its end
    with Progress("drawing the video", longest, first="") as bar:
        return compressed(rollouts, held, fps, size, camera, overlay, bar)


@on_drawing_thread
def compressed(
    rollouts: Sequence[Rollout], steps: Sequence[NDArray[np.int_]], fps: float, size: Size, camera: Camera,
    overlay: bool, bar: Progress,
) -> bytes:  # fmt: skip
    """The film of these control steps of each rollout."""
    set_ffmpeg()
    films = [draw_steps(*each, size, camera, overlay) for each in zip(rollouts, steps, strict=True)]
    if len(films) > 1:
        films = [titled(film, rollout.title) for film, rollout in zip(films, rollouts, strict=True)]

    def together() -> Iterator[Frame]:
        for side_by_side in zip(*films, strict=True):
            yield np.hstack(side_by_side)
            bar.step()

    return mediapy.compress_video(together(), fps=fps, crf=CRF)


def can_film() -> None:
    """Raise RenderError where no video can be made: sooner than after what it would show was played."""
    set_ffmpeg()
    if not gl_available():
        raise RenderError(NO_GL)


def set_ffmpeg() -> None:
    try:
        program = imageio_ffmpeg.get_ffmpeg_exe()
    except RuntimeError as error:
        raise RenderError(NO_FFMPEG) from error
    if not shutil.which(program):  # named by the environment, and not looked for
        raise RenderError(f"no video: there is no program {program}. Run `{unset('IMAGEIO_FFMPEG_EXE')}`.")
    mediapy.set_ffmpeg(program)


def save_picture(image: Image.Image, path: str | Path) -> Path:
    """A picture as a file, in the format that its name asks for."""
    path = ready_file(path, *PICTURES)
    image.save(path)
    return path


def titled(film: Iterator[Frame], title: str) -> Iterator[Frame]:
    return (draw_title(frame, title) for frame in film)


def steps_shown(rollout: Rollout, fps: float, speed: float) -> NDArray[np.int_]:
    """Which control steps the frames show."""
    if not all(is_number(value, float) and value > 0 for value in (fps, speed)):
        raise ConfigError(f"fps = {fps!r}, speed = {speed!r} are not allowed: give numbers above 0.")
    moments = np.arange(0, rollout.time[-1], speed / fps)
    return np.minimum(np.round(moments / rollout.transition.ctrl_dt).astype(int), len(rollout.time) - 1)


def image_tag(image: Image.Image, words: str) -> Markup:
    """A picture as an HTML tag that carries its own data and what it shows, no wider than the page."""
    tag = Markup('<img src="data:image/png;base64,{}" style="max-width: 100%; height: auto" alt="{}">')
    return tag.format(base64.b64encode(png(np.asarray(image))).decode(), words)


def draw_steps(rollout: Rollout, index: NDArray[np.int_], size: Size, camera: Camera, overlay: bool) -> Iterator[Frame]:
    """The frames of some control steps, one by one, as a whole episode of them is large."""
    model = scene_model(rollout)
    data, view = mujoco.MjData(model), mujoco.MjvCamera()
    view.azimuth, view.elevation = 76.0, -14.0
    reward = rollout.reward.cumsum()
    with renderer(model, size) as drawer:
        for t in index:
            data.qpos[:] = rollout.transition.qpos[t]
            mujoco.mj_kinematics(model, data)
            mujoco.mj_comPos(model, data)
            mujoco.mj_camlight(model, data)
            aim(view, data.qpos, camera)
            drawer.update_scene(data, view)
            picture = drawer.render()
            if overlay:
                x, gate = rollout.transition.x[t], rollout.transition.gate[t]
                picture = draw_overlay(picture, rollout.time[t], x, gate, reward[t])
            yield picture


@contextmanager
def renderer(
    model: mujoco.MjModel, size: Size
) -> "Iterator[mujoco.Renderer]":  # quoted: some GL troubles leave MuJoCo without it
    """A renderer of this thread, closed at the end; raises RenderError where nothing can be drawn."""
    if not gl_available():
        raise RenderError(NO_GL)
    # What would be kept for larger pictures, and for shadows, is more memory than all the rest of a renderer.
    model.vis.global_.offwidth, model.vis.global_.offheight = size
    model.vis.quality.shadowsize = 0
    try:
        drawer = mujoco.Renderer(model, height=size[1], width=size[0])
    except mujoco.FatalError as error:  # a library, but no display
        raise RenderError(NO_GL) from error
    try:
        drawer.scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = False
        drawer.scene.flags[mujoco.mjtRndFlag.mjRND_REFLECTION] = False
        yield drawer
    finally:
        drawer.close()
        give_back()


def aim(view: mujoco.MjvCamera, qpos: np.ndarray, camera: Camera) -> None:
    """Look at the robot with some ground ahead of it, or at the whole course from further away."""
    if camera == "track":
        view.lookat[:], view.distance = (qpos[0] + 0.07, qpos[1], 0.05), 0.56
    else:
        view.lookat[:], view.distance = (0.7, 0.0, 0.05), 1.2


def scene_model(rollout: Rollout) -> mujoco.MjModel:
    """The rollout's world for looking at: its own step, narrowed so that the profile shows, and marks every 0.1 m."""
    spec = build_spec(rollout.world)
    for wheel in WHEELS:
        tyre = spec.geom(f"{wheel}_wheel_body_visual_0")
        tyre.material, tyre.rgba = "", TYRE
    path = rollout.transition.qpos[:, :2]
    left, right = np.nanmax(path[:, 1]) + CLEARANCE, np.nanmin(path[:, 1]) - CLEARANCE
    if box := step_box(rollout.world):
        x, z, half_depth, half_height = box
        middle, half_width = (left + right) / 2, (left - right) / 2
        step = spec.geom(STEP_GEOM)
        step.pos, step.size, step.rgba = [x, middle, z], [half_depth, half_width, half_height], BLOCK
        for edge in (x - half_depth, x + half_depth):
            add_mark(spec, (edge, middle, z + half_height), (0.002, half_width), PALE)
    for tenth in range(-5, round(10 * float(np.nanmax(path[:, 0]))) + 10):
        length = 0.03 if tenth % 5 == 0 else 0.015
        add_mark(spec, (tenth / 10, right - length, 0.0), (0.0015, length), DARK)
    return spec.compile()


def add_mark(
    spec: mujoco.MjSpec, place: tuple[float, float, float], half: tuple[float, float], rgba: list[float]
) -> None:
    """A thin bar that only shows."""
    bar = mujoco.mjtGeom.mjGEOM_BOX
    spec.worldbody.add_geom(type=bar, pos=place, size=[*half, 0.0007], rgba=rgba, contype=0, conaffinity=0)
