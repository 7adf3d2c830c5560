// "Match loudness": a few parts of a track are softer than the whole, and softer sounds worse.

/* global signed */
/* exported boostOf, loudnessNote, peakOf, rms */

const MAX_BOOST = 10; // +20 dB

/**
 * How much louder a choice must be to have the level of the full mix: by the root of the mean square over the whole
 * track, at most 20 dB, and less where a peak would exceed full scale.
 */
async function boostOf(sound, { everything, switches, volumes, gain }) {
  const [full, part] = await Promise.all([
    sound.render(everything, volumes.map(() => 1)),
    sound.render(switches, volumes),
  ]);
  const peak = peakOf(part);
  return peak ? Math.min(rms(full) / rms(part), MAX_BOOST, 1 / (gain * peak)) : 1;
}

function loudnessNote(boost) {
  return `Played ${signed(20 * Math.log10(boost), 1)} dB to be as loud as the full mix; the model hears the true level.`;
}

function rms(samples) {
  return Math.sqrt(samples.reduce((sum, y) => sum + y * y, 0) / samples.length);
}

function peakOf(samples) {
  return samples.reduce((peak, y) => Math.max(peak, Math.abs(y)), 0);
}
