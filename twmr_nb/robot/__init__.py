"""The robot and its world: the MuJoCo model, its poses, its outline."""
