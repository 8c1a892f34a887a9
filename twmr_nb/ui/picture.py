"""A picture that says in words what it shows."""

import anywidget
import traitlets as t

SCRIPT = """
function render({ model, el }) {
  const image = document.createElement("img");
  let shown = "";
  const show = () => {
    const old = shown, png = model.get("value");
    shown = png.byteLength ? URL.createObjectURL(new Blob([png], { type: "image/png" })) : "";
    image.hidden = !shown;
    image.src = shown;
    URL.revokeObjectURL(old);
  };
  const say = () => (image.alt = model.get("words"));
  Object.assign(image.style, { display: "block", width: "100%", height: "auto" });
  el.append(image);
  el.classList.add("twmr-picture");
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


class Picture(anywidget.AnyWidget):
    """A PNG in `value`, as wide as there is room for; `words` for those who do not see it."""

    _esm = SCRIPT
    value = t.Bytes(b"").tag(sync=True)
    words = t.Unicode("").tag(sync=True)
