// The sound: rows in sync, switched by masks, seeking and looping without a gap or a click.

/* global rms */
/* exported Sound */

const RAMP_S = 0.01; // from one sound to the next
const LEAD_S = 0.04; // what starts must be scheduled before its time comes, also on a busy machine
const AHEAD_S = 3; // passes of a loop that are scheduled; timers of hidden pages tick once a second
const TICK_MS = 100;
const PATIENCE_MS = 3000; // for a context to start; while a browser wants a click first, it never does

/**
 * One pass through the track: all rows start together, and their masks are automated once. Nothing is changed later; a
 * seek, another mask and the next pass of a loop are new takes.
 */
class Take {
  /** `outputs`: a node for each row. From `from` to `until` in the track, at the context's time `at`. */
  constructor(outputs, buffers, envelope, switches, { at, from, until, soft }) {
    Object.assign(this, { at, from, until });
    const context = outputs[0].context;
    this.end = at + until - from;
    this.rows = buffers.map((buffer, row) => {
      const source = new AudioBufferSourceNode(context, { buffer });
      const mask = new GainNode(context, { gain: 0 });
      const fade = new GainNode(context, { gain: soft ? 0 : 1 });
      envelope.schedule(mask.gain, switches[row], { at, from });
      if (soft) fade.gain.setValueAtTime(0, at).linearRampToValueAtTime(1, at + RAMP_S);
      source.connect(mask).connect(fade).connect(outputs[row]);
      return { source, mask, fade };
    });
    for (const { source } of this.rows) source.start(at, from, until - from);
  }

  /** Give way at a time to come, or now. */
  leave(at) {
    if (at >= this.leaving) return;
    const begun = this.at < at;
    this.leaving = begun ? Math.max(at, this.at + RAMP_S) : at;
    this.end = Math.min(this.end, this.leaving + RAMP_S);
    for (const { source, fade } of this.rows) {
      fade.gain.cancelScheduledValues(begun ? this.leaving : 0).setValueAtTime(Number(begun), this.leaving);
      fade.gain.linearRampToValueAtTime(0, this.leaving + RAMP_S);
      source.stop(this.leaving + (begun ? RAMP_S : 0));
    }
  }

  disconnect() {
    for (const { source, mask, fade } of this.rows) [source, mask, fade].forEach((node) => node.disconnect());
  }
}

class Sound {
  /** `buffers`: a sound for each row, then perhaps one in place of each where it is off. `onend` is called when the last sample was heard, or the browser lets none be heard. */
  constructor(buffers, { sr, onend }) {
    this.buffers = buffers;
    this.sr = sr;
    this.onend = onend;
    this.playing = false;
    this.place = 0; // seconds, while it is paused
    this.takes = [];
    this.master = 1;
    this.volumes = buffers.map(() => 1);
  }

  /** Create the graph; not before a click, or the browser would complain. */
  open() {
    if (this.context) return;
    this.context = new AudioContext({ sampleRate: this.sr }); // else every sound were resampled on its way
    this.analyser = new AnalyserNode(this.context, { fftSize: 2048 });
    this.masterGain = new GainNode(this.context, { gain: this.master });
    this.rowGains = this.volumes.map((gain) => new GainNode(this.context, { gain }));
    for (const row of this.rowGains) row.connect(this.masterGain);
    this.masterGain.connect(this.analyser).connect(this.context.destination);
  }

  /** What is heard, and which stretch of the track is played: [start, end] in seconds, over and over if `loop`. */
  setProgram({ envelope, switches, range, loop }) {
    const program = JSON.stringify([envelope, switches, range, loop]);
    if (program === this.program) return;
    Object.assign(this, { program, envelope, switches, range, loop });
    if (this.playing) this.start();
  }

  setVolumes(volumes) {
    this.volumes = volumes;
    this.rowGains?.forEach((node, row) => this.ramp(node.gain, volumes[row]));
  }

  setMaster(gain) {
    this.master = gain;
    if (this.context) this.ramp(this.masterGain.gain, gain);
  }

  ramp(param, value) {
    const now = this.context.currentTime;
    param.cancelScheduledValues(now).setValueAtTime(param.value, now).linearRampToValueAtTime(value, now + RAMP_S);
  }

