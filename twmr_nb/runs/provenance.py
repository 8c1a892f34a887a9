"""Where a run is trained, for a person who asks a week later: package, git commit, machine, versions.

What of it decides a result is in `identity`.
"""

import functools
import importlib.metadata
import itertools
import platform
import subprocess
from pathlib import Path
from typing import Any

from twmr_nb.runs.behaviour import PACKAGE
from twmr_nb.runs.folder import RunFolder
from twmr_nb.runs.identity import cores, versions

Provenance = dict[str, str]
Places = tuple[tuple[int, Provenance], ...]  # after which update, and where; the first is where it began
DISTRIBUTION = "twmr-nb"
PATIENCE = 10.0  # s that git may take


def provenance() -> Provenance:
    """Of this process: package, git commit, code, processor, cores, system, and the versions of all that computes."""
    computing = versions()
    own = {"package": importlib.metadata.version(DISTRIBUTION), "commit": commit()}
    own |= {"code": computing.pop(PACKAGE.name)[:12], "processor": processor(), "cores": str(cores())}
    return own | {"system": f"{platform.system()} {platform.release()}"} | computing


@functools.cache
def commit() -> str:
    """The commit that is checked out where this package lies, and whether its files differ; "" outside a checkout."""
    try:
        if not git("ls-files", "__init__.py"):  # a folder within somebody else's repository
            return ""
        return git("rev-parse", "--short=12", "HEAD") + (", changed" if git("status", "--porcelain", ".") else "")
    except (OSError, subprocess.SubprocessError):
        return ""


def git(*words: str) -> str:
    """What git answers in the package's folder; it may take no lock there."""
    command = ["git", "--no-optional-locks", "-C", str(PACKAGE), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE).stdout.strip()


@functools.cache
def processor() -> str:
    """What its maker calls it, where the system tells."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines() if cpuinfo.is_file() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())


def keep_provenance(folder: RunFolder, update: int) -> None:
    """Keep that it is trained here after so many updates, if that is another place; what it began with stays."""
    now, details = provenance(), folder.details
    kept = places_in(details) or ((0, {}),) if update else ()  # an earlier version kept nothing
    if not kept or kept[-1][1] != now:
        folder.keep_details(details | {"provenance": [*kept, (update, now)]})


def places_in(details: dict[str, Any]) -> Places:
    """What a config.json says of it; nothing where it is of another kind."""
    kept = details.get("provenance")
    pairs = kept if isinstance(kept, list) else []
    if not all(isinstance(p, list) and len(p) == 2 and type(p[0]) is int and isinstance(p[1], dict) for p in pairs):
        return ()
    return tuple((update, {str(k): str(v) for k, v in place.items()}) for update, place in pairs)


def moves(places: Places) -> list[str]:
    """A sentence for each time that it went on elsewhere: what was another there."""
    lines = []
    for (_, before), (update, after) in itertools.pairwise(places):
        changed = [f"{k} {v or 'none'} (was {before.get(k) or 'none'})" for k, v in after.items() if before.get(k) != v]
        said = f"it went on with {', '.join(changed)}" if before else "is the first time that versions were kept"
        lines.append(f"After update {update} {said}.")
    return lines
