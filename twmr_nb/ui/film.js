// A short film that says in words what it shows; it starts by itself only where motion is welcome.

import { follow, make } from "./element.js";

function render({ model, el }) {
  const video = make("video", { controls: true, muted: true, playsInline: true });
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  let shown = "";
  const show = () => {
    const old = shown, film = model.get("value");
    shown = film.byteLength ? URL.createObjectURL(new Blob([film], { type: "video/mp4" })) : "";
    video.autoplay = !still.matches;
    video.onloadeddata = () => URL.revokeObjectURL(old);
    if (shown) video.src = shown;
  };
  Object.assign(video.style, { display: "block", width: "100%", aspectRatio: "16 / 9" });
  el.append(video);
  const say = () => video.setAttribute("aria-label", model.get("words"));
  const undo = [follow(model, ["value"], show), follow(model, ["words"], say)];
  return () => {
    undo.forEach((end) => end());
    URL.revokeObjectURL(shown);
  };
}

export default { render };
