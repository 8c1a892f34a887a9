// The episode from the robot's side, where the browser has no WebGL2: pictures of evenly spread moments, made by Python.

export class SidePainter {
  image; pictures;

  constructor(image, pictures) {
    Object.assign(this, { image, pictures });
  }

  // The moment nearest to the one asked for.
  draw({ share }) {
    const picture = this.pictures[Math.round(share * (this.pictures.length - 1))];
    if (picture && picture !== this.image.src) Object.assign(this.image, { src: picture });
  }

  resize() {}

  dispose() {}
}
