"""A widget's JavaScript: modules that import from one another, as the one text that a page takes."""

import re
from pathlib import Path

HERE = Path(__file__).parent
IMPORT = re.compile(r'^import \{[^}]*\} from "(.+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def script(name: str) -> str:
    """The module `name` of this folder after all that it imports, each once, as one module without imports.

    Names at the top of modules that meet in a page must differ; a browser refuses the whole text otherwise.
    """
    texts: dict[Path, str] = {}

    def add(path: Path) -> None:
        text = path.read_text(encoding="utf-8")
        for imported in IMPORT.findall(text):
            if (path.parent / imported).resolve() not in texts:
                add((path.parent / imported).resolve())
        texts[path] = EXPORT.sub("", IMPORT.sub("", text))

    add((HERE / name).resolve())
    return "\n".join(texts.values())
