// What a visitor chose to hear: a preset or one component alone, and what is muted. No sound and no document here.

/* global clock */
/* exported Choice, PRESETS */

// "Enough" is a smallest set that keeps the track recommended, "Without it" everything but a smallest set that it needs
const PRESETS = { enough: "Enough", without: "Without it", explanation: "Explanation", rest: "Rest", mix: "Full mix", own: "What if" };
const MAX_NAMED = 6; // stretches of sound that a caption names
const SHORT_S = 3; // shorter segments are named to a tenth of a second, as in lemons/render/words.py

class Choice {
  /** `before`: the choice of another explanation of the same rows, of which what still makes sense is kept. */
  constructor(data, before) {
    this.components = data.components;
    this.rows = data.rows;
    this.borders = data.borders;
    this.sounding = data.answers?.sounding;
    this.nothing = data.words.nothing;
    this.facts = { enough: data.facts?.enough, without: data.facts?.without };
    /** Indices of those that speak for the track, the strongest first. */
    this.ranked = data.components.map((_, index) => index).filter((index) => data.components[index].weight > data.least);
    this.ranked.sort((a, b) => data.components[b].weight - data.components[a].weight || a - b);
    const kept = before && before.preset !== "own" ? before.preset : "enough";
    this.preset = [kept, "enough", "explanation", "mix"].find((preset) => this.offers(preset));
    this.own = null; // the mask of "What if": at first what was heard when it was chosen
    this.alone = null; // index of the component that is heard alone
    this.setK(data.k);
    this.muted = before?.muted ?? new Set();
    this.soloed = before?.soloed ?? new Set();
    this.volumes = before?.volumes ?? data.rows.map(() => 1);
  }

  setK(k) {
    this.k = Math.max(1, Math.min(k, this.ranked.length));
  }

  /** Whether there is something to hear. */
  offers(preset) {
    if (preset in this.facts) return Boolean(this.facts[preset]?.length);
    return preset !== "explanation" || this.ranked.length > 0;
  }

  setPreset(preset) {
    if (preset === "own") this.own ??= this.mask;
    this.preset = preset;
    this.alone = null;
  }

  mute(row) {
    flip(this.muted, row);
  }

  solo(row) {
    flip(this.soloed, row);
  }

  clearRows() {
    this.muted = new Set();
    this.soloed = new Set();
  }

  get top() {
    return this.ranked.slice(0, this.k);
  }

  /** Whether there is nothing to hear in a component, as far as it is known. */
  isSilent(index) {
    const { row, segment } = this.components[index];
    return this.sounding?.[segment][row] === 0;
  }

  /** Which components are on, before rows are muted: 0 or 1 for each. */
  get mask() {
    const top = new Set(this.top);
    const fact = new Set(this.facts[this.preset]);
    return this.components.map((_, index) => {
      if (this.alone !== null) return Number(index === this.alone);
      if (this.preset === "own") return this.own[index];
      if (this.preset in this.facts) return Number(fact.has(index) === (this.preset === "enough"));
      return Number(this.preset === "mix" || top.has(index) === (this.preset === "explanation"));
    });
  }

  rowIsOn(row) {
    return this.soloed.size ? this.soloed.has(row) : !this.muted.has(row);
  }

  /** Which components are heard. */
  get heard() {
    return this.mask.map((on, index) => Number(on && this.rowIsOn(this.components[index].row)));
  }

  /** Switch components of "What if": off if all of them are on, else on. */
  toggle(indices) {
    const value = Number(!indices.every((index) => this.own[index]));
    this.own = this.own.map((on, index) => (indices.includes(index) ? value : on));
  }

  /** Switch everything of "What if" on (1) or off (0), so that nothing else decides what is heard. */
  setAll(value) {
    this.own = this.own.map(() => value);
    this.clearRows();
  }

  ofRow(row) {
    return this.components.map((_, index) => index).filter((index) => this.components[index].row === row);
  }

  /** The heard segments of each row: rows x segments. */
  switches(mask) {
    return this.rows.map((_, row) => this.ofRow(row).map((index) => mask[index]));
  }

  /** First and last segment in which something is on, or null. */
  get stretch() {
    const on = this.components.filter((_, index) => this.heard[index]).map((component) => component.segment);
    return on.length ? [Math.min(...on), Math.max(...on)] : null;
  }

  get caption() {
    return this.what + this.without;
  }

  get what() {
    if (this.alone !== null) return `Alone: ${this.components[this.alone].name}${this.isSilent(this.alone) ? ", silent here" : ""}`;
    if (this.preset === "mix") return "Full mix";
    if (this.preset === "enough") return `Enough: ${this.named(this.facts.enough)}`;
    if (this.preset === "without") return `Without it: everything but ${this.named(this.facts.without)}`;
    if (this.preset === "explanation") return `Explanation: ${this.named(this.top)}`;
    if (this.preset === "rest") return `Rest: everything${this.ranked.length ? ` but ${this.named(this.top)}` : ""}`;
    const n = this.own.reduce((sum, on) => sum + on, 0);
    const total = this.own.length;
    return `What if: ${n === total ? "everything" : n ? `${n} of ${total} parts` : this.nothing}`;
  }

  /** Components in words: the row of the first of them first, neighbours in time as one stretch. */
  named(indices) {
    const rows = [...new Set(indices.map((index) => this.components[index].row))];
    const found = rows.map((row) => this.stretchesOf(row, new Set(indices)));
    if (found.flat().length > MAX_NAMED) return `the top ${indices.length}`;
    const digits = Number(this.borders.some((border, s) => border - this.borders[s - 1] < SHORT_S));
    const place = ([start, end]) => ` from ${clock(start, digits)} to ${clock(end, digits)}`;
    const places = (stretches) => (this.borders.length > 2 ? stretches.map(place).join(" and") : "");
    return rows.map((row, i) => this.rows[row].noun + places(found[i])).join(", ");
  }

  /** Where chosen components of a row sound: [start, end] in seconds for each stretch. */
  stretchesOf(row, chosen) {
    const found = [];
    this.ofRow(row).forEach((index, segment, all) => {
      const end = this.borders[segment + 1];
      if (!chosen.has(index)) return;
      if (chosen.has(all[segment - 1])) found[found.length - 1][1] = end;
      else found.push([this.borders[segment], end]);
    });
    return found;
  }

  get without() {
    const names = (rows) => [...rows].sort().map((row) => this.rows[row].label).join(", ");
    if (this.soloed.size) return ` · only ${names(this.soloed)}`;
    return this.muted.size ? ` · without ${names(this.muted)}` : "";
  }
}

function flip(set, value) {
  if (!set.delete(value)) set.add(value);
}
