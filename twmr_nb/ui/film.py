"""A short film that says in words what it shows; it starts by itself only where motion is welcome."""

import anywidget
import traitlets as t

SCRIPT = """
function render({ model, el }) {
  const video = Object.assign(document.createElement("video"), { controls: true, muted: true, playsInline: true });
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let shown = "";
  const show = () => {
    const old = shown, film = model.get("value");
    shown = film.byteLength ? URL.createObjectURL(new Blob([film], { type: "video/mp4" })) : "";
    video.autoplay = !still.matches;
    video.onloadeddata = () => URL.revokeObjectURL(old);
    if (shown) video.src = shown;
  };
  const say = () => video.setAttribute("aria-label", model.get("words"));
  Object.assign(video.style, { display: "block", width: "100%", aspectRatio: "16 / 9" });
  el.append(video);
  model.on("change:value", show);
  model.on("change:words", say);
  show();
  say();
  return () => {
    model.off("change:value", show);
    model.off("change:words", say);
    URL.revokeObjectURL(shown);
  };
}
export default { render };
"""


class Film(anywidget.AnyWidget):
    """An mp4 in `value`, as wide as there is room for; `words` for those who do not see it. Played once."""

    _esm = SCRIPT
    value = t.Bytes(b"").tag(sync=True)
    words = t.Unicode("").tag(sync=True)
