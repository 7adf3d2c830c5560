// The table of tracks. The browser's own radio buttons make it a choice: arrow keys move it, Tab enters it once.

/* global element, icon, iconButton, mounter, pauseForOthers, pauseOthers, setText */

const PATIENCE_MS = 250; // walking through rows by arrow keys asks for the row where it ends

class Tracks {
  /** `onchosen(trackId)` is called when the visitor chose another row. */
  constructor(parent, { onchosen }) {
    this.onchosen = onchosen;
    this.preview = new Preview({ onchange: () => this.draw() });
    this.body = element("tbody", { role: "rowgroup", onchange: ({ target }) => this.choose(target.value) });
    // roles, because a browser may take a table that a phone shows in blocks for none
    this.table = element("table", { role: "table" }, head(), this.body);
    this.state = element("p", { role: "status" });
    this.root = element("div", { class: "lemons-tracks", role: "radiogroup" }, this.table, this.state);
    this.root.addEventListener("keydown", () => (this.patience = PATIENCE_MS));
    this.root.addEventListener("pointerdown", () => (this.patience = 0));
    parent.append(this.root);
  }

  /** Show rows; the same rows stay as they are, with focus and sound. */
  update({ tracks, chosen, label }) {
    const known = JSON.stringify(tracks);
    if (known !== this.known) this.build(tracks);
    this.known = known;
    for (const node of [this.root, this.table]) node.setAttribute("aria-label", label);
    if (!this.waiting) this.mark(chosen); // else the visitor is on the way to another
    this.draw();
  }

  build(tracks) {
    if (!tracks.some(({ src }) => src === this.preview.src)) this.preview.pause();
    this.rows = tracks.map((row) => new Row(row, { listen: () => this.preview.toggle(row.src) }));
    this.body.replaceChildren(...this.rows.map(({ root }) => root));
  }

  mark(trackId) {
    for (const { radio } of this.rows) radio.checked = radio.value === trackId;
  }

  choose(trackId) {
    clearTimeout(this.waiting);
    const send = () => {
      this.waiting = null;
      this.onchosen(trackId);
    };
    if (this.patience) this.waiting = setTimeout(send, this.patience);
    else send();
  }

  draw() {
    const { src, playing, failed } = this.preview;
    for (const row of this.rows) row.draw(playing && row.src === src);
    const silent = failed && this.rows.find((row) => row.src === src);
    setText(this.state, silent ? `“${silent.title}” could not be loaded.` : "");
  }

  destroy() {
    clearTimeout(this.waiting);
    this.preview.destroy();
    this.root.remove();
  }
}

Object.assign(Tracks.prototype, { waiting: null, patience: 0, rows: [] });

class Row {
  constructor({ track_id, rank, title, artist, genre, relevance, history, src }, { listen }) {
    Object.assign(this, { src, title });
    this.radio = element("input", { type: "radio", name: "track", value: track_id });
    this.button = iconButton("play", `Play ${title}`, listen);
    const bar = element("span", { class: "bar" }, element("span"));
    bar.style.setProperty("--share", relevance);
    const cell = (name, ...children) => element("td", { class: name, role: "cell" }, ...children);
    const label = element("label", {}, title);
    this.radio.id = label.htmlFor = `track-${rank}`;
    this.root = element(
      "tr",
      { role: "row", onclick: ({ target }) => this.click(target) },
      cell("choice", this.radio),
      cell("rank", String(rank)),
      element("th", { class: "title", scope: "row", role: "rowheader" }, label),
      cell("relevance", element("span", { class: "scale" }, bar, relevance.toFixed(2))),
      cell("listen", this.button),
      cell("artist", artist),
      cell("genre", genre),
      cell("history", history),
    );
  }

  /** Anywhere but on its controls, a click on the row is one on its choice. */
  click(target) {
    if (target.closest("button, label, input")) return;
    this.radio.focus();
    this.radio.click();
  }

  draw(playing) {
    if (playing === this.playing) return;
    this.playing = playing;
    const label = `${playing ? "Pause" : "Play"} ${this.title}`;
    this.button.setAttribute("aria-label", label);
    this.button.title = label;
    this.button.replaceChildren(icon(playing ? "pause" : "play"));
  }
}

function head() {
  const name = (text, id) => element("th", { class: id, scope: "col", role: "columnheader" }, text);
  const hidden = (text) => element("span", { class: "unseen" }, text);
  const names = [
    name(hidden("Choice"), "choice"),
    name("#", "rank"),
    name("Title", "title"),
    name("Relevance", "relevance"),
    name("Listen", "listen"),
    name("Artist", "artist"),
    name("Genre", "genre"),
    name("History", "history"),
  ];
  return element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...names));
}

/** One sound of this server at a time, fetched when it is wanted; it pauses for whatever else starts on the page. */
class Preview {
  constructor({ onchange }) {
    this.onchange = onchange;
    this.life = new AbortController(); // ends all that listens beyond the table
    pauseForOthers(this, this.life.signal);
  }

  toggle(src) {
    if (this.playing && src === this.src) this.pause();
    else this.play(src);
  }

  play(src) {
    pauseOthers(this);
    this.audio ??= this.open();
    if (src !== this.src || this.failed) this.audio.src = src;
    Object.assign(this, { src, failed: false });
    this.audio.play().catch(() => {}); // paused before it came, or failed, which is an event of its own
  }

  open() {
    const audio = new Audio(); // no part of the document, whose audio elements pause it
    for (const event of ["play", "pause", "ended", "emptied"]) audio.addEventListener(event, () => this.onchange());
    audio.addEventListener("error", () => {
      this.failed = true;
      this.onchange();
    });
    return audio;
  }

  pause() {
    this.audio?.pause();
  }

  get playing() {
    return Boolean(this.audio) && !this.audio.paused && !this.failed;
  }

  destroy() {
    this.life.abort();
    this.pause();
  }
}

Object.assign(Preview.prototype, { src: null, failed: false });

export default mounter((parent, send) => new Tracks(parent, { onchosen: (trackId) => send("chosen", trackId) }));
