// What is heard of two stems in three segments; component number = segment * 2 + stem.

import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./scripts.mjs";

const { Choice } = load("dom", "choice");

function dataOf(weights, { k = 2, sounding = null, least = 0, facts = {} } = {}) {
  return {
    k,
    least,
    facts,
    rows: [
      { label: "Vocals", noun: "the vocals" },
      { label: "Drums", noun: "the drums" },
    ],
    borders: [0, 10, 20, 30],
    words: { nothing: "silence" },
    components: weights.map((weight, index) => ({ row: index % 2, segment: Math.floor(index / 2), weight, name: `part ${index}` })),
    answers: sounding && { sounding },
  };
}

const WEIGHTS = [0.1, 0.4, -0.9, 0.3, 0, 0.2];

test("the explanation is the k largest weights, and none of them is against the track", () => {
  const choice = new Choice(dataOf(WEIGHTS));
  assert.deepEqual(choice.top, [1, 3]);
  choice.setK(99);
  assert.deepEqual(choice.top, [1, 3, 5, 0]);
});

test("a weight that is nothing is not in the explanation", () => {
  assert.deepEqual(new Choice(dataOf(WEIGHTS, { k: 9, least: 0.1 })).top, [1, 3, 5]);
});

test("what is enough is heard first, and without it everything but what is needed", () => {
  const choice = new Choice(dataOf(WEIGHTS, { facts: { enough: [2, 3], without: [1] } }));
  assert.equal(choice.preset, "enough");
  assert.deepEqual(choice.heard, [0, 0, 1, 1, 0, 0]);
  choice.setPreset("without");
  assert.deepEqual(choice.heard, [1, 0, 1, 1, 1, 1]);
  assert.ok(!new Choice(dataOf(WEIGHTS)).offers("without"));
});

test("of equal weights the first component ranks first", () => {
  assert.deepEqual(new Choice(dataOf([0.5, 0.5, 0.5, 0.5, 0.5, 0.5])).top, [0, 1]);
});

test("explanation and rest together are the full mix, and no component is in both", () => {
  const choice = new Choice(dataOf(WEIGHTS));
  const explanation = choice.heard;
  choice.setPreset("rest");
  assert.deepEqual(choice.heard.map((on, index) => on + explanation[index]), [1, 1, 1, 1, 1, 1]);
});

test("without a component that speaks for the track, the full mix is heard", () => {
  const choice = new Choice(dataOf([-0.1, -0.2, 0, -0.3, 0, 0]));
  assert.equal(choice.preset, "mix");
  assert.deepEqual(choice.heard, [1, 1, 1, 1, 1, 1]);
});

test("a muted stem is silent, and solo outweighs mute", () => {
  const choice = new Choice(dataOf(WEIGHTS));
  choice.setPreset("mix");
  choice.mute(0);
  assert.deepEqual(choice.heard, [0, 1, 0, 1, 0, 1]);
  choice.solo(0);
  assert.deepEqual(choice.heard, [1, 0, 1, 0, 1, 0]);
  choice.clearRows();
  assert.deepEqual(choice.heard, [1, 1, 1, 1, 1, 1]);
});

test("What if begins with what was heard before", () => {
  const choice = new Choice(dataOf(WEIGHTS));
  const before = choice.heard;
  choice.setPreset("own");
  assert.deepEqual(choice.heard, before);
});

test("in What if a stem with a silent segment is switched on as a whole, and off when all of it is on", () => {
  const choice = new Choice(dataOf(WEIGHTS));
  choice.setPreset("own");
  choice.toggle(choice.ofRow(1));
  assert.deepEqual(choice.heard, [0, 1, 0, 1, 0, 1]);
  choice.toggle(choice.ofRow(1));
  assert.deepEqual(choice.heard, [0, 0, 0, 0, 0, 0]);
});

test("the caption names neighbours in time as one stretch", () => {
  assert.equal(new Choice(dataOf(WEIGHTS)).caption, "Explanation: the drums from 0:00 to 0:20");
});

test("a component that is heard alone is called silent where there is nothing to hear", () => {
  const choice = new Choice(dataOf(WEIGHTS, { sounding: [[1, 1], [1, 0], [1, 1]] })); // segments x stems
  choice.alone = 3;
  assert.equal(choice.caption, "Alone: part 3, silent here");
  choice.alone = 1;
  assert.equal(choice.caption, "Alone: part 1");
});

test("another explanation of the same track keeps preset and mute, but not a mix of one's own", () => {
  const before = new Choice(dataOf(WEIGHTS));
  before.setPreset("rest");
  before.mute(1);
  const after = new Choice(dataOf(WEIGHTS.toReversed()), before);
  assert.equal(after.preset, "rest");
  assert.ok(after.muted.has(1));
  before.setPreset("own");
  assert.equal(new Choice(dataOf(WEIGHTS), before).preset, "explanation");
});
