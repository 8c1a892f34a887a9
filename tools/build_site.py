"""The course as static pages: every lesson executed, with its figures, videos and 3D replays, and a robot to drive;
nothing asks a network.

`python tools/build_site.py [NOTEBOOK ...] [--out site] [--again]`; `make site` calls it. What was executed is kept in
`site/executed/`: pages are written from it, and a notebook is executed again only where it is newer, or with `--again`.
`--times FILE` writes what each took, as in docs/lessons.md. `--page FILE` writes one notebook as a page of its own, as
for `make demo`.
"""

import argparse
import base64
import html
import json
import os
import re
import sys
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import nbformat
import psutil
from latex2mathml.converter import convert
from nbclient.exceptions import CellExecutionError
from nbconvert import HTMLExporter
from nbformat import NotebookNode
from pygments.formatters import HtmlFormatter

ROOT = Path(__file__).parent.parent
sys.path.insert(0, str(Path(__file__).parent))
from build_playground import HERE as PLAYED  # noqa: E402 (a neighbour, however this file is run)
from build_playground import build as build_playground  # noqa: E402
from build_playground import constants, lesson_begins  # noqa: E402
from run_notebook import run_notebook  # noqa: E402

from twmr_nb.ui.saved import REWARDS, STAGE  # noqa: E402
from twmr_nb.ui.script import script  # noqa: E402

