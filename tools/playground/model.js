// What a widget's view has from its kernel, traits and messages, where there is none: the page itself answers.

export class PageModel {
  traits; heard; listeners = {};

  /** @param {Record<string, any>} traits @param {(message: Record<string, any>) => void} heard what the view says */
  constructor(traits, heard) {
    Object.assign(this, { traits, heard });
  }

  get(name) {
    return this.traits[name];
  }

  set(name, value) {
    this.traits[name] = value;
    this.tell(`change:${name}`);
  }

  save_changes() {}

  on(event, act) {
    (this.listeners[event] ??= new Set()).add(act);
  }

  off(event, act) {
    this.listeners[event]?.delete(act);
  }

  tell(event, ...said) {
    for (const act of this.listeners[event] ?? []) act(...said);
  }

  send(message) {
    this.heard(message);
  }
}