  play() {
    if (this.playing) return;
    this.open();
    clearTimeout(this.sleep);
    this.context.resume().catch(() => {}); // a closed context: the player is gone
    this.playing = true;
    this.asked = performance.now();
    this.start(this.place);
    this.timer = setInterval(() => this.tick(), TICK_MS);
  }

  pause() {
    if (!this.playing) return;
    this.place = this.position();
    this.playing = false;
    clearInterval(this.timer);
    for (const take of this.takes) take.leave(this.context.currentTime);
    this.sleep = setTimeout(() => this.context.suspend().catch(() => {}), 1000 * (RAMP_S + 0.2)); // saves batteries
  }

  seek(seconds) {
    this.place = Math.max(0, Math.min(seconds, this.envelope.duration));
    if (this.playing) this.start(this.place);
  }

  /** Where the track is, in seconds. The clock may move on between two looks at it: who needs both says when. */
  position(now = this.context?.currentTime) {
    if (!this.playing) return this.place;
    const staying = this.takes.filter((take) => take.leaving === undefined);
    const take = staying.findLast(({ at }) => at <= now) ?? staying[0];
    return Math.min(take.from + Math.max(0, now - take.at), take.until);
  }

  /** Begin a new take, by default where the last one would be; the others give way. */
  start(seconds) {
    const now = this.context.currentTime;
    const at = Math.ceil((now + LEAD_S) * this.sr) / this.sr;
    const [start, end] = this.range.map((place) => this.onGrid(place));
    let from = this.onGrid(seconds ?? this.position(now) + at - now);
    if (from < start || from >= end) from = start;
    for (const take of this.takes) take.leave(at);
    this.add({ at, from, soft: from !== start });
    this.tick();
  }

  add({ at, from, soft = false }) {
    const when = { at, from, until: this.onGrid(this.range[1]), soft };
    this.takes.push(new Take(this.rowGains, this.buffers, this.envelope, this.switches, when));
    return this.takes[this.takes.length - 1];
  }

  /** Schedule the next passes of a loop, forget what has ended, notice the end, and that it never begins. */
  tick() {
    if (this.context.state !== "running" && performance.now() - this.asked > PATIENCE_MS) {
      this.giveUp();
      return;
    }
    const now = this.context.currentTime;
    let last = this.takes[this.takes.length - 1];
    while (this.loop && last.end < now + AHEAD_S) last = this.add({ at: last.end, from: this.onGrid(this.range[0]) });
    while (this.takes.length > 1 && this.takes[0].end < now) this.takes.shift().disconnect();
    if (now < last.end) return;
    this.pause();
    this.place = last.until;
    this.onend();
  }

  /** Safari lets sound begin only in the middle of a click: not if a server had to answer it first. */
  giveUp() {
    this.pause();
    this.onend();
  }

  /** The gain of each row at this moment. */
  gains() {
    return this.volumes.map((_, row) => {
      if (!this.playing) return 0;
      const now = this.context.currentTime;
      const live = this.takes.filter(({ at, end }) => at <= now && now < end).map((take) => take.rows[row]);
      return this.rowGains[row].gain.value * live.reduce((sum, { mask, fade }) => sum + mask.gain.value * fade.gain.value, 0);
    });
  }

  /** How loud it is at this moment: the root of the mean square over an eighth of a second. */
  level() {
    if (!this.context) return 0;
    const samples = new Float32Array(this.analyser.fftSize);
    this.analyser.getFloatTimeDomainData(samples);
    return rms(samples);
  }

  /** All that a mask gives to hear, before the master gain: samples, through the same nodes as what is played. */
  async render(switches, volumes) {
    const length = Math.max(...this.buffers.map((buffer) => buffer.length));
    const context = new OfflineAudioContext(1, length, this.sr);
    const outputs = volumes.map((gain) => new GainNode(context, { gain }));
    for (const node of outputs) node.connect(context.destination);
    const whole = { at: 0, from: 0, until: this.envelope.duration, soft: false };
    new Take(outputs, this.buffers, this.envelope, switches, whole);
    return (await context.startRendering()).getChannelData(0);
  }

  /** The nearest sample's time: between two samples, sound would be interpolated. */
  onGrid(seconds) {
    return Math.round(seconds * this.sr) / this.sr;
  }

  close() {
    clearInterval(this.timer);
    clearTimeout(this.sleep);
    this.playing = false;
    this.context?.close().catch(() => {});
  }
}
