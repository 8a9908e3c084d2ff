import fc from "fast-check";
import { expect, it } from "vitest";
import { Samples } from "../../src/widget/voice/reading";

/** A WAV file as the gateway sends it: other chunks before the sound, and a length that may be unknown. */
function file(samples: readonly number[], known = true): Uint8Array {
  const text = (value: string) => [...new TextEncoder().encode(value)];
  const number = (value: number) => [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);
  const sound = samples.flatMap((sample) => [sample & 255, (sample >> 8) & 255]);
  const list = [...text("LIST"), ...number(5), ...text("INFO"), 0x21, 0];
  const format = [...text("fmt "), ...number(16), ...new Array<number>(16).fill(1)];
  const length = number(known ? sound.length : 0xffffffff);
  return Uint8Array.from([
    ...text("RIFF"),
    ...length,
    ...text("WAVE"),
    ...format,
    ...list,
    ...text("data"),
    ...length,
    ...sound,
  ]);
}

it("finds the samples, however the file is cut on its way", () => {
  const expected = [0, 1, -1, 32767, -32768, 1000];
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 9 })), fc.boolean(), (sizes, known) => {
      const bytes = file(expected, known);
      const samples = new Samples();
      const found: number[] = [];
      let start = 0;
      for (const size of [...sizes, bytes.length]) {
        found.push(...samples.push(bytes.slice(start, start + size)));
        start += size;
      }
      expect(found.map((sample) => Math.round(sample * 32768))).toEqual(expected);
    }),
  );
});

it("takes what is no sound for silence", () => {
  expect(new Samples().push(new TextEncoder().encode("RIFF0000WAVEabcd")).length).toBe(0);
  expect(new Samples().push(new Uint8Array()).length).toBe(0);
});
