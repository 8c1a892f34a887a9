"""Pictures and videos of recorded episodes."""

import base64
import dataclasses
import re
import subprocess
import threading

import imageio_ffmpeg
import numpy as np
import pytest

from twmr_nb import EnvConfig
from twmr_nb.config.schema import ConfigError
from twmr_nb.draw import film as render
from twmr_nb.draw.film import (
    NO_FFMPEG,
    NO_GL,
    RenderError,
    draw_steps,
    frame_strip,
    mp4,
    on_drawing_thread,
    renderer,
    save_video,
    scene_model,
    steps_shown,
    still,
    video,
)
from twmr_nb.draw.overlay import draw_overlay
from twmr_nb.episodes.rollout import Rollout, record
from twmr_nb.policies.protocol import RandomPolicy, ZeroPolicy
from twmr_nb.robot.model import NQ, STEP_GEOM

SIZE = (320, 180)


@pytest.fixture(scope="module")
def rollout() -> Rollout:
    return record(RandomPolicy(0), num_steps=50)  # one second


@on_drawing_thread
def frames(rollout: Rollout, fps: float = 25, size=SIZE, overlay: bool = True, speed: float = 1.0) -> list[np.ndarray]:
    """The whole episode as pictures [height, width, 3]."""
    return list(draw_steps(rollout, steps_shown(rollout, fps, speed), size, "track", overlay))


def read(path, width: int = SIZE[0]) -> np.ndarray:
    """The frames of a video file, [n, height, width, 3]."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"]
    film = subprocess.run(command, capture_output=True, check=True).stdout
    return np.frombuffer(film, np.uint8).reshape(-1, SIZE[1], width, 3)


def test_the_scene_shows_this_episodes_own_step():
    config = EnvConfig(scene="step", step_height=0.02, step_height_max=0.08)
    rollout = record(ZeroPolicy(), config, seed=3, num_steps=2)
    model = scene_model(rollout)
    step = model.geom(STEP_GEOM)
    assert step.pos[2] + step.size[2] == pytest.approx(rollout.step_height)
    assert 0.02 <= rollout.step_height < 0.08
    assert model.nq == NQ


def test_a_renderer_keeps_no_room_for_larger_pictures_or_shadows(rollout, gl):
    """A lesson draws four films at once, and each took 200 MB for pictures of 1920 x 1080 and for shadows."""

    @on_drawing_thread
    def sizes(size):
        with renderer(scene_model(rollout), size) as drawer:
            context = drawer._mjr_context
            return context.offWidth, context.offHeight, context.shadowSize

    assert sizes(SIZE) == (*SIZE, 0)
    assert sizes((2000, 40)) == (2000, 40, 0)


def test_a_flat_scene_has_no_step(gl):
    rollout = record(ZeroPolicy(), EnvConfig(scene="flat"), num_steps=4)
    assert len(frames(rollout, size=SIZE)) == 2


def test_frames_show_the_episode_in_real_time(gl, rollout):
    pictures = frames(rollout, fps=10, size=SIZE)
    assert len(pictures) == 10
    assert all(p.shape == (180, 320, 3) and p.dtype == np.uint8 for p in pictures)
    assert len(frames(rollout, fps=10, size=SIZE, speed=2)) == 5
    assert len(frames(rollout, fps=10, size=SIZE, speed=0.5)) == 20


def test_the_robot_is_in_the_middle_of_the_picture(gl, rollout):
    """The legs' orange is nowhere else in the scene."""
    picture = frames(rollout, size=SIZE, overlay=False)[10].astype(int)
    orange = (picture[..., 0] > picture[..., 2] + 90) & (picture[..., 0] > 150)
    assert orange.sum() > 60
    rows, columns = np.nonzero(orange)
    assert 60 < rows.mean() < 150
    assert 90 < columns.mean() < 210


def test_another_thread_may_draw(gl, rollout):
    drawn: list[int] = []
    thread = threading.Thread(target=lambda: drawn.append(len(frames(rollout, fps=5, size=SIZE))))
    thread.start()
    thread.join()
    assert drawn == [5]
    assert len(frames(rollout, fps=5, size=SIZE)) == 5


def test_the_overlay_draws_the_gate_as_a_bar():
    grey = np.full((180, 320, 3), 128, np.uint8)
    bars = [draw_overlay(grey, 1.0, 0.5, gate, 2.0)[8, 270:316].mean() for gate in (0.0, 0.5, 1.0)]
    assert bars[0] > bars[1] + 50
    assert bars[1] > bars[2] + 50
    assert draw_overlay(grey, 1.0, 0.5, np.nan, np.nan)[8, 300].mean() > 150
    assert (grey == 128).all()


