// From switches to gains over time: as lemons/segments.py cuts a track, so that what is heard is what was scored.

/* exported Envelope */

/** What sounds of a row in which segments: raised cosines at the borders between on and off, 1 between two that are on. */
class Envelope {
  /** `borders` and `fades` in seconds, `sr` in Hz; a segment passes into the next over border - fade to border + fade. */
  constructor(borders, fades, sr) {
    Object.assign(this, { borders, fades, sr });
  }

  get duration() {
    return this.borders[this.borders.length - 1];
  }

  /** First and last second of what sounds in segments, fades included. */
  span(first, last = first) {
    return [this.borders[first] - this.fades[first], this.borders[last + 1] + this.fades[last + 1]];
  }

  /** The gain of a row at a place, from its switches (one for each segment). */
  level(switches, seconds) {
    return switches.reduce((sum, on, s) => sum + on * (this.risen(s, seconds) - this.risen(s + 1, seconds)), 0);
  }

  /** How far the track has passed over a border: 0 before it, 1 after it. */
  risen(border, seconds) {
    if (border === 0) return 1;
    if (border === this.borders.length - 1) return 0;
    const [here, half] = [this.borders[border], this.fades[border]];
    const late = seconds - here + 0.5 / this.sr; // Python's fades are taken at the middle of their samples
    if (Math.abs(late) >= half) return Number(late > 0);
    return 0.5 + 0.5 * Math.sin((Math.PI / 2) * (late / half));
  }

  /** Automate a gain: the context's time `at` is the track's second `from`. */
  schedule(param, switches, { at, from }) {
    param.setValueAtTime(this.level(switches, from), 0); // it does not sound before `at`
    const borders = switches.map((_, border) => border).slice(1);
    const fades = borders.filter((border) => switches[border] !== switches[border - 1]).map((border) => ({
      start: Math.max(this.borders[border] - this.fades[border], from),
      end: this.borders[border] + this.fades[border],
      value: switches[border],
    }));
    const ahead = fades.filter(({ end }) => end > from);
    ahead.forEach(({ start, end, value }, i) => {
      const n = Math.round((end - start) * this.sr);
      if (n > 1) {
        const curve = Float32Array.from({ length: n }, (_, j) => this.level(switches, start + j / this.sr));
        param.setValueCurveAtTime(curve, at + start - from, (n - 1) / this.sr);
      }
      const meets = ahead[i + 1]?.start - end < 0.5 / this.sr; // the next curve, which may not overlap a value
      if (!meets) param.setValueAtTime(value, at + end - from); // exactly 0 or 1 from here on
    });
  }
}
