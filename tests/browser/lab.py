"""A real JupyterLab in a real browser, for tests: start it, open notebooks, run cells, look at what they show.

Everything stays on 127.0.0.1 and in one temporary folder: a random port and token, fresh settings, no news, no
update check. Anything a page asks from elsewhere is recorded in `Notebook.requests`.
"""

import ast
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import nbformat
from playwright.sync_api import Browser, Page, Playwright

PATIENCE = 240_000  # ms; a machine that does other things as well
ARTIFACTS = Path(__file__).parents[1] / "artifacts"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A software rasteriser, as on a laptop without a GPU; recent browsers want to be asked for it.
DRAW, NO_DRAW = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader"), ("--disable-gpu", "--disable-3d-apis")
QUICKLY = ("--disable-gpu-rasterization", "--disable-gpu-compositing")  # what is not WebGL goes round it
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
    "docmanager-extension/plugin": {"autosave": False},
}
KERNEL = "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel"  # of the open notebook, in the page
# Counts the WebGL contexts that a page holds; browsers allow about 16.
COUNT_CONTEXTS = """
window.glContexts = [];
const getContext = HTMLCanvasElement.prototype.getContext;
HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
  const context = getContext.call(this, kind, ...rest);
  if (context && kind.startsWith("webgl") && !window.glContexts.includes(context)) window.glContexts.push(context);
  return context;
};
"""


def find_chromium(playwright: Playwright) -> str | None:
    """An installed Chromium or Chrome, Playwright's own included; None where there is none."""
    installed = next((path for name in CHROMIUM if (path := shutil.which(name))), None)
    own = playwright.chromium.executable_path
    return installed or (own if Path(own).exists() else None)


def launch(playwright: Playwright, executable: str, webgl: bool = True, flags: Sequence[str] = ()) -> Browser:
    """A headless browser that draws WebGL in software, or one that refuses WebGL."""
    root = ("--no-sandbox",) if hasattr(os, "getuid") and os.getuid() == 0 else ()
    return playwright.chromium.launch(
        executable_path=executable,
        args=[*(DRAW if webgl else NO_DRAW), *flags, *root],
        ignore_default_args=["--hide-scrollbars"],  # people see them
    )


def new_page(browser: Browser, **options: Any) -> Page:
    """A page of its own on which everything is waited for patiently."""
    page = browser.new_page(**options)
    page.set_default_timeout(PATIENCE)
    return page


def artifact(name: str) -> Path:
    """Where to keep a picture: tests/artifacts/NAME.png, in a folder that git ignores."""
    ARTIFACTS.mkdir(exist_ok=True)
    (ARTIFACTS / ".gitignore").write_text("*\n")
    return ARTIFACTS / f"{name}.png"


def screenshot(page: Page, name: str, **options: Any) -> Path:
    """Keep a picture of the page as an artifact."""
    page.screenshot(path=artifact(name), **options)
    return artifact(name)


