"""What people say of a run: a note and tags, kept in its folder beside what the training writes."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from twmr_nb.files import checked_name, locked, read_json, remembered, write_json
from twmr_nb.markup import printable, shown
from twmr_nb.runs.folder import RunFolder
from twmr_nb.types import ConfigError

FILE = "notes.json"
LONGEST, MOST = 2000, 20  # letters of a note; tags of a run


class Notes(NamedTuple):
    """A note and tags, which anybody may have written: to be shown as text."""

    note: str = ""
    tags: tuple[str, ...] = ()


def notes_of(folder: RunFolder) -> Notes:
    """Raises ValueError where the file is damaged."""
    return remembered(read_notes, folder.path / FILE)


def read_notes(path: Path) -> Notes:
    found = {"note": "", "tags": []} | read_json(path)
    note, tags = found["note"], found["tags"]
    if not (isinstance(note, str) and isinstance(tags, list) and all(isinstance(tag, str) for tag in tags)):
        raise ValueError(f"{path} is damaged: it holds something else than a note and a list of tags.")
    return Notes(note, tuple(tags))


def keep_note(folder: RunFolder, note: str) -> None:
    """Raises ConfigError on what is no text, RunError where the folder is gone."""
    if not (isinstance(note, str) and len(note) <= LONGEST and printable(note) == note):
        raise ConfigError(
            f"note = {shown(note)} is not allowed: give up to {LONGEST:,} letters, no control characters."
        )
    keep(folder, note=note.strip())


def keep_tags(folder: RunFolder, tags: str | Iterable[str]) -> None:
    """tags: words, or one text of words. Raises ConfigError on what is none, RunError where the folder is gone."""
    try:
        words = tags.replace(",", " ").split() if isinstance(tags, str) else list(tags)
    except TypeError:
        raise ConfigError(f"tags = {shown(tags)} is not allowed: give a list of words.") from None
    if len(words) > MOST:
        raise ConfigError(f"{len(words)} tags are too many: give up to {MOST}.")
    keep(folder, tags=list(dict.fromkeys(checked_name(word, "tag") for word in words)))


def keep(folder: RunFolder, **changed: object) -> None:
    folder.refuse_lost()
    with locked(folder.path / FILE):
        write_json(folder.path / FILE, notes_of(folder)._asdict() | changed)
