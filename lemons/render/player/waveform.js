// What a row looks like: its waveform over the colours of its weights.

/* global element */
/* exported Lane, paletteOf */

/** Lowest and highest sample of each of n stretches: [low, high, low, high, ...]. */
function outline(samples, n) {
  const found = new Float32Array(2 * n);
  for (let i = 0; i < n; i++) {
    let [low, high] = [0, 0];
    const stop = Math.floor(((i + 1) * samples.length) / n);
    for (let j = Math.floor((i * samples.length) / n); j < stop; j++) {
      if (samples[j] < low) low = samples[j];
      else if (samples[j] > high) high = samples[j];
    }
    found.set([low, high], 2 * i);
  }
  return found;
}

/** The colours of a player where it stands, as CSS resolves them. */
function paletteOf(root) {
  const style = getComputedStyle(root);
  const colour = (name) => style.getPropertyValue(name).trim();
  return { ink: style.color, for: colour("--for"), against: colour("--against"), neutral: colour("--neutral") };
}

/** The colour of a weight: its share of the strongest one mixed into the neutral. */
function colourOf(share, palette) {
  return `color-mix(in srgb, ${share < 0 ? palette.against : palette.for} ${100 * Math.abs(share)}%, ${palette.neutral})`;
}

class Lane {
  constructor() {
    this.canvas = element("canvas", { "aria-hidden": "true" });
  }

  setSound(samples) {
    this.samples = samples;
    this.outline = null;
  }

  /** `cells`: {start, end, share, on}, places as parts of the whole; `peak`: the loudest sample of all rows. */
  draw(cells, { palette, peak }) {
    const ratio = window.devicePixelRatio || 1;
    const [width, height] = [this.canvas.clientWidth, this.canvas.clientHeight].map((size) => Math.round(size * ratio));
    if (!width || !height) return;
    if (this.canvas.width !== width || this.canvas.height !== height) Object.assign(this.canvas, { width, height });
    if (this.samples && this.outline?.length !== 2 * width) this.outline = outline(this.samples, width);
    const pen = this.canvas.getContext("2d");
    pen.clearRect(0, 0, width, height);
    for (const cell of cells) {
      const [left, right] = [cell.start, cell.end].map((place) => Math.round(place * width));
      const gap = right - left > 8 * ratio ? ratio : 0;
      pen.globalAlpha = cell.on ? 1 : 0.42;
      pen.fillStyle = colourOf(cell.share, palette);
      pen.beginPath();
      pen.roundRect(left + gap, 0, right - left - 2 * gap, height, 5 * ratio);
      pen.fill();
      if (!this.outline) continue;
      pen.globalAlpha = cell.on ? 0.75 : 0.16;
      pen.fillStyle = palette.ink;
      const scale = (0.42 * height) / (peak || 1);
      for (let x = left + gap; x < right - gap; x++) {
        const [low, high] = [this.outline[2 * x] * scale, this.outline[2 * x + 1] * scale];
        pen.fillRect(x, height / 2 - high, 1, Math.max(high - low, ratio / 2));
      }
    }
    pen.globalAlpha = 1;
  }
}
