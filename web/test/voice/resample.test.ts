import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { RATE_HZ, Resampler } from "../../src/worklet/resample";

function tone(hz: number, rateHz: number, seconds = 0.5): Float32Array {
  return Float32Array.from({ length: Math.round(seconds * rateHz) }, (_, at) =>
    Math.sin((2 * Math.PI * hz * at) / rateHz),
  );
}

/** In dB below a full sine, of the middle, where the filter is filled. */
function loudness(samples: Float32Array): number {
  const middle = samples.slice(samples.length / 4, (3 * samples.length) / 4);
  return 10 * Math.log10(middle.reduce((sum, sample) => sum + 2 * sample * sample, 0) / middle.length + 1e-12);
}

describe.each([8000, 16000, 22050, 44100, 48000, 96000, 192000])("from %d Hz", (rateHz) => {
  it("keeps the pitch and the loudness of speech", () => {
    const output = new Resampler(rateHz).push(tone(1000, rateHz));
    expect(loudness(output)).toBeCloseTo(0, 1);
    const crossings = output
      .slice(800, 4800)
      .filter((sample, at, all) => at > 0 && sample >= 0 && (all[at - 1] ?? 0) < 0);
    expect(Math.abs(crossings.length - 250)).toBeLessThanOrEqual(1);
  });

  it("gives 16000 samples a second", () => {
    const output = new Resampler(rateHz).push(new Float32Array(rateHz));
    expect(Math.abs(output.length - RATE_HZ)).toBeLessThanOrEqual(1);
  });
});

it.each([22050, 44100, 48000])("folds nothing back from above 8 kHz (%d Hz)", (rateHz) => {
  expect(loudness(new Resampler(rateHz).push(tone(8700, rateHz)))).toBeLessThan(-60);
  expect(loudness(new Resampler(rateHz).push(tone(6700, rateHz)))).toBeGreaterThan(-0.5);
});

it("is the same sound whatever the portions", () => {
  const sound = tone(700, 44100, 0.2);
  const whole = new Resampler(44100).push(sound);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1 }), (sizes) => {
      const resampler = new Resampler(44100);
      const parts: number[] = [];
      let start = 0;
      for (const size of [...sizes, sound.length]) {
        parts.push(...resampler.push(sound.slice(start, start + size)));
        start += size;
      }
      expect(Float32Array.from(parts)).toEqual(whole);
    }),
  );
});
