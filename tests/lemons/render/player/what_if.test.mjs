// A table on paper: one stem in two segments, of which a group of columns each depends on one, and two channels.

import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./scripts.mjs";

const { WhatIf } = load("what_if");
const LAYOUT = { groups: [[0, 0], [1, 1]], sounding: [[1], [1]], n_channels: 2 };
const NUMBERS = [
  0.5, // the head's bias
  2, -1, // its gains for the largest value of each channel
  0, 1, // the first group's share of the logit: silent, sounding
  -3, 0, 4, 5, // its largest values: of both channels silent, of both sounding
  0, -0.25,
  -2, 1, 6, -7,
];
const whatIf = (numbers = NUMBERS, layout = LAYOUT) => new WhatIf(new Float32Array(numbers).buffer, layout);

test("a logit is bias, shares of all groups, and the largest values of all groups times the gains", () => {
  assert.equal(whatIf().logit([1, 1]), 0.5 + 1 - 0.25 + 2 * 6 - 5);
  assert.equal(whatIf().logit([1, 0]), 0.5 + 1 + 0 + 2 * 4 - 5);
  assert.equal(whatIf().logit([0, 1]), 0.5 + 0 - 0.25 + 2 * 6 - 0);
});

test("silence has an answer of its own", () => {
  assert.equal(whatIf().silence, 1 / (1 + Math.exp(-(0.5 + 2 * -2 - 1))));
});

test("a component without sound has no state, whatever its switch says", () => {
  const numbers = [...NUMBERS.slice(0, 9), 0, -2, 1]; // the second group has one state
  const table = whatIf(numbers, { ...LAYOUT, sounding: [[1], [0]] });
  assert.equal(table.logit([1, 0]), table.logit([1, 1]));
});

test("the first of a group's components is the highest bit of its state", () => {
  const layout = { groups: [[0, 1]], sounding: [[1], [1]], n_channels: 1 };
  const table = whatIf([0, 0, 10, 20, 30, 40, 0, 0, 0, 0], layout); // bias, gain, a share for each state, maxima
  assert.deepEqual([[0, 0], [0, 1], [1, 0], [1, 1]].map((mask) => table.logit(mask)), [10, 20, 30, 40]);
});

test("bytes of another length are refused", () => {
  assert.throws(() => whatIf([...NUMBERS, 0]), /16 numbers are not the 15 that this table has/);
});
