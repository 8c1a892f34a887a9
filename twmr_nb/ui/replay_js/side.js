// The episode from the robot's side, where the browser has no WebGL2: pictures of evenly spread moments, made by Python.

import { unpack } from "./robot.js";

export class SidePainter {
  image; urls = [];

  constructor(image, pictures) {
    this.image = image;
    this.load(pictures);
  }

  load(pictures) {
    this.dispose();
    const blobs = pictures.map((png) => new Blob([unpack(png, Uint8Array)], { type: "image/png" }));
    this.urls = blobs.map((blob) => URL.createObjectURL(blob));
  }

  // The moment nearest to the one asked for.
  draw({ share }) {
    const url = this.urls[Math.round(share * (this.urls.length - 1))];
    if (url && url !== this.image.src) Object.assign(this.image, { src: url });
  }

  resize() {}

  dispose() {
    for (const url of this.urls) URL.revokeObjectURL(url);
  }
}
