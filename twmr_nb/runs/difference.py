"""What differs between two runs: settings, own reward terms, versions and machine, beside what came of them."""

import itertools
from collections.abc import Iterator
from difflib import SequenceMatcher

from twmr_nb.config.as_text import flat
from twmr_nb.progress import clock
from twmr_nb.runs.run import Run
from twmr_nb.runs.shelf import own_terms

Row = tuple[str, str, str]  # what, of the one, of the other
NONE = "–"


def difference(one: Run, other: Run) -> list[Row]:
    """What came of both; then what differs in settings, own terms line by line, versions and machine."""
    results = both(results_of(one), results_of(other))
    settings = [{"preset": run.config.preset} | flat(run.config) for run in (one, other)]
    found = [*settings, places_of(one), places_of(other)]
    said = [{name: str(value) for name, value in values.items()} for values in found]
    apart = [*both(*said[:2]), *terms_apart(one, other), *both(*said[2:])]
    apart = [row for row in apart if row[1] != row[2]]
    return [*results, *(apart or [("settings, terms, versions", "the same", "the same")])]


def both(ours: dict[str, str], theirs: dict[str, str]) -> list[Row]:
    return [(name, ours.get(name, NONE), theirs.get(name, NONE)) for name in ours | theirs]


def results_of(run: Run) -> dict[str, str]:
    """What a training came to, in words."""
    run.refresh()
    found = dict.fromkeys(("success", "return per episode"), NONE) | {"steps": "0", "training": NONE}
    if run.records:
        last = run.records[-1]
        found |= {"steps": f"{last['global_step']:,.0f}", "training": clock(last["train_s"])}
        if last["episodes"]:
            found |= {"success": f"{last['success_rate']:.0%}", "return per episode": f"{last['episode_return']:.1f}"}
    symptoms = ", ".join(symptom.name for symptom in run.symptoms) or NONE
    return {"state": run.state, **found, "symptoms": symptoms, "tags": " ".join(run.tags) or NONE}


def terms_apart(one: Run, other: Run) -> Iterator[Row]:
    """Each own term's weight, source line by line and behaviour, where they differ."""
    ours, theirs = ({term["name"]: term for term in own_terms(run)} for run in (one, other))
    for name in ours | theirs:
        a, b = ours.get(name, {}), theirs.get(name, {})
        yield f"{name}: weight", str(a.get("weight", NONE)), str(b.get("weight", NONE))
        mine, yours = (term.get("source", "").splitlines() for term in (a, b))
        for kind, i, i_end, j, j_end in SequenceMatcher(None, mine, yours, autojunk=False).get_opcodes():
            if kind != "equal":
                for left, right in itertools.zip_longest(mine[i:i_end], yours[j:j_end], fillvalue=""):
                    yield f"{name}: source", left, right
        if a.get("source") == b.get("source"):  # it may use something that changed
            yield f"{name}: behaviour", str(a.get("behaviour", NONE))[:12], str(b.get("behaviour", NONE))[:12]


def places_of(run: Run) -> dict[str, str]:
    """Versions and machine by name; where it went on elsewhere, one value after the other."""
    places = [place for _, place in run.provenance]
    names = dict.fromkeys(name for place in places for name in place)
    return {name: " → ".join(dict.fromkeys(place.get(name) or NONE for place in places)) for name in names}
