"""Files of a stranger's with markup in every text, and what tells whether a page took it for more than text."""

import dataclasses
import json
import shutil
from pathlib import Path

from climb import climb
from tiny import ONE_UPDATE

from twmr_nb.policies.saved import load_policy
from twmr_nb.runs.run import LIVE, new_run

TRAP = "top.hacked=1;window.hacked=1"
ATTACK = (
    f"""</script></title></textarea></pre>--><img src=x onerror="{TRAP}"><svg onload="{TRAP}"></svg>"""
    f"""<script>{TRAP}</script><style>body {{ display: none }}</style>"""
    f"""<iframe srcdoc="<script>{TRAP}</script>"></iframe>"""
    f"""<a href="javascript:{TRAP}">here</a><details open ontoggle="{TRAP}">[l](javascript:{TRAP}) | **b** $x^2$"""
    """ " ' ` &lt;em&gt; ${window.hacked=1} {0} %s"""
)
SHORT = f"<img src=x onerror={TRAP}>"  # for a folder's name
SEEN = "<img src=x onerror="  # of either, as a person reads it
TERMS = [{"name": ATTACK, "weight": 1.0, "source": ATTACK}]


LOOK = """() => {
  const all = [...document.querySelectorAll("*")];
  const runs = (a) => a.value.includes("hacked") && (a.name.startsWith("on") || /^\\s*javascript:/i.test(a.value));
  const ours = (e) => e.matches("style, script") && /^\\s*(top.hacked|body { display: none)/.test(e.textContent);
  const made = all.filter((e) => [...e.attributes].some(runs) || ours(e)).map((e) => e.outerHTML.slice(0, 200));
  if (window.hacked) made.push("a script ran");
  if (getComputedStyle(document.body).display === "none") made.push("a style was applied");
  return made;
}"""


def fill(root: Path) -> Path:
    """A folder of runs, policies, a rollout and a leaderboard; returns it."""
    run = new_run("flip", "plain", root=root, **ONE_UPDATE)
    run.train()
    LIVE.clear()
    saved = load_policy(run.policy_path)
    evaluation = {
        "success_rate": 0.5,
        "episodes": 10,
        "seed": 1,
        "deterministic": True,
        "policy": ATTACK,
        "scene": ATTACK,
    }
    evil = dataclasses.replace(
        saved,
        name=ATTACK,
        command=ATTACK,
        own_terms=TERMS,
        results=saved.results | {"note": ATTACK, "evaluation": evaluation, ATTACK: ATTACK},
        config=saved.config.replace(preset=ATTACK),
    )
    evil.save(root / "imported" / f"{SHORT}.safetensors", **making_folder(evil))
    for name, state in (("evil", "failed"), ("worse", SHORT)):
        folder = shutil.copytree(run.path, root / f"{SHORT} {name}")
        evil.save(folder / "policy.safetensors")
        config = json.loads((folder / "config.json").read_text())
        config |= {"command": ATTACK, "own_terms": TERMS, "provenance": [[0, {ATTACK: ATTACK}], [1, {ATTACK: name}]]}
        config["config"]["preset"] = ATTACK
        (folder / "config.json").write_text(json.dumps(config))
        (folder / "status.json").write_text(json.dumps({"state": state, "error": f"Traceback\n{ATTACK}\n{ATTACK}"}))
        (folder / "notes.json").write_text(json.dumps({"note": ATTACK, "tags": [ATTACK]}))
        log = (folder / "metrics.csv").read_text()
        (folder / "metrics.csv").write_text(log.replace("/forward", f"/{SHORT}"))
    broken = root / f"{SHORT} broken"
    broken.mkdir()
    (broken / "config.json").write_text(json.dumps({"config": {ATTACK: 1}}))
    (root / "imported" / f"{SHORT} broken.safetensors").write_bytes(ATTACK.encode())
    episode = climb()
    terms = {name if name != "forward" else ATTACK: values for name, values in episode.reward_terms.items()}
    dataclasses.replace(episode, title=ATTACK, reward_terms=terms).save(root / "rollout.safetensors")
    entry = {"problem": "7 cm", "by": ATTACK, "score": 0.5, "success_rate": 0.95, "policy": ATTACK}
    (root / "leaderboard.json").write_text(json.dumps({"entries": [entry]}))
    return root


def making_folder(policy) -> dict[str, bool]:
    """Whether saving makes the folder of its own accord."""
    import inspect

    return {"make_folder": True} if "make_folder" in inspect.signature(policy.save).parameters else {}


def caught(page) -> list[str]:
    """What has run or was made of the texts, in the page and in all frames of it; nothing, if they stayed text."""
    return [thing for frame in page.frames for thing in frame.evaluate(LOOK)]
