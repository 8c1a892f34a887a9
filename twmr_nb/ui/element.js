// What the widgets' scripts share: making an element, and following what a model says.

export function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

// Calls show() now and whenever one of these traits changes. Returns what ends it.
export function follow(model, traits, show) {
  const events = traits.map((trait) => `change:${trait}`);
  for (const event of events) model.on(event, show);
  show();
  return () => events.forEach((event) => model.off(event, show));
}

// Calls show(whether it is in sight) now and whenever that changes. After a hold-up several reports come at once: the last one
// says how it is.
export function watchSight(element, show) {
  const sight = new IntersectionObserver((reports) => show(reports.at(-1).isIntersecting));
  sight.observe(element);
  return sight;
}
