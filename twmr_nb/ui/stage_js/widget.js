// The stage as a live widget.

import { StageView } from "./view.js";

function render({ model, el }) {
  const view = new StageView(model, el);
  return () => view.remove();
}

export default { render };
