// The player: what was chosen becomes sound and picture. Streamlit, or a report's script, mounts it on an element.

/* global Answer, boostOf, Choice, element, Envelope, Grid, KEYS, listenForKeys, loadSounds, loadWhatIf, loudnessNote,
   pauseForOthers, pauseOthers, Presets, Ruler, setText, Sound, soundsOf, Transport */
/* exported Player */

class Player {
  /** `onkept(k)` is called when the slider of the top components is let go. */
  constructor(parent, { onkept }) {
    this.onkept = onkept;
    this.build();
    this.root.lemonsPlayer = this; // for tests and the curious
    this.ready = Promise.resolve();
    this.life = new AbortController(); // ends all that listens beyond the root
    const { signal } = this.life;
    pauseForOthers(this, signal);
    window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw(), { signal });
    new ResizeObserver(() => this.life.signal.aborted || requestAnimationFrame(() => this.draw())).observe(this.root);
    listenForKeys(this);
    parent.append(this.root);
  }

  build() {
    const change = (act) => this.change(act);
    this.transport = new Transport({
      play: () => this.toggle(),
      home: () => this.home(),
      loop: () => change(() => (this.loop = !this.loop)),
      volume: (value) => change(() => (this.volume = value)),
    });
    this.presets = new Presets({
      preset: (name) => change((choice) => choice.setPreset(name)),
      k: (k) => change((choice) => choice.setK(k)),
      kept: (k) => this.onkept(k),
      all: (value) => change((choice) => choice.setAll(value)),
    });
    this.answer = new Answer();
    this.ruler = new Ruler({ seek: (seconds) => this.seek(seconds) });
    this.grid = new Grid({
      cell: (index) => this.clickCell(index),
      row: (row) => change((choice) => choice.toggle(choice.ofRow(row))),
      mute: (row) => change((choice) => choice.mute(row)),
      solo: (row) => this.solo(row),
      volume: (row, value) => change((choice) => (choice.volumes[row] = value)),
    });
    this.caption = element("p", { class: "caption", "aria-live": "polite" });
    this.state = element("p", { class: "state", role: "status" });
    this.again = element("button", { type: "button", class: "plain", onclick: () => this.load() }, "Try again");
    this.trouble = element("div", { class: "trouble" }, this.state, this.again);
    const matched = element("input", { type: "checkbox", role: "switch", onchange: ({ target }) => this.match(target.checked) });
    this.levelNote = element("span", { class: "note" });
    this.root = element(
      "section",
      { class: "lemons-player", tabindex: -1 },
      element("div", { class: "bar" }, this.transport.root, this.presets.root),
      element("div", { class: "now" }, this.caption, this.answer.root),
      this.trouble,
      element("div", { class: "grid" }, this.ruler.root, this.grid.root),
      element(
        "div",
        { class: "foot" },
        element("label", { class: "match" }, matched, element("span", {}, "Match loudness")),
        this.levelNote,
        element("p", { class: "keys" }, KEYS),
      ),
    );
  }

  /** Show an explanation; what is already playing goes on if the sounds are the same. */
  update(data) {
    const { k, answers, start, ...rest } = data; // k is the visitor's as soon as the question is on the page
    const question = JSON.stringify(rest);
    const sources = JSON.stringify([soundsOf(data), answers]);
    if (question !== this.question) {
      this.choice = new Choice(data, soundsOf(data) === this.sounds ? this.choice : undefined);
      this.envelope = new Envelope(data.borders, data.fades, data.sr);
      this.grid.build(data);
      this.ruler.build(data);
      if (soundsOf(data) === this.sounds && this.sound) this.grid.setSounds(this.sound.buffers);
    }
    Object.assign(this, { data, question });
    this.root.setAttribute("aria-label", `Why ${data.title}${data.listener ? ` for ${data.listener}` : ""}: the player`);
    if (sources !== this.sources) this.load();
    this.sources = sources;
    this.draw();
    if (start && start !== this.started) this.ready.then(() => this.play());
    this.started = start ?? this.started;
  }

  /** Get what is not there yet of sounds and answers; then `ready` is kept, also if it failed and the player says so. */
  load() {
    if (soundsOf(this.data) !== this.sounds) {
      this.sound?.close();
      this.sound = null;
    }
    Object.assign(this, { sounds: soundsOf(this.data), whatIf: null, failure: "" });
    const loading = Promise.all([this.sound?.buffers ?? loadSounds(this.data), loadWhatIf(this.data)]);
    const arrived = ([buffers, whatIf]) => {
      if (this.loading !== loading) return; // others were wanted meanwhile, or the player is gone
      this.whatIf = whatIf;
      if (!this.sound) this.open(buffers);
      this.draw();
    };
    const failed = (error) => {
      if (this.loading !== loading) return;
      this.failure = `The sounds could not be loaded (${error.message}).`;
      this.draw();
    };
    this.loading = loading;
    this.ready = loading.then(arrived).catch(failed);
    this.draw();
  }

  open(buffers) {
    this.sound = new Sound(buffers, { sr: this.data.sr, onend: () => this.draw() });
    this.sound.place = this.first;
    this.grid.setSounds(buffers.slice(0, this.data.rows.length));
  }

  change(act) {
    act(this.choice);
    this.draw();
  }

  /** Bring sound and picture in line with the choice. */
  draw() {
    if (this.life.signal.aborted) return;
    const { choice, sound, data } = this;
    this.transport.draw({ playing: this.playing, loop: this.loop, ready: Boolean(sound) });
    this.presets.draw(choice);
    this.grid.draw(choice);
    setText(this.caption, choice.caption);
    setText(this.state, this.failure || (sound ? "" : "Loading the sounds …"));
    this.trouble.hidden = sound && !this.failure;
    this.again.hidden = !this.failure;
    setText(this.levelNote, this.matched ? loudnessNote(this.boost) : data.words.level);
    const quieter = this.volume !== 1 || choice.volumes.some((volume) => volume !== 1);
    const why = data.answers ? (this.failure ? "" : "Loading …") : data.words.unanswered;
    const silence = this.whatIf?.silence ?? null;
    const { range, words } = data;
    this.answer.draw({ range, measure: words.measure, relevance: this.relevance(), full: data.relevance, silence, why, quieter, others: data.others, nothing: data.words.nothing });
    if (!sound) return;
    sound.setVolumes(this.volumes);
    sound.setMaster(this.volume * data.gain * this.boost);
    sound.setProgram({ envelope: this.envelope, switches: this.switches, range: this.range, loop: this.loop });
    if (this.matched) this.weigh();
    this.move();
  }

  /** Which segments of each sound are on: of the rows, and of what sounds in place of a row where it is not heard. */
  get switches() {
    const { choice } = this;
    const inPlace = choice.switches(choice.heard).map((row) => row.map((on) => 1 - on));
    return choice.switches(choice.mask).concat(this.standIns ? inPlace : []);
  }

  /** The gain of each sound: 0 for a row that is muted. */
  get volumes() {
    const { choice } = this;
    const volumes = choice.volumes.map((volume, row) => (choice.rowIsOn(row) ? volume : 0));
    return volumes.concat(this.standIns ? choice.volumes : []);
  }

  /** Whether something else than silence sounds in place of what is off. */
  get standIns() {
    return this.data.rows.some(({ off }) => off);
  }

  /** What is played: the component that is heard alone; in a loop, the segments that sound; else everything. */
  get range() {
    const { alone, stretch, components } = this.choice;
    if (alone !== null) return this.envelope.span(components[alone].segment);
    return this.loop && stretch ? this.envelope.span(...stretch) : [0, this.data.duration];
  }

  /** Where what is heard begins. */
  get first() {
    const { stretch } = this.choice;
    return stretch ? this.envelope.span(...stretch)[0] : 0;
  }

  play() {
    if (!this.sound || this.playing) return;
    pauseOthers(this);
    const { stretch } = this.choice;
    const [start, end] = stretch ? this.envelope.span(...stretch) : this.range;
    const place = this.sound.position();
    if (place >= end - 0.01) this.sound.seek(start); // nothing would be heard from here on
    this.sound.play();
    this.draw();
    this.follow();
  }

  toggle() {
    if (this.playing) this.pause();
    else this.play();
  }

  pause() {
    if (!this.playing) return;
    this.sound.pause();
    this.draw();
  }

  seek(seconds) {
    this.sound?.seek(seconds);
    this.move();
  }

  home() {
    this.seek(this.first);
  }

  /** Hear a component alone, go back from it, or switch it in "What if". */
  clickCell(index) {
    const { choice } = this;
    if (choice.preset === "own" && choice.alone === null) this.change(() => choice.toggle([index]));
    else if (choice.alone === index) this.back();
    else this.playAlone(index);
  }

  playAlone(index) {
    const { choice } = this;
    if (choice.alone === null) this.before = { place: this.position(), playing: this.playing };
    choice.alone = index;
    this.sound?.seek(this.range[0]);
    this.draw();
    this.play();
  }

  /** From a component alone to the preset, where it was left. */
  back() {
    if (this.choice.alone === null) return;
    this.choice.alone = null;
    if (!this.before.playing) this.pause();
    this.draw();
    this.seek(this.before.place);
  }

  /** The playhead, once a frame while something plays. */
  follow() {
    cancelAnimationFrame(this.frame);
    this.move();
    if (this.playing) this.frame = requestAnimationFrame(() => this.follow());
  }

  move() {
    const seconds = this.position();
    this.transport.setPosition(seconds, this.data.duration);
    this.ruler.setPosition(seconds, this.data.duration);
    this.grid.setPosition(seconds / this.data.duration);
  }

  match(matched) {
    this.matched = matched;
    if (!matched) this.boost = 1;
    this.weighed = null;
    this.draw();
  }

  /** Bring what is heard to the loudness of the full mix. */
  async weigh() {
    const { sound } = this;
    const everything = this.switches.map((row, i) => row.map(() => Number(i < this.data.rows.length)));
    const heard = { everything, switches: this.switches, volumes: this.volumes, gain: this.data.gain };
    const weighed = JSON.stringify([heard, this.sounds]);
    if (weighed === this.weighed) return;
    this.weighed = weighed;
    const boost = await boostOf(sound, heard);
    if (weighed !== this.weighed || sound !== this.sound) return; // something else is heard by now
    this.boost = boost;
    this.draw();
  }

  solo(row) {
    this.change((choice) => choice.solo(row));
  }

  escape() {
    this.back();
    this.loop = false;
    this.change((choice) => choice.clearRows());
  }

  get playing() {
    return Boolean(this.sound?.playing);
  }

  position() {
    return this.sound ? this.sound.position() : 0;
  }

  gains() {
    return this.sound ? this.sound.gains() : this.data.rows.map(() => 0);
  }

  level() {
    return this.sound ? this.sound.level() : 0;
  }

  mask() {
    return this.choice.heard;
  }

  /** The model's answer to what is heard, or null where it is not known. */
  relevance() {
    const mask = this.mask();
    if (this.whatIf) return this.whatIf.relevance(mask);
    return mask.every(Boolean) ? this.data.relevance : null;
  }

  destroy() {
    this.life.abort();
    this.loading = null;
    this.sound?.close();
    this.root.remove();
  }
}

Object.assign(Player.prototype, { loop: false, matched: false, volume: 1, boost: 1, failure: "" });
