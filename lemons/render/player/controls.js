// Everything around the grid: transport, presets, the model's answer. Each part draws what it is given and reports clicks.

/* global capitalized, clock, element, icon, iconButton, PRESETS, setSlider, setText, signed, slider */
/* exported Answer, Presets, Ruler, Transport */

const MAX_TICKS = 6; // times on the ruler, beside the end; a phone has no room for more
const ROUND = [0.5, 1, 2, 5, 10, 15, 30, 60, 120]; // seconds between them
const EARLY_S = 0.05; // a segment begins with its fade, a little before its time
let players = 0; // groups of radio buttons need names of their own

/** Play, to the start, loop, the time, and the volume of everything. */
class Transport {
  /** `on`: play(), home(), loop(), volume(value). */
  constructor(on) {
    this.playButton = iconButton("play", "Play", on.play);
    this.loopButton = iconButton("loop", "Loop", on.loop);
    this.time = element("span", { class: "time" });
    const oninput = (event) => on.volume(event.target.valueAsNumber);
    this.volume = slider({ label: "Volume", min: 0, max: 1, step: 0.01, value: 1, oninput });
    this.root = element(
      "div",
      { class: "transport" },
      iconButton("start", "To the start", on.home),
      this.playButton,
      this.loopButton,
      this.time,
      element("label", { class: "volume" }, icon("volume"), this.volume),
    );
  }

  draw({ playing, loop, ready }) {
    const name = playing ? "pause" : "play";
    if (this.shown !== name) {
      this.shown = name;
      this.playButton.replaceChildren(icon(name));
      this.playButton.setAttribute("aria-label", capitalized(name));
      this.playButton.title = `${capitalized(name)} (space)`;
    }
    this.playButton.disabled = !ready;
    this.loopButton.setAttribute("aria-pressed", loop);
  }

  setPosition(seconds, duration) {
    setText(this.time, `${clock(Math.floor(seconds + EARLY_S))} / ${clock(duration)}`);
  }
}

/** The presets, and beside them what sets the chosen one: how many components are the explanation, or all of them at once. */
class Presets {
  /** `on`: preset(name), k(value), kept(value) once the slider is let go, all(value): 1 for on, 0 for off. */
  constructor(on) {
    const group = `lemons-preset-${(players += 1)}`;
    this.buttons = Object.entries(PRESETS).map(([name, label]) => {
      const input = element("input", { type: "radio", name: group, value: name, onclick: () => on.preset(name) });
      return { name, input, node: element("label", {}, input, element("span", {}, label)) };
    });
    this.radios = element("div", { class: "presets", role: "radiogroup", "aria-label": "What to hear" }, ...this.buttons.map(({ node }) => node));
    const [oninput, onchange] = [on.k, on.kept].map((act) => (event) => act(event.target.valueAsNumber));
    this.slider = slider({ label: "Components in the explanation", min: 1, max: 1, step: 1, value: 1, oninput, onchange });
    this.number = element("span", { class: "number" });
    this.k = element("label", { class: "k" }, this.number, this.slider);
    this.hint = element("p", { class: "note" });
    const all = (text, value) => element("button", { type: "button", class: "plain", onclick: () => on.all(value) }, text);
    this.own = element("div", { class: "own", role: "group", "aria-label": "Your own mix" }, this.hint, all("All on", 1), all("All off", 0));
    this.note = element("p", { class: "note" }, "Nothing in this track speaks for it, so there is no explanation to hear.");
    this.root = element("div", { class: "choice" }, this.radios, element("div", { class: "setting" }, this.k, this.own), this.note);
  }

  draw(choice) {
    const n = choice.ranked.length;
    for (const { name, input, node } of this.buttons) {
      node.hidden = name in choice.facts && !choice.offers(name);
      input.checked = choice.preset === name;
      input.disabled = !choice.offers(name);
    }
    // what is idle keeps its room, or everything below would jump
    this.k.classList.toggle("idle", !n || !["explanation", "rest"].includes(choice.preset));
    this.own.classList.toggle("idle", choice.preset !== "own");
    setText(this.hint, `Click cells${choice.rows.length > 1 ? " or names" : ""} to switch them`);
    this.note.hidden = n > 0;
    Object.assign(this.slider, { max: Math.max(n, 1), disabled: n < 2 });
    setSlider(this.slider, choice.k);
    this.slider.setAttribute("aria-valuetext", `the top ${choice.k} of ${n} that speak for the track`);
    setText(this.number, `Top ${choice.k} of ${n}`);
    this.k.title = `${n} components speak for the track`;
  }
}

