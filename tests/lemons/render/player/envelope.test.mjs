// The gain of a row over three segments of 10 s that fade into each other over 10 ms.

import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./scripts.mjs";

const { Envelope } = load("envelope");
const SAMPLE_RATE = 16000;
const FADE = 0.005; // s, on either side of a border
const envelope = new Envelope([0, 10, 20, 30], [0, FADE, FADE, 0], SAMPLE_RATE);
const places = Array.from({ length: 400 }, (_, i) => 9.99 + i / SAMPLE_RATE); // across the first border, s

test("segments that are switched apart sum to the track at every sample", () => {
  for (const place of places) {
    const sum = [[1, 0, 0], [0, 1, 0], [0, 0, 1]].reduce((all, switches) => all + envelope.level(switches, place), 0);
    assert.ok(Math.abs(sum - 1) < 1e-12, `${sum} at ${place} s`); // three roundings of float64
  }
});

test("a border between two segments that are on is not heard", () => {
  for (const place of places) assert.equal(envelope.level([1, 1, 0], place), 1);
});

test("a segment is exactly on or off beyond its fades", () => {
  for (const place of [0, 5, 9.994, 20.006, 29.99]) {
    assert.equal(envelope.level([1, 0, 1], place), 1);
    assert.equal(envelope.level([0, 1, 0], place), 0);
  }
});

test("a fade never rises while its segment ends, and passes the border at one half", () => {
  const levels = places.map((place) => envelope.level([1, 0, 0], place));
  levels.slice(1).forEach((level, i) => assert.ok(level <= levels[i]));
  const middle = 10 - 0.5 / SAMPLE_RATE; // Python takes its fades at the middle of their samples
  assert.ok(Math.abs(envelope.level([1, 0, 0], middle) - 0.5) < 1e-9); // 20 s hold 12 digits in float64
});

test("a stretch of segments is played with the fades at its ends", () => {
  assert.deepEqual(envelope.span(1), [10 - FADE, 20 + FADE]);
  assert.deepEqual(envelope.span(0, 2), [0, 30]);
});
