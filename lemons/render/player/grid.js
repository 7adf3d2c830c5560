// Rows and cells: what can be heard, switched and seen. It draws a choice, and tells the player what was clicked.

/* global capitalized, element, Lane, paletteOf, peakOf, setSlider, setText, signed, slider */
/* exported Grid */

const DIGITS = [3, 6]; // decimals of a weight: at least, and at most; two of the strongest one's must be seen

class Grid {
  /** `on`: cell(index), row(row), mute(row), solo(row), volume(row, value). */
  constructor(on) {
    this.on = on;
    this.root = element("div", { class: "rows", role: "group", "aria-label": "Parts of the track" });
    this.root.addEventListener("keydown", (event) => this.move(event));
  }

  build(data) {
    Object.assign(this, { data, active: 0 });
    this.strongest = Math.max(...data.components.map(({ weight }) => Math.abs(weight))) || 1;
    this.cells = [];
    this.rows = data.rows.map((row, index) => this.buildRow(row, index));
    this.root.replaceChildren(...this.rows.map(({ node }) => node));
    this.root.classList.toggle("single", data.rows.length === 1);
  }

  buildRow({ label }, row) {
    const lane = new Lane();
    const name = element("button", { type: "button", class: "name", onclick: () => this.on.row(row) }, label);
    const small = (letter, text, act) =>
      element("button", { type: "button", class: "small", "aria-label": `${text} ${label}`, title: text, onclick: () => act(row) }, letter);
    const mute = small("M", "Mute", this.on.mute);
    const solo = small("S", "Solo", this.on.solo);
    const oninput = (event) => this.on.volume(row, event.target.valueAsNumber);
    const volume = slider({ label: `Volume of ${label}`, min: 0, max: 1, step: 0.01, value: 1, oninput });
    const strip = element("div", { class: "strip" }, name, element("div", { class: "switches" }, mute, solo, volume));
    const cells = this.data.components.flatMap((component, index) => (component.row === row ? [this.buildCell(component, index)] : []));
    const head = element("div", { class: "playhead", "aria-hidden": "true" });
    const node = element("div", { class: "row" }, strip, element("div", { class: "lane" }, lane.canvas, ...cells, head));
    return { node, lane, name, mute, solo, volume, head };
  }

  buildCell({ segment, weight }, index) {
    const [start, end] = this.place(segment);
    const number = this.weightText(weight);
    const cell = element(
      "button",
      { type: "button", class: "cell", tabindex: -1, onclick: () => this.on.cell(index), onfocus: () => this.activate(index) },
      element("span", { class: "rank" }),
      element("span", { class: "weight" }, element("span", { class: "sign" }, number.slice(0, 1)), element("span", {}, number.slice(1))),
    );
    cell.style.left = `${100 * start}%`;
    cell.style.width = `${100 * (end - start)}%`;
    this.cells[index] = cell;
    return cell;
  }

  /** Where a segment begins and ends, as parts of the whole. */
  place(segment) {
    const { borders, duration } = this.data;
    return [borders[segment] / duration, borders[segment + 1] / duration];
  }

  /** Empty where no line holds: then no part has a weight. */
  weightText(weight) {
    if (!this.data.holds) return "";
    const digits = Math.max(Math.ceil(1 - Math.log10(this.strongest)), DIGITS[0]);
    if (digits <= DIGITS[1]) return signed(weight, digits).replace(/^0\.0+$/, "0");
    return weight ? `${weight > 0 ? "+" : "−"}${Math.abs(weight).toExponential(1)}` : "0";
  }

  /** One cell is reached by Tab, the others from it by the arrows. */
  activate(index) {
    this.cells[this.active].tabIndex = -1;
    this.active = index;
    this.cells[index].tabIndex = 0;
  }

  move(event) {
    const here = this.cells.indexOf(event.target);
    if (here < 0 || event.ctrlKey || event.metaKey || event.altKey) return;
    const n = this.data.rows.length;
    const step = { ArrowLeft: -n, ArrowRight: n, ArrowUp: here % n ? -1 : 0, ArrowDown: (here + 1) % n ? 1 : 0 }[event.key];
    if (step === undefined) return;
    this.cells[here + step]?.focus();
    event.preventDefault();
    event.stopPropagation();
  }

  setSounds(buffers) {
    const sounds = buffers.map(mono);
    this.peak = Math.max(...sounds.map(peakOf));
    this.rows.forEach(({ lane }, row) => lane.setSound(sounds[row]));
  }

  /** Show a choice: what is on, the top components, mute and solo. */
  draw(choice) {
    const mask = choice.heard;
    const free = choice.preset === "own" && choice.alone === null;
    this.activate(this.active);
    this.cells.forEach((cell, index) => {
      const rank = choice.top.indexOf(index) + 1;
      const { name, weight } = this.data.components[index];
      const spoken = capitalized(name) + (this.data.holds ? `, weight ${this.weightText(weight)}` : "") + (rank ? `, rank ${rank}` : "");
      cell.setAttribute("aria-label", spoken);
      cell.setAttribute("aria-pressed", free ? Boolean(choice.own[index]) : choice.alone === index);
      cell.title = `${spoken}\n${free ? "Click to switch it" : choice.alone === index ? "Click to go back" : "Click to hear it alone"}`;
      cell.classList.toggle("top", rank > 0);
      cell.classList.toggle("off", !mask[index]);
      cell.classList.toggle("alone", choice.alone === index);
      setText(cell.firstChild, rank ? String(rank) : "");
    });
    this.rows.forEach((row, index) => {
      row.name.disabled = !free;
      row.name.title = free ? "Click to switch the whole row" : "";
      if (free) row.name.setAttribute("aria-pressed", choice.ofRow(index).every((cell) => choice.own[cell]));
      else row.name.removeAttribute("aria-pressed");
      row.mute.setAttribute("aria-pressed", choice.muted.has(index));
      row.solo.setAttribute("aria-pressed", choice.soloed.has(index));
      row.node.classList.toggle("silent", !choice.rowIsOn(index));
      if (row.volume.valueAsNumber !== choice.volumes[index]) setSlider(row.volume, choice.volumes[index]);
    });
    this.paint(mask);
  }

  paint(mask) {
    const palette = paletteOf(this.root);
    this.rows.forEach(({ lane }, row) => {
      const cells = this.data.components.flatMap(({ weight, segment, ...component }, index) => {
        if (component.row !== row) return [];
        const [start, end] = this.place(segment);
        return [{ start, end, share: weight / this.strongest, on: mask[index] }];
      });
      lane.draw(cells, { palette, peak: this.peak });
    });
  }

  setPosition(share) {
    this.root.style.setProperty("--at", share);
  }
}

/** The mean of a buffer's channels. */
function mono(buffer) {
  const channels = Array.from({ length: buffer.numberOfChannels }, (_, i) => buffer.getChannelData(i));
  return channels.length === 1 ? channels[0] : channels[0].map((_, i) => channels.reduce((sum, y) => sum + y[i], 0) / channels.length);
}
