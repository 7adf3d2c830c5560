// What somebody chose to hear: a preset or one component alone, and what is muted. No sound and no document here.

const PRESETS = { explanation: "Explanation", mix: "Full mix", rest: "Rest", own: "What if" };
const MAX_NAMED = 4; // components that a caption names

class Choice {
  constructor(data) {
    this.components = data.components;
    this.rows = data.rows;
    /** Indices of those that speak for the track, the strongest first. */
    this.ranked = data.components.map((_, index) => index).filter((index) => data.components[index].weight > 0);
    this.ranked.sort((a, b) => data.components[b].weight - data.components[a].weight || a - b);
    this.preset = this.ranked.length ? "explanation" : "mix";
    this.own = null; // the mask of "What if": at first what was heard when it was chosen
    this.alone = null; // index of the component that is heard alone
    this.setK(data.k);
    this.clearRows();
    this.volumes = data.rows.map(() => 1);
  }

  setK(k) {
    this.k = Math.max(1, Math.min(k, this.ranked.length));
  }

  setPreset(preset) {
    if (preset === "own") this.own ??= this.mask;
    this.preset = preset;
    this.alone = null;
  }

  clearRows() {
    this.muted = new Set();
    this.soloed = new Set();
  }

  get top() {
    return this.ranked.slice(0, this.k);
  }

  /** Which components are on, before rows are muted: 0 or 1 for each. */
  get mask() {
    const top = new Set(this.top);
    return this.components.map((_, index) => {
      if (this.alone !== null) return Number(index === this.alone);
      if (this.preset === "own") return this.own[index];
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
    const name = (index) => this.components[index].name;
    if (this.alone !== null) return `Alone: ${name(this.alone)}`;
    if (this.preset === "mix") return "Full mix";
    if (this.preset === "explanation") {
      const more = this.k - MAX_NAMED;
      return `Explanation: ${this.top.slice(0, MAX_NAMED).map(name).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
    }
    if (this.preset === "rest") {
      const without = this.k > 1 ? `the top ${this.k}` : name(this.top[0]);
      return this.ranked.length ? `Rest: everything but ${without}` : "Rest: everything";
    }
    const n = this.own.reduce((sum, on) => sum + on, 0);
    const total = this.own.length;
    return `What if: ${n === total ? "everything" : n ? `${n} of ${total} parts` : "silence"}`;
  }

  get without() {
    const names = (rows) => [...rows].sort().map((row) => this.rows[row].label).join(", ");
    if (this.soloed.size) return ` · only ${names(this.soloed)}`;
    return this.muted.size ? ` · without ${names(this.muted)}` : "";
  }
}
