// Sounds and the table of What if, from an address or from the page itself.

/* global SAMPLE_RATE, WhatIf */
/* exported loadSounds, loadWhatIf, soundsOf */

/** The bytes behind an address. Data addresses are decoded here: a report that is opened from disk may not fetch. */
async function bytesOf(src) {
  if (src.startsWith("data:")) {
    const text = atob(src.slice(src.indexOf(",") + 1));
    return Uint8Array.from(text, (letter) => letter.charCodeAt(0)).buffer;
  }
  const response = await fetch(src);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return response.arrayBuffer();
}

/** Sounds as audio buffers; decoded offline, since a context that may sound must wait for a click. */
async function loadSounds(rows) {
  const decoder = new OfflineAudioContext(1, 1, SAMPLE_RATE);
  return Promise.all(rows.map(async ({ src }) => decoder.decodeAudioData(await bytesOf(src))));
}

/** The model's answers to every mix, from `answers` of the data: where their bytes are, and their layout. */
async function loadWhatIf(answers) {
  return answers && new WhatIf(await bytesOf(answers.src), answers);
}

/** What tells the sounds of some rows from others. */
function soundsOf({ rows }) {
  return JSON.stringify(rows.map(({ src }) => src));
}
