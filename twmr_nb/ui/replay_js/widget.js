// The replay as a live widget.

import { ReplayView } from "./view.js";

function render({ model, el }) {
  const view = new ReplayView(model, el);
  return () => view.remove();
}

export default { render };