class Lab:
    """A JupyterLab server in a temporary folder; `close()` ends it and its kernels."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.token = folder, secrets.token_hex(16)
        self.notebooks = folder / "notebooks"
        # Kernels' sockets are files here, whose names may have 107 letters; a TCP port that is free when it is chosen
        # may be taken when the kernel opens it.
        self.runtime = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.notebooks.mkdir(parents=True)
        for name, values in SETTINGS.items():
            path = folder / "config/lab/user-settings/@jupyterlab" / f"{name}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))
        self.process = self._start()
        self.url = self._wait()

    def _start(self) -> subprocess.Popen[bytes]:
        places = {"JUPYTER_CONFIG_DIR": "config", "IPYTHONDIR": "ipython", "HOME": "home"}
        environment = {**os.environ, "JUPYTER_TOKEN": self.token}
        environment.pop("PYTHONSTARTUP", None)  # what a test asks for here is asked for in full
        environment |= {name: str(self.folder / place) for name, place in places.items()}
        environment["JUPYTER_RUNTIME_DIR"] = self.runtime.name
        environment["TWMR_RUNS"] = str(self.notebooks / "runs")
        # The kernel imports this checkout, whatever folder it starts in.
        environment["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")])
        (self.folder / "home").mkdir()
        options = ["--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"]
        options += [f"--ServerApp.root_dir={self.notebooks}", "--LabApp.expose_app_in_browser=True"]
        options += ["--KernelManager.transport=ipc"]
        # Else each page asks Node whether JupyterLab should be built.
        settings = {"page_config_data": {"buildAvailable": False, "buildCheck": False}}
        options += [f"--ServerApp.tornado_settings={settings}"]
        command = [sys.executable, "-m", "jupyterlab", *options]
        with (self.folder / "lab.log").open("wb") as log:
            return subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=self.notebooks)

    def _wait(self) -> str:
        info, end = Path(self.runtime.name, f"jpserver-{self.process.pid}.json"), time.monotonic() + PATIENCE / 1000
        while time.monotonic() < end and self.process.poll() is None:
            if info.exists() and (text := info.read_text()).strip():
                return f"http://127.0.0.1:{json.loads(text)['port']}"
            time.sleep(0.1)
        log = (self.folder / "lab.log").read_text()
        self.close()
        raise RuntimeError(f"JupyterLab did not start:\n{log}")

    def open(
        self, browser: Browser, cells: list[str] | Path, theme: str = "Light", files: bool = False, **options: Any
    ) -> "Notebook":
        """A new page on a notebook: one made of these cells, or a copy of a file. Theme "Light" or "Dark".

        `files` leaves the file browser open, as it is when JupyterLab starts.
        """
        path = self.notebooks / f"test_{secrets.token_hex(4)}.ipynb"
        if isinstance(cells, Path):
            shutil.copy(cells, path)
        else:
            book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
            book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
            nbformat.write(book, path)
        page = new_page(browser, **({"viewport": {"width": 1440, "height": 900}} | options))
        page.add_init_script(COUNT_CONTEXTS)
        return Notebook(self, page, path, theme, files)

    def close(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.runtime.cleanup()


class Notebook:
    """A notebook open in JupyterLab. `page` is Playwright's; `errors` and `requests` fill up by themselves."""

    def __init__(self, lab: Lab, page: Page, path: Path, theme: str, files: bool = False) -> None:
        self.lab, self.page, self.path, self.files = lab, page, path, files
        self.errors: list[str] = []
        self.requests: list[str] = []
        page.on("console", self._note_error)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self._note_request)
        page.on("dialog", lambda dialog: dialog.accept())
        self.load()
        self.wear(theme)

    def _note_error(self, message: Any) -> None:
        if message.type == "error":
            self.errors.append(message.text)

    def _note_request(self, request: Any) -> None:
        place = urlparse(request.url)
        if place.scheme in ("http", "https", "ws", "wss") and place.hostname != "127.0.0.1":
            self.requests.append(request.url)

    def load(self) -> None:
        """Open the page, or reload it; returns when the notebook is there and a kernel is connected."""
        self.page.goto(f"{self.lab.url}/lab/tree/{self.path.name}?token={self.lab.token}&reset")
        self.page.wait_for_selector(".jp-Notebook .jp-Cell")
        self.page.wait_for_function(f"() => {KERNEL}?.connectionStatus === 'connected'")
        if not self.files:  # they take a quarter of the page
            self.page.evaluate("() => jupyterapp.shell.collapseLeft()")

    def reload(self, shown: str) -> None:
        """Reload the page until its widgets are there again, among them this selector.

        JupyterLab gives a kernel four seconds to name them. One that trains on a busy machine may take longer; then the
        page says so in their place, and a person reloads it again.
        """
        lost = self.page.get_by_text("Error displaying widget: model not found")
        for _ in range(5):
            self.load()
            self.page.locator(shown).or_(lost).first.wait_for(state="attached")
            if not lost.count():  # which nobody sees where the last picture stands in its place
                self.page.locator(shown).first.wait_for()
                return
            self.errors[:] = [error for error in self.errors if "widget model not found" not in error]
        raise AssertionError("JupyterLab did not find the widgets of a kernel that lives, five times")

    def command(self, name: str, **arguments: Any) -> None:
        """Execute a JupyterLab command by its id and wait until it is done."""
        self._ask("([id, args]) => jupyterapp.commands.execute(id, args).then(() => null)", [name, arguments])

    def _ask(self, function: str, argument: Any = None) -> Any:
        """What an async function in the page returns; an error after three times PATIENCE: a cell may train."""
        late = f"new Promise((_, fail) => setTimeout(() => fail(new Error('no answer')), {3 * PATIENCE}))"
        return self.page.evaluate(f"argument => Promise.race([({function})(argument), {late}])", argument)

    def wear(self, theme: str) -> None:
        """Change the theme, "Light" or "Dark", and wait until the page wears it."""
        self.command("apputils:change-theme", theme=f"JupyterLab {theme}")
        self.page.wait_for_function("name => document.body.dataset.jpThemeName === name", arg=f"JupyterLab {theme}")

    def run_all(self) -> None:
        """Run every cell and wait for the last one; fails with the traceback if a cell raised."""
        self.command("notebook:run-all-cells")
        assert not (failed := self.tracebacks()), failed

    def run_cell(self, index: int) -> None:
        """Run one cell and wait for it."""
        self.page.evaluate("i => { jupyterapp.shell.currentWidget.content.activeCellIndex = i; }", index)
        self.command("notebook:run-cell")
        assert not (failed := self.tracebacks()), failed

    def start_cell(self, index: int) -> None:
        """Run one cell and return as soon as the kernel is at it."""
        self.page.evaluate(
            """i => {
              jupyterapp.shell.currentWidget.content.activeCellIndex = i;
              jupyterapp.commands.execute("notebook:run-cell");
            }""",
            index,
        )
        self.page.wait_for_function(f"() => {KERNEL}.status === 'busy'")

    def tracebacks(self) -> str:
        shown = self.page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']")
        return "\n".join(text for text in shown.all_inner_texts() if "Traceback" in text)

    def evaluate(self, expression: str) -> Any:
        """A Python expression's value in the kernel, through its JSON text; works whatever the cells do."""
        code = f"import json; json.dumps({expression})"
        text = self._ask(
            """async code => {
              const kernel = jupyterapp.shell.currentWidget.sessionContext.session.kernel;
              const future = kernel.requestExecute({ code, store_history: false });
              let told;
              future.onIOPub = m => {
                if (["execute_result", "error"].includes(m.header.msg_type)) told = m.content;
              };
              await future.done;
              if (told.evalue !== undefined) throw new Error(told.evalue);
              return told.data["text/plain"];
            }""",
            code,
        )
        return json.loads(ast.literal_eval(text))

    def save(self) -> None:
        self.command("docmanager:save")

    def shutdown_kernel(self) -> None:
        """End the kernel, as a closed laptop does; the page stays."""
        self._ask("() => jupyterapp.shell.currentWidget.sessionContext.shutdown()")

    def live_contexts(self) -> int:
        """How many WebGL contexts the page holds."""
        return self.page.evaluate("() => window.glContexts.filter(c => !c.isContextLost()).length")

    def screenshot(self, name: str, selector: str | None = None) -> Path:
        """Keep a picture of the page, or of one element of it, in tests/artifacts."""
        if selector:
            box = self.page.locator(selector).first
            box.scroll_into_view_if_needed()
            return screenshot(self.page, name, clip=box.bounding_box())
        return screenshot(self.page, name)

    def close(self) -> None:
        self.page.close()
