"""A run and the learner's own reward terms: it goes on only with those that it was begun with.

A term is code, and files keep code as text only: whoever opens a run gives its terms again. Here they are held against
what the run's config.json says of them, and watched while it trains.
"""

import platform
import time
from collections.abc import Iterable

from twmr_nb.config.schema import TrainConfig
from twmr_nb.runs.folder import RunError, RunFolder
from twmr_nb.runs.identity import Description, describe_term, describe_training, digest
from twmr_nb.runs.provenance import places_in
from twmr_nb.runs.start import begun_from
from twmr_nb.task.rewards import RewardTerm

QUICK = 0.01  # s
UNSEEN = "with the same text, but something that it uses has another value"


def terms_of(folder: RunFolder, given: Iterable[RewardTerm]) -> tuple[RewardTerm, ...]:
    """Those of the given terms that a run was begun with."""
    by_name = {term.name: term for term in given}
    names = [term["name"] for term in folder.details.get("own_terms", [])] if by_name else []
    return tuple(by_name[name] for name in names if name in by_name)


class OwnTerms:
    """The own terms of a run that trains now, and how they were when this began."""

    def __init__(self, folder: RunFolder, config: TrainConfig, terms: tuple[RewardTerm, ...]) -> None:
        """Raises RunError where other terms have taught the policy.

        What has taught it nothing yet, or broke, may be mended; all else would be another run. The config keeps
        which experiment it is; of one that went on with other code or terms it keeps that it is none.
        """
        self.terms, self.described = terms, [describe_term(term) for term in terms]
        details, begun = folder.details, folder.begun
        kept, now = details["own_terms"], {term["name"]: term for term in self.described}
        failed = folder.status.get("failed_term", "")
        for was in kept:
            name = was["name"]
            if name not in now:
                raise RunError(
                    f"{folder.name} was started with your own reward term {name!r}, "
                    "which is kept as text only: define it again and open the run with extra_terms=[...]."
                )
            mended = name == failed and now[name]["weight"] == was["weight"]
            if begun and not mended and not same_term(was, now[name]):
                refuse(folder, was, now[name])
        begin = time.perf_counter()
        self.refuse_changed()
        self.quickly_told = time.perf_counter() - begin < QUICK  # so that looking costs nothing
        identity = digest(describe_training(config, terms) | begun_from(details))
        pure = not begun or identity == details.get("identity")
        settled = details | {"own_terms": self.described, "identity": identity if pure else None}
        if begun and self.described != kept:
            settled["terms_before"] = [*details.get("terms_before", []), kept]
        if settled != details:
            folder.keep_details(settled)

    def refuse_changed(self) -> None:
        """Raise RunError if a term does something else than when training began, so that nothing of it is kept."""
        for was, term in zip(self.described, self.terms, strict=True):
            if describe_term(term) != was:
                raise RunError(
                    f"reward term {term.name!r} changed while it trained: it keeps something between its calls, or a "
                    "value that it uses was changed. Nothing since the last checkpoint is kept; put it back and resume."
                )


def same_term(was: Description, now: Description) -> bool:
    """Whether a term is the one that a run keeps; older files know only its text and the size of its weight."""
    if "behaviour" not in was:
        return (was["source"], was["weight"]) == (now["source"], abs(now["weight"]))
    return (was["behaviour"], was["weight"]) == (now["behaviour"], now["weight"])


def refuse(folder: RunFolder, was: Description, now: Description) -> None:
    """Raise RunError: a term is not the one that has taught the policy, or nobody can tell."""
    what, here = difference(was, now), platform.python_version()
    there = places_in(folder.details)[-1:] or ((0, {}),)
    python = there[0][1].get("python", here)
    if what == UNSEEN and python != here:  # one text, compiled by each for itself
        raise RunError(
            f"{folder.name} was trained by Python {python}, and this is {here}: whether {was['name']!r} does the same "
            "cannot be told between the two. Go on with that Python, or start a new run."
        )
    raise RunError(
        f"{folder.name} was trained with another {was['name']!r}, {what}: "
        "define it as it was (the run's config.json has its text), or start a new run."
    )


def difference(was: Description, now: Description) -> str:
    """How a term differs from the one that a run keeps."""
    if abs(was["weight"]) != abs(now["weight"]) or ("behaviour" in was and was["weight"] != now["weight"]):
        return f"of weight {was['weight']:g} and not {now['weight']:g}"
    if was["source"] != now["source"]:
        return "with another text"
    return UNSEEN
