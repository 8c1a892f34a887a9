// A slider over an episode's control steps, with a button that plays them.

import { follow, make } from "./element.js";

function render({ model, el }) {
  const button = make("button"), range = make("input", { type: "range", min: 0, step: 1, title: "time: drag, or use the arrow keys" });
  const clock = make("output");
  range.setAttribute("aria-label", "time");
  clock.setAttribute("aria-live", "off");
  range.style.setProperty("--handle", "var(--jp-brand-color1, #1976d2)");
  el.classList.add("twmr-time");
  el.append(button, range, clock);

  const seconds = (frame) => ((frame + 1) * model.get("dt")).toFixed(2);
  const write = () => {
    const now = seconds(range.value * 1), end = seconds(model.get("last"));
    clock.textContent = `${now} s`;
    range.setAttribute("aria-valuetext", `${now} of ${end} seconds`);
  };
  const show = () => {
    range.max = model.get("last");
    range.value = model.get("frame");
    write();
  };
  const go = (frame) => {
    range.value = frame;
    write();
    model.set("frame", range.value * 1);
    model.save_changes();
  };
  let clockwork = null;
  const play = (on) => {
    clearInterval(clockwork);
    clockwork = on ? setInterval(tick, model.get("interval")) : null;
    button.textContent = on ? "❚❚" : "▶";
    button.title = on ? "pause" : "play";
    button.setAttribute("aria-label", button.title);
  };
  const tick = () => {
    const next = range.value * 1 + Math.max(1, Math.round(model.get("interval") / 1000 / model.get("dt")));
    if (next >= model.get("last") || !el.isConnected) play(false);
    if (el.isConnected) go(Math.min(next, model.get("last")));
  };
  button.onclick = () => {
    if (!clockwork && range.value * 1 >= model.get("last")) go(0);
    play(!clockwork);
  };
  range.oninput = () => go(range.value);
  const undo = follow(model, ["frame", "last", "dt"], show);
  play(false);
  return () => {
    play(false);
    undo();
  };
}

export default { render };
