// The time cursor: the clock while playing, and the link to the model's traits `frame` and `time`.

import { clamp } from "./vectors.js";

export const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4];

export class Playback {
  model; changed; cursor; playing; speed; frames; dt; clock; told; said; unsaved;

  // changed() is called whenever the picture is out of date.
  constructor(model, changed) {
    Object.assign(this, { model, changed, cursor: 0, playing: false, speed: 1 });
  }

  load(frames, dt) {
    Object.assign(this, { frames, dt, cursor: clamp(this.model.get("frame"), 0, frames - 1) });
  }

  get frame() {
    return Math.floor(this.cursor);
  }

  play() {
    if (this.cursor >= this.frames - 1) this.cursor = 0;
    Object.assign(this, { playing: true, clock: performance.now(), told: 0 });
    this.changed();
  }

  pause() {
    Object.assign(this, { playing: false, cursor: this.frame });
    this.tell(true);
    this.changed();
  }

  toggle() {
    this.playing ? this.pause() : this.play();
  }

  seek(frame) {
    this.cursor = clamp(Math.round(frame), 0, this.frames - 1);
    this.pause();
  }

  faster(by) {
    this.speed = SPEEDS[clamp(SPEEDS.indexOf(this.speed) + by, 0, SPEEDS.length - 1)];
    this.changed();
  }

  // Real time times speed: slow pictures skip frames, the robot's time stays right.
  advance(now) {
    const passed = clamp(now - this.clock, 0, 1000) / 1000; // begun after this frame's time, or long out of sight
    this.cursor = Math.min(this.cursor + (passed * this.speed) / this.dt, this.frames - 1);
    this.clock = now;
    if (this.cursor >= this.frames - 1) this.pause();
    else this.tell(now - this.told > 100);
  }

  // Other views in the page follow at once, the kernel hears ten times a second.
  tell(kernelToo) {
    const { frame, model } = this;
    if (frame !== model.get("frame")) {
      Object.assign(this, { said: frame, unsaved: true });
      model.set({ frame, time: (frame + 1) * this.dt });
    }
    if (!kernelToo || !this.unsaved) return;
    Object.assign(this, { told: performance.now(), unsaved: false });
    model.save_changes();
  }

  // Someone else moved the cursor; a replay that plays goes on from there.
  hear(frame) {
    if (frame === this.said || frame === this.frame) return;
    Object.assign(this, { said: null, cursor: clamp(frame, 0, this.frames - 1) });
    this.tell(true);
    this.changed();
  }
}
