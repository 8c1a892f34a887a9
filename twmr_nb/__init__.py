"""A notebook suite that trains a transformable-wheel robot to climb a step."""

import os
import sys

if sys.platform == "linux":
    os.environ.setdefault("MUJOCO_GL", "egl")  # software rendering without a display; must precede `import mujoco`
