import { describe, expect, it } from "vitest";
import { memo } from "../../src/console/views/memo";
import { drawnAlike } from "../../src/console/views/queue";
import type { Handover } from "../../src/console/wire";

const ROW = {
  id: "1",
  state: "queued",
  channel: "web",
  position: 12,
  wait_seconds: 240,
  last_words: "Comment adhérer ?",
  subject: { title: "Adhérer" },
} as unknown as Handover;

function isDrawnAgain(next: Handover, place = "a"): boolean {
  const Row = memo((_: { row: Handover; place: string }) => null, { row: drawnAlike });
  const shown = new Row({ row: ROW, place: "a" }, {});
  return shown.shouldComponentUpdate?.({ row: next, place }, {}, {}) ?? true;
}

describe("a row of the queue", () => {
  it("is left as it is when the queue in front of it moves", () => {
    expect(isDrawnAgain({ ...ROW, subject: { ...ROW.subject }, position: 11, wait_seconds: 220 } as Handover)).toBe(
      false,
    );
  });

  it.each([{ state: "offered" }, { last_words: "Et pour un remplaçant ?" }, { subject: { title: "Contrat" } }])(
    "is drawn again when it reads otherwise: %o",
    (change) => {
      expect(isDrawnAgain({ ...ROW, ...change } as Handover)).toBe(true);
    },
  );

  it("is drawn again when it leads elsewhere", () => {
    expect(isDrawnAgain(ROW, "b")).toBe(true);
  });
});