/** The model's answer to what is heard, beside its answers to the full mix and to silence. */
class Answer {
  constructor() {
    this.value = element("output", { class: "value" });
    this.full = new Landmark("full", "Full mix");
    this.silence = new Landmark("silence", "Silence");
    const marks = [this.full, this.silence];
    this.meter = element("div", { class: "meter", role: "meter" }, ...marks.map(({ tick }) => tick));
    this.note = element("p", { class: "note" });
    const heading = element("p", { class: "question" }, "The model gives what you hear: ", this.value);
    this.root = element("div", { class: "answer" }, heading, this.meter, ...marks.map(({ line }) => line), this.note);
  }

  /** `relevance` is null where it is not known, and then `why` says why; so is `silence`, the answer to `nothing`. `others`: those on the list. */
  draw({ relevance, range, measure, full, silence, nothing, why, quieter, others }) {
    const [low, high] = range;
    const at = (value) => (value - low) / (high - low);
    const known = relevance !== null;
    const place = known && others?.length ? `, place ${placeOf(relevance, others)} of ${others.length + 1}` : "";
    setText(this.value, known ? relevance.toFixed(2) + place : "–");
    this.root.classList.toggle("unknown", !known);
    this.meter.style.setProperty("--value", known ? at(relevance) : 0);
    this.meter.setAttribute("aria-label", `${measure} of what you hear`);
    this.meter.setAttribute("aria-valuemin", low);
    this.meter.setAttribute("aria-valuemax", high);
    this.full.draw(full, relevance, at);
    this.silence.name = capitalized(nothing);
    this.silence.draw(silence, relevance, at);
    if (known) this.meter.setAttribute("aria-valuenow", relevance.toFixed(4));
    else this.meter.removeAttribute("aria-valuenow");
    const spoken = [this.value, this.full.text, this.silence.text].map(({ textContent }) => textContent);
    this.meter.setAttribute("aria-valuetext", spoken.filter(Boolean).join(". "));
    const notes = [!known && why, quieter && "Volumes do not count: the model hears every part at its true level."];
    setText(this.note, notes.filter(Boolean).join(" "));
  }
}

/** The place of a relevance among those of other tracks. */
function placeOf(relevance, others) {
  return 1 + others.filter((other) => other > relevance).length;
}

/** What an answer is compared with: a tick on the meter, and a line that begins with the same shape. */
class Landmark {
  constructor(shape, name) {
    this.name = name;
    const mark = () => element("span", { class: `mark ${shape}`, "aria-hidden": "true" });
    this.tick = mark();
    this.text = element("span", {});
    this.line = element("p", { class: "comparison" }, mark(), this.text);
  }

  /** `value` is null where it is not known, and so is `relevance`. */
  draw(value, relevance, at) {
    this.tick.hidden = this.line.hidden = value === null;
    this.tick.style.setProperty("--at", value === null ? 0 : at(value));
    // the difference of the numbers that are shown, or it would look miscalculated
    const known = value !== null && relevance !== null;
    const difference = known ? ` · difference ${signed(Number(relevance.toFixed(2)) - Number(value.toFixed(2)), 2)}` : "";
    setText(this.text, value === null ? "" : `${this.name}: ${value.toFixed(2)}${difference}`);
  }
}

/** The time axis, and the handle that moves along it. */
class Ruler {
  constructor({ seek }) {
    const oninput = (event) => seek(event.target.valueAsNumber);
    this.slider = slider({ label: "Position", min: 0, max: 1, step: 0.01, value: 0, oninput });
    this.ticks = element("div", { class: "ticks", "aria-hidden": "true" });
    this.root = element("div", { class: "ruler" }, element("div", { class: "lane" }, this.ticks, this.slider));
  }

  build({ borders, duration }) {
    this.slider.max = duration;
    const places = ticksOf(borders);
    const digits = Number(duration / places.length < 3);
    const ticks = places.map((seconds) => element("span", {}, clock(seconds, digits)));
    ticks.forEach((tick, i) => (tick.style.left = `${(100 * places[i]) / duration}%`));
    this.ticks.replaceChildren(...ticks);
  }

  setPosition(seconds, duration) {
    setSlider(this.slider, seconds);
    this.slider.setAttribute("aria-valuetext", `${clock(seconds)} of ${clock(duration)}`);
  }
}

/** Times to write on the ruler: borders of segments or, where there are none, round numbers; the end always. */
function ticksOf(borders) {
  const duration = borders[borders.length - 1];
  const every = Math.ceil((borders.length - 1) / MAX_TICKS);
  const round = ROUND.find((step) => duration / step <= MAX_TICKS) ?? duration / MAX_TICKS;
  const inside = borders.length > 2 ? borders.filter((_, i) => i % every === 0) : borders.slice(0, 1);
  while (borders.length === 2 && inside.length * round < duration) inside.push(inside.length * round);
  const room = duration / MAX_TICKS / 2;
  return [...inside.filter((seconds) => duration - seconds > room), duration];
}
