"""A picture that says in words what it shows."""

import anywidget
import traitlets as t

SCRIPT = """
function render({ model, el }) {
  let image = document.createElement("img"), latest = 0;
  // An element of its own for each picture: one that changes while the page leaves its cell undrawn may keep no size.
  const show = () => {
    const png = model.get("value"), mine = ++latest, next = document.createElement("img");
    if (!png.byteLength) return image.replaceWith((image = next));
    next.src = URL.createObjectURL(new Blob([png], { type: "image/png" }));
    next.onload = () => {
      if (mine !== latest) return URL.revokeObjectURL(next.src);
      Object.assign(next.style, { display: "block", width: "100%", height: "auto" });
      next.alt = model.get("words");
      image.replaceWith(next);
      URL.revokeObjectURL(image.src);
      image = next;
    };
  };
  const say = () => (image.alt = model.get("words"));
  el.append(image);
  el.classList.add("twmr-picture");
  model.on("change:value", show);
  model.on("change:words", say);
  show();
  return () => {
    model.off("change:value", show);
    model.off("change:words", say);
    latest = 0;
    URL.revokeObjectURL(image.src);
  };
}
export default { render };
"""


class Picture(anywidget.AnyWidget):
    """A PNG in `value`, as wide as there is room for; `words` for those who do not see it."""

    _esm = SCRIPT
    value = t.Bytes(b"").tag(sync=True)
    words = t.Unicode("").tag(sync=True)
