"""Running JavaScript modules without a browser."""

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from deno import find_deno_bin


def deno(*args: str, text: str = "", **env: str) -> str:
    """What deno prints; fails with what it complains of."""
    quiet = {"NO_COLOR": "1", "DENO_NO_UPDATE_CHECK": "1"}
    done = subprocess.run(
        [find_deno_bin(), *args], input=text, capture_output=True, text=True, env=os.environ | quiet | env
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def evaluator(folder: Path, cache: Path) -> Callable[..., Any]:
    """value(module, expression, **given): the module's exports are `all`, what is given are names of the expression."""

    def value(module: str, expression: str, **given: Any) -> Any:
        lines = [f"import * as all from {json.dumps((folder / module).as_uri())};"]
        lines += [f"const {name} = {json.dumps(it)};" for name, it in given.items()]
        text = "\n".join([*lines, f"console.log(JSON.stringify({expression}));"])
        return json.loads(deno("run", "--quiet", "--ext=js", "-", text=text, DENO_DIR=str(cache)))

    return value
