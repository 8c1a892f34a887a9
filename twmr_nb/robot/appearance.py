"""How the world looks when MuJoCo draws it; nothing here touches the physics."""

from collections.abc import Iterable

import mujoco


def add_looks(spec: mujoco.MjSpec, wheels: Iterable[str]) -> None:
    """Sky, floor, the materials of legs and body, and light."""
    texture, builtin = mujoco.mjtTexture, mujoco.mjtBuiltin
    sky = {"rgb1": [0.93, 0.95, 0.98], "rgb2": [0.62, 0.72, 0.84], "width": 256, "height": 1536}
    spec.add_texture(name="sky", type=texture.mjTEXTURE_SKYBOX, builtin=builtin.mjBUILTIN_GRADIENT, **sky)
    grid = {"rgb1": [0.80, 0.82, 0.84], "rgb2": [0.74, 0.76, 0.79], "width": 256, "height": 256}
    spec.add_texture(name="grid", type=texture.mjTEXTURE_2D, builtin=builtin.mjBUILTIN_CHECKER, **grid)
    floor = spec.add_material(name="floor", texuniform=True, texrepeat=[5, 5], specular=0.1)  # squares of 0.1 m
    floor.textures[mujoco.mjtTextureRole.mjTEXROLE_RGB] = "grid"
    for wheel in wheels:
        for leg in range(3):
            rgba = [0.90, 0.62, 0.0, 1] if leg == 0 else [0.97, 0.80, 0.42, 1]  # the driven leg is the darker one
            spec.add_material(name=f"{wheel}_leg_{leg}", rgba=rgba, specular=0.3)
    spec.add_material(name="body", rgba=[0.25, 0.36, 0.46, 1], specular=0.3)
    spec.visual.headlight.ambient, spec.visual.headlight.diffuse = [0.45] * 3, [0.4] * 3
    spec.visual.global_.offwidth, spec.visual.global_.offheight = 1920, 1080
    spec.visual.map.znear = 0.005
    spec.stat.extent, spec.stat.center = 1.0, [0.5, 0, 0.1]
    light = {"type": mujoco.mjtLightType.mjLIGHT_DIRECTIONAL, "diffuse": [0.5] * 3, "specular": [0.2] * 3}
    spec.worldbody.add_light(name="sun", pos=[0, -1, 3], dir=[0.3, 0.5, -1], **light)
