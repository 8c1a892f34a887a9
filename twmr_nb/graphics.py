"""Which GL library MuJoCo draws with, settled before anything else imports it.

MuJoCo reads MUJOCO_GL while it is imported, and the import fails where that names nothing that works here. Training
draws nothing: so a wish that cannot be met turns drawing off, and whoever wants to draw is told why.
"""

import ctypes.util
import os
import sys

from twmr_nb.system import unset

VARIABLES = ("MUJOCO_GL", "PYOPENGL_PLATFORM", "MUJOCO_EGL_DEVICE_ID")
ASKED = {name: value for name in VARIABLES if (value := os.environ.get(name, "").strip())}  # before MuJoCo sets some
WINDOWS = ("enable", "enabled", "on", "true", "1", "glfw", "glx")  # words that ask for a library which needs a display
APT_LINE = "apt-get install libegl1 libgl1"
DRIVERS = {  # where MuJoCo draws with what the system has
    "win32": "install the driver of the graphics card's maker, and sit at the machine: a remote desktop may not draw",
    "darwin": "log in at the Mac's own screen: over ssh alone nothing can be drawn",
}


def settle() -> None:
    """Import MuJoCo with the library asked for: EGL if none is, which draws without a display; or with none at all."""
    if sys.platform == "linux":
        os.environ["MUJOCO_GL"] = wish = ASKED.get("MUJOCO_GL", "").lower() or default()
        if wish in WINDOWS and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            os.environ["MUJOCO_GL"] = "disable"
        if os.environ.get("PYOPENGL_PLATFORM") != wish:  # MuJoCo takes offence where the two differ
            os.environ.pop("PYOPENGL_PLATFORM", None)
    try:
        import mujoco
    except Exception:  # whatever a missing library or an unknown word raises
        os.environ["MUJOCO_GL"] = "disable"
        import mujoco  # noqa: F401


def default() -> str:
    return "egl" if ctypes.util.find_library("EGL") else "disable"


def asked() -> str:
    """What the user's environment asks for beyond the usual, such as MUJOCO_GL=osmesa; "" if nothing."""
    return " ".join(f"{name}={value}" for name, value in ASKED.items() if value.lower() != "egl")


def mend() -> str:
    """What makes drawing possible: a line to run, where there is one."""
    unusual = [name for name, value in ASKED.items() if value.lower() != "egl"]
    return unset(*unusual) if unusual else DRIVERS.get(sys.platform, APT_LINE)


def no_gl() -> str:
    """One line for whoever wanted to draw: why nothing can be drawn, and what to do."""
    if unusual := asked():
        return (
            f"no video: with {unusual} nothing can be drawn here. Run `{mend()}`, then start again (JupyterLab, too)."
        )
    if sys.platform in DRIVERS:
        return f"no video: nothing can be drawn here. To mend it, {mend()}; then restart the kernel."
    return f"no video: there is no GL library to draw with. As root, run `{APT_LINE}`, then restart the kernel."
