// Sounds and the table of What if, from an address or from the page itself.

/* global WhatIf */
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

/** Where the sounds are: those of the rows, then those in place of each row where it is off, unless that is silence. */
function addressesOf({ rows }) {
  return rows.map(({ src }) => src).concat(rows.flatMap(({ off }) => off ?? []));
}

/** Sounds as audio buffers; decoded offline, since a context that may sound must wait for a click. */
async function loadSounds(data) {
  const decoder = new OfflineAudioContext(1, 1, data.sr);
  return Promise.all(addressesOf(data).map(async (src) => decoder.decodeAudioData(await bytesOf(src))));
}

/** The model's answers to every mix, from `answers` of the data: where their bytes are, and their layout. */
async function loadWhatIf({ answers, target }) {
  return answers && new WhatIf(await bytesOf(answers.src), { ...answers, target });
}

/** What tells the sounds of some rows from others. */
function soundsOf(data) {
  return JSON.stringify(addressesOf(data));
}
