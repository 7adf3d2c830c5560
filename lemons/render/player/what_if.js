// The model's answer to every mask, looked up as in lemons/exact/table.py.

/* exported WhatIf */

/**
 * A fully convolutional model hears a track in groups of columns, each of which depends on a few neighbouring segments.
 * For every state of a group's components there is the group's share of the logit (of the global mean) and the maximum
 * of each channel; a logit is the sum of the shares, plus the maxima over all groups times the head's gains.
 */
class WhatIf {
  /** `bytes`: little-endian float32, as every browser's are; layout: see lemons/explaining/what_if.py. */
  constructor(bytes, { groups, sounding, n_channels: nChannels, target }) {
    this.isScore = target === "score";
    const numbers = new Float32Array(bytes);
    const nRows = sounding[0].length;
    let read = 0;
    const take = (n) => numbers.subarray(read, (read += n));
    this.bias = take(1)[0];
    this.gains = take(nChannels);
    this.groups = groups.map(([first, last]) => {
      const components = [];
      for (let index = first * nRows; index < (last + 1) * nRows; index++) {
        if (sounding[Math.floor(index / nRows)][index % nRows]) components.push(index);
      }
      const nStates = 2 ** components.length;
      return { components, shares: take(nStates), maxima: take(nStates * nChannels) };
    });
    if (read !== numbers.length) throw new Error(`${numbers.length} numbers are not the ${read} that this table has`);
    this.silence = this.relevance(sounding.flat().map(() => 0)); // the answer to the mix in which everything is off
  }

  logit(mask) {
    const nChannels = this.gains.length;
    const largest = new Float64Array(nChannels).fill(-Infinity);
    let logit = this.bias;
    for (const { components, shares, maxima } of this.groups) {
      const state = components.reduce((bits, index) => 2 * bits + mask[index], 0); // the first is the highest bit
      logit += shares[state];
      for (let c = 0; c < nChannels; c++) largest[c] = Math.max(largest[c], maxima[state * nChannels + c]);
    }
    return this.gains.reduce((sum, gain, c) => sum + gain * largest[c], logit);
  }

  /** The answer as it is shown: a probability, but a score as it is. */
  relevance(mask) {
    const logit = this.logit(mask);
    return this.isScore ? logit : 1 / (1 + Math.exp(-logit));
  }
}