PLAYGROUND = "playground.html"
WIDGET = "application/vnd.jupyter.widget-view+json"
SECONDS = 3600  # a cell may take so long
GLOSSARY, READING = "glossary", "reading"  # pages made of docs/NAME.md
ENTRY = re.compile(r"^- \*\*(.+?)\*\*(?: \(([^)]*)\))?:", re.MULTILINE)  # of the glossary: a term, its other forms
# Where no term of the glossary becomes a link: code, formulas, headings, links, what opens a box, tags.
NO_LINK = (
    r"```.*?```|`(?:[^`\n]|\n(?!\n))*`|\$\$.+?\$\$|(?<![\\$])\$(?=\S)[^$\n]*?\S\$(?!\d)"
    r"|^#[^\n]*|!?\[[^\]]*\]\([^)]*\)|<summary>.*?</summary>|<[^<>]+>"
)
CODE_OR_MATH = re.compile(r"(```.*?```|`[^`\n]*`)|\$\$(.+?)\$\$|(?<![\\$])\$(?=\S)([^$\n]*?\S)\$(?!\d)", re.DOTALL)
STYLE = "".join(
    path.read_text(encoding="utf-8") for path in (Path(__file__).with_name("site.css"), PLAYED / "weigh.css")
)
ON_DARK = HtmlFormatter(style="github-dark").get_style_defs(".highlight")
CODE_COLORS = HtmlFormatter(style="default").get_style_defs(".highlight")
CODE_COLORS += f"@media screen and (prefers-color-scheme: dark) {{ {ON_DARK} }}"
PEAK = f"""
import sys, time
time.sleep(3)  # what is drawn in the background, as the curves of a list of runs are, still comes
sys.path.append({str(ROOT)!r})
from benchmarks.fresh import peak_mb
print(peak_mb())
"""
TIMES = """# How long the lessons take

Written by

```sh
make site SITE_ARGS="--times docs/lessons.md"
```

which executes every lesson whole, its optional parts too, and waits for no prediction. Reading is not in it: what
trains while one reads is waited for here. A lesson that was executed into `site/` after its notebook was last changed
is not executed again; its line stays.

{table}

*A beginner* is what the README says, all in all. *Executed* is from the kernel's start to its last cell. *Processor
time* is that of the kernel and of what it starts, on all cores: beside other work it tells more than the clock. *Other
work* is how many cores other programs kept busy meanwhile: where it is not near 0, an idle machine is quicker. *Peak
memory* is the kernel's own; each of the two workers of lesson 07 takes half a gigabyte besides.
"""
# The playground where a stage stands in the notebook, in its world: loaded when it is asked for, a still until then.
PLAYABLE = f"""<div class="twmr-playable" data-begins="{{begins}}">{{still}}<button type="button" onclick="
const frame = document.createElement('iframe'), {{{{ begins }}}} = this.parentNode.dataset;
Object.assign(frame, {{{{ src: '{PLAYGROUND}#' + encodeURIComponent(begins), title: 'the playground' }}}});
this.parentNode.replaceChildren(frame);">Drive the robot here, in this page</button></div>"""
WEIGH = """<script type="module">
{script}
for (const root of document.querySelectorAll(".weigh")) {{
  const told = JSON.parse(root.dataset.told);
  weigh(root, {{ ...told, episodes: told.episodes.map(unpackEpisode) }});
}}
</script>"""
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>{style}</style></head><body>{nav}<main>{body}</main>{nav}</body></html>
"""


def build(notebooks: Sequence[Path], out: Path, again: bool = False) -> list[str]:
    """Write a page per notebook, glossary, further reading and index; returns a line per notebook that failed."""
    (out / "executed").mkdir(parents=True, exist_ok=True)
    failures, terms = [], glossary()
    for i, path in enumerate(notebooks):
        kept = out / "executed" / path.name
        if again or not kept.exists() or kept.stat().st_mtime <= path.stat().st_mtime:
            print(f"{path.name} ...", end=" ", flush=True)
            try:
                notebook = execute(path)
            except CellExecutionError as error:
                print("failed")
                failures.append(f"{path.name}: {error.ename}: {error.evalue}")
                continue
            print(f"{notebook.metadata.took['seconds']:.0f} s")
            nbformat.write(notebook, kept)
        notebook = nbformat.read(kept, as_version=4)
        (out / f"{path.stem}.json").write_text(json.dumps(notebook.metadata.took), encoding="utf-8")
        if picture := best_picture(notebook):
            (out / f"{path.stem}.png").write_bytes(picture)
        before, after = [notebooks[j] if 0 <= j < len(notebooks) else None for j in (i - 1, i + 1)]
        playable = (out / PLAYGROUND).exists()
        page = lesson_page(notebook, navigation(before, after), terms, playable)
        (out / f"{path.stem}.html").write_text(page, encoding="utf-8")
    for name in (GLOSSARY, READING):
        (out / f"{name}.html").write_text(document_page(ROOT / "docs" / f"{name}.md"), encoding="utf-8")
    (out / "index.html").write_text(index_page(notebooks, out), encoding="utf-8")
    return failures


def build_page(path: Path, page: Path) -> None:
    """Write one notebook, run anew, as a page that belongs to no site: its links to other lessons are plain words."""
    notebook = execute(path)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = re.sub(r"\[([^\]]+)\]\(\w+\.ipynb\)", r"\1", cell.source)
    page.write_text(lesson_page(notebook, nav=""), encoding="utf-8")


def execute(path: Path) -> NotebookNode:
    """The notebook with its outputs, and in its metadata what it took.

    It runs where it lies, as it does for a reader, but waits for no prediction.
    """
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell(PEAK))
    begin, ours, all_ = time.monotonic(), processor_s(), busy_s()
    run_notebook(notebook, path.parent, SECONDS, TWMR_REVEAL="1")
    seconds, ours, all_ = time.monotonic() - begin, processor_s() - ours, busy_s() - all_
    notebook.metadata.took = {
        "seconds": seconds,
        "processor_s": ours,
        "others_s": max(all_ - ours, 0.0),
        "peak_mb": float(notebook.cells.pop().outputs[0].text),
        "cores": os.cpu_count(),
        "date": date.today().isoformat(),
    }
    return notebook


def processor_s() -> float:
    """Processor time [s] of this process and of all that it has started and that has ended."""
    return sum(os.times()[:4])


def busy_s() -> float:
    """Processor time [s] of everything on this machine since it was started."""
    times = psutil.cpu_times()
    return times.user + times.nice + times.system


def glossary() -> dict[str, str]:
    """The words of docs/glossary.md, in every form, and the name of the place that explains each."""
    text = (ROOT / "docs" / f"{GLOSSARY}.md").read_text(encoding="utf-8")
    return {form.lower(): place_of(term) for term, others in ENTRY.findall(text) for form in (term, *forms_in(others))}


def forms_in(others: str) -> list[str]:
    """The other forms of a term, from the brackets behind it."""
    return [form for form in " ".join(others.split()).split(", ") if form]


def place_of(term: str) -> str:
    return re.sub(r"\W+", "-", term.lower())


def document_page(path: Path) -> str:
    """A page of a file in docs/; an entry of the glossary is a place that can be linked to."""

    def entry(found: re.Match[str]) -> str:
        term, others = found[1], forms_in(found[2] or "")
        told = [form for form in others if form not in (f"{term}s", f"{term[:-1]}ies")]
        return f'- <b id="{place_of(term)}">{term}</b>' + (f" ({', '.join(told)})" if told else "") + ":"

    cell = nbformat.v4.new_markdown_cell(ENTRY.sub(entry, path.read_text(encoding="utf-8")))
    return lesson_page(nbformat.v4.new_notebook(cells=[cell]), navigation(None, None))


def with_terms(text: str, terms: dict[str, str]) -> str:
    """Markdown in which the first use of each term is a link to the glossary; those are taken out of `terms`."""
    if not terms:
        return text
    longest_first = "|".join(re.escape(form).replace(r"\ ", r"\s+") for form in sorted(terms, key=len, reverse=True))
    word = re.compile(rf"({NO_LINK})|(?<![\w-])({longest_first})(?![\w-])", re.DOTALL | re.MULTILINE | re.IGNORECASE)

    def replace(found: re.Match[str]) -> str:
        place = terms.get(" ".join((found[2] or "").lower().split()))
        if not place:
            return found[0]
        for form in [form for form, there in terms.items() if there == place]:
            del terms[form]
        return f"[{found[2]}]({GLOSSARY}.html#{place})"

    return word.sub(replace, text)


def lesson_page(notebook: NotebookNode, nav: str, terms: dict[str, str] | None = None, playable: bool = False) -> str:
    """A whole page, with formulas as MathML, links to the other pages, and no widget that would need a kernel.

    terms: what the glossary explains; the first use of each is a link. playable: whether the playground lies beside it,
    to stand where a stage stood.
    """
    left = dict(terms or {})
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"\]\((\w+)\.ipynb\)", r"](\1.html)", cell.source)
            cell.source = with_math(with_terms(text, left))
        else:
            cell.outputs = [still(output, playable) for output in cell.outputs if WIDGET not in output.get("data", {})]
    notebook.metadata.pop("widgets", None)
    exporter = HTMLExporter(template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True)
    body, _ = exporter.from_notebook_node(notebook)
    if '<div class="weigh"' in body:
        body += WEIGH.format(script=script(str(PLAYED / "weigh.js")))
    title, _ = heading(notebook)
    return PAGE.format(title=html.escape(title), style=STYLE + CODE_COLORS, nav=nav, body=body)


def still(output: NotebookNode, playable: bool) -> NotebookNode:
    """An output without what only a live page can draw; with what a page can do by itself."""
    data = output.get("data", {})
    if told := data.pop(REWARDS, None):
        text = html.escape(json.dumps(told | {"robot": constants()}))
        data["text/html"] += f'<div class="weigh" data-told="{text}"></div>'
    if (told := data.pop(STAGE, None)) and playable:
        begins = html.escape(json.dumps(lesson_begins(told)))
        data["text/html"] = PLAYABLE.format(still=data["text/html"], begins=begins)
    if "text/markdown" in data:
        data["text/markdown"] = with_math(data["text/markdown"])
    formula = data.pop("text/latex", "")  # code has it too, beside its HTML
    if formula and "text/html" not in data:
        data["text/html"] = convert(formula.strip("$ \n"), display="block")
    return output


def with_math(text: str) -> str:
    """Markdown whose formulas are MathML, which browsers draw by themselves; code stays as it is."""

    def replace(found: re.Match[str]) -> str:
        code, block, inline = found.groups()
        if code:
            return code
        return f"<div>{convert(block, display='block')}</div>" if block else convert(inline)

    return CODE_OR_MATH.sub(replace, text)


def heading(notebook: NotebookNode) -> tuple[str, str]:
    """Title and first paragraph of a lesson, as plain text."""
    lines = notebook.cells[0].source.split("\n\n") if notebook.cells else [""]
    paragraph = " ".join(lines[1].split()) if len(lines) > 1 else ""
    return lines[0].lstrip("# ").strip(), re.sub(r"[*`$]", "", paragraph)


def best_picture(notebook: NotebookNode) -> bytes | None:
    """The picture among the outputs that shows most, as a PNG file."""
    outputs = [output.get("data", {}) for cell in notebook.cells for output in cell.get("outputs", ())]
    pictures = [base64.b64decode(data["image/png"]) for data in outputs if "image/png" in data]
    return max(pictures, key=len, default=None)


def navigation(before: Path | None, after: Path | None) -> str:
    def link(path: Path | None, text: str) -> str:
        return f'<a href="{path.stem}.html">{text.format(path.stem.replace("_", " "))}</a>' if path else "<span></span>"

    middle = f'<span><a href="index.html">all lessons</a> · <a href="{GLOSSARY}.html">glossary</a></span>'
    return f"<nav>{link(before, '← {}')}{middle}{link(after, '{} →')}</nav>"


def index_page(notebooks: Sequence[Path], out: Path) -> str:
    """The lessons in the order to read them, each with its picture, its first words and the minutes that it takes; only
    those whose page is there."""
    parts = ["<h1>Teach a robot to climb a step, and find out why it did what it did</h1>"]
    parts.append(
        "<p>The course as it looks when it has been run. To work through it yourself: <code>make lab</code>.</p>"
    )
    if (out / PLAYGROUND).exists():
        parts.append(f'<p><a href="{PLAYGROUND}">Drive the robot yourself</a>, in this browser.</p>')
    parts.append("<p>Each lesson builds on those before it. The minutes are a beginner's, with the exercises.</p>")
    minutes, parts = minutes_of(notebooks), [*parts, "<ol class='lessons'>"]
    for path in notebooks:
        if not (out / f"{path.stem}.html").exists():
            continue
        title, words = map(html.escape, heading(nbformat.read(path, as_version=4)))
        picture = f'<img src="{path.stem}.png" alt="">' if (out / f"{path.stem}.png").exists() else ""
        link = f'<h2><a href="{path.stem}.html">{title}</a></h2>'
        takes = f'<p class="takes">{minutes[path]} min</p>' if path in minutes else ""
        parts.append(f'<li class="lesson"><div>{picture}</div><div>{link}<p>{words}</p>{takes}</div></li>')
    parts.append(
        f'</ol><p>The <a href="{GLOSSARY}.html">glossary</a> explains the words of the field; a lesson links each '
        f'where it is first used. Papers and books: <a href="{READING}.html">further reading</a>.</p>'
    )
    return PAGE.format(title="The course", style=STYLE, nav="", body="\n".join(parts))


def minutes_of(notebooks: Sequence[Path]) -> dict[Path, int]:
    """What a beginner needs for each lesson, as the README says, min."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    said = {path: re.search(rf"{path.name}` \|.*\((\d+) min\)", readme) for path in notebooks}
    return {path: int(found[1]) for path, found in said.items() if found}


def times_page(notebooks: Sequence[Path], out: Path) -> str:
    """What each lesson needs of a beginner, and what executing it took, as Markdown; dashes where it has no page."""
    minutes = minutes_of(notebooks)
    took = {path: json.loads(kept.read_text()) for path in notebooks if (kept := out / f"{path.stem}.json").exists()}
    heads = ["lesson", "a beginner", "executed", "processor time", "other work", "peak memory", "measured"]
    rows = [heads, ["---"] * len(heads)]
    for path in notebooks:
        measured = as_words(took[path]) if path in took else ["–"] * 5
        rows.append([path.stem.replace("_", " "), f"{minutes.get(path, 0)} min", *measured])
    hours, rest = divmod(sum(minutes.values()), 60)
    all_of_it = sum(each["seconds"] for each in took.values()) / 60
    rows.append(["all", f"{hours} h {rest} min", f"{all_of_it:.0f} min", "", "", "", ""])
    return TIMES.format(table="\n".join(f"| {' | '.join(row)} |" for row in rows))


def as_words(took: dict[str, Any]) -> list[str]:
    """A lesson's cells of the table."""
    others = took["others_s"] / took["seconds"]
    times = [f"{took[key] / 60:.1f} min" for key in ("seconds", "processor_s")]
    return [*times, f"{others:.1f} of {took['cores']} cores", f"{took['peak_mb'] / 1000:.1f} GB", took["date"]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebooks", nargs="*", type=Path, help="all lessons if none is given")
    parser.add_argument("--out", type=Path, default=ROOT / "site")
    parser.add_argument("--again", action="store_true", help="execute also what has a page")
    parser.add_argument("--times", type=Path, help="write what each lesson took into this Markdown file")
    parser.add_argument("--page", type=Path, help="write the one notebook given as this page, and no site")
    given = parser.parse_args()
    lessons = sorted(given.notebooks or (ROOT / "notebooks").glob("[0-9]*.ipynb"))
    if given.page:
        build_page(lessons[0], given.page)
        return 0
    try:
        build_playground(given.out / PLAYGROUND)
    except OSError as error:
        print(f"no {PLAYGROUND}: {error}")
    failures = build(lessons, given.out, given.again)
    if given.times:
        given.times.write_text(times_page(lessons, given.out), encoding="utf-8")
    print(*failures, f"{given.out / 'index.html'} lists the lessons", sep="\n")
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
