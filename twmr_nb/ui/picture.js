// A PNG as wide as there is room for, with words for those who do not see it.

import { follow } from "./element.js";

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
  const say = () => image.src && (image.alt = model.get("words"));
  el.append(image);
  el.classList.add("twmr-picture");
  const undo = [follow(model, ["value"], show), follow(model, ["words"], say)];
  return () => {
    undo.forEach((end) => end());
    latest = 0;
    URL.revokeObjectURL(image.src);
  };
}

export default { render };