def test_a_video_file_plays_as_long_as_the_episode(gl, rollout, tmp_path):
    path = save_video(rollout, tmp_path / "new" / "a.mp4", size=SIZE)
    assert read(path).shape == (25, 180, 320, 3)
    assert [p.name for p in path.parent.iterdir()] == ["a.mp4"]


def test_two_side_by_side_wait_for_the_longer(gl, rollout, tmp_path):
    short = record(ZeroPolicy(), num_steps=10)
    (tmp_path / "a.mp4").write_bytes(mp4([short, rollout], size=SIZE))
    film = read(tmp_path / "a.mp4", width=640).astype(int)
    assert film.shape == (25, 180, 640, 3)
    assert np.abs(film[-1, :140, :320] - film[5, :140, :320]).mean() < 2  # the short one stands still at its end


def test_a_video_in_the_page_carries_its_own_data(gl, rollout):
    html = video(rollout, size=SIZE).data
    data = base64.b64decode(re.search(r"base64,([A-Za-z0-9+/=]+)", html)[1])
    assert data[4:8] == b"ftyp"
    assert 'width="320"' in html


def test_episodes_are_given_one_by_one_or_as_a_list(gl, rollout, monkeypatch):
    short = record(ZeroPolicy(), num_steps=2, title="short")
    filmed: list[list[str]] = []
    monkeypatch.setattr(render, "mp4", lambda several, *how: filmed.append([one.title for one in several]) or b"")
    for given in ([rollout, short], [[rollout, short]], [[rollout], short]):
        assert 'width="640"' in video(*given, size=SIZE).data
    assert filmed == [["random actions", "short"]] * 3
    with pytest.raises(ConfigError, match="give at least one episode"):
        video()


def test_a_strip_of_stills(gl, rollout):
    assert frame_strip(rollout, n=6, size=SIZE).size == (960, 360)
    assert frame_strip(rollout, n=4, size=SIZE).size == (960, 360)


def test_without_a_gl_library_one_line_says_what_to_install(rollout, tmp_path, monkeypatch):
    monkeypatch.setattr(render, "gl_available", lambda: False)
    with pytest.raises(RenderError, match="apt-get install libegl1 libgl1"):
        frames(rollout)
    with pytest.raises(RenderError, match="apt-get install libegl1 libgl1"):
        save_video(rollout, tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())
    assert "\n" not in NO_GL
    page = video([rollout, dataclasses.replace(rollout, title="a <b>")]).data
    assert f"<p>{NO_GL}</p>" in page
    assert page.count("<img ") == 2, "each episode has its strip of flat pictures"
    assert "a &lt;b&gt;" in page
    assert f"<p>{NO_GL}</p><img " in still(rollout.config).data


def test_without_ffmpeg_the_page_shows_stills(gl, rollout, monkeypatch):
    def nowhere() -> str:
        raise RuntimeError("no ffmpeg")

    monkeypatch.setattr(imageio_ffmpeg, "get_ffmpeg_exe", nowhere)
    with pytest.raises(RenderError, match="imageio-ffmpeg"):
        mp4([rollout])
    page = video(rollout).data
    assert f'<p>{NO_FFMPEG}</p><p><b>random actions</b></p><img src="data:image/png;base64,' in page


def test_impossible_speeds_are_refused(rollout):
    with pytest.raises(ValueError, match="speed = 0"):
        frames(rollout, speed=0)


def test_one_thread_draws_whoever_asks(gl, rollout, monkeypatch):
    """The memory of a GL context stays with its thread: a thread for every film would pile it up."""
    seen, draw = [], render.renderer
    monkeypatch.setattr(render, "renderer", lambda *args: (seen.append(threading.get_ident()), draw(*args))[1])
    asking = [threading.Thread(target=render.frame_strip, args=(rollout, 1)) for _ in range(2)]
    for thread in asking:
        thread.start()
        thread.join()
    frames(rollout, fps=1)
    assert len(seen) == 3
    assert len(set(seen)) == 1
    assert threading.get_ident() not in seen


@pytest.mark.parametrize("name", ["a.txt", "folder.mp4", "file/a.mp4", "a"])
def test_a_video_that_cannot_be_written_is_not_drawn(gl, rollout, name, tmp_path, monkeypatch):
    monkeypatch.setattr(render, "mp4", lambda *args, **kwargs: pytest.fail("drawn in vain"))
    (tmp_path / "folder.mp4").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written"):
        save_video(rollout, tmp_path / name)


def test_an_ffmpeg_named_by_the_environment_that_is_not_there(gl, rollout, tmp_path, monkeypatch):
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", str(tmp_path / "nowhere"))
    with pytest.raises(RenderError, match="unset IMAGEIO_FFMPEG_EXE"):
        save_video(rollout, tmp_path / "a.mp4")
    assert not list(tmp_path.iterdir())
