import { describe, expect, test } from "vitest";
import { parse, plainText, safeAddress, typeset } from "../../src/widget/view/markdown";

describe("reading the small Markdown", () => {
  test("paragraphs, lines, lists of both kinds, and what continues an entry", () => {
    expect(parse("Un\nDeux\n\n- a\n  suite\n- b\n1. x\n2) y")).toEqual([
      { kind: "p", lines: [["Un"], ["Deux"]] },
      { kind: "ul", lines: [["a", " ", "suite"], ["b"]] },
      { kind: "ol", lines: [["x"], ["y"]] },
    ]);
  });

  test("bold, links in bold, addresses with parentheses, bare addresses without their full stop", () => {
    expect(parse("**Voir [la fiche](https://a.fr/b_(c))** ou https://d.fr/e.")).toEqual([
      {
        kind: "p",
        lines: [
          [
            { bold: ["Voir ", { label: "la fiche", address: "https://a.fr/b_(c)" }] },
            " ou ",
            { label: "https://d.fr/e", address: "https://d.fr/e" },
            ".",
          ],
        ],
      },
    ]);
  });

  test.each([
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html,<script>)",
    "[x](vbscript:x)",
    "[x](//mairie.fr)",
    "[x](https://mairie.fr@mechant.example)",
    "<b>x</b> <img src=x onerror=alert(1)>",
    "**seul",
    "[sans suite](",
  ])("what is no mark or no address of ours stays text: %s", (text) => {
    expect(parse(text)).toEqual([{ kind: "p", lines: [[text]] }]);
  });

  test("any text ends, and loses none of its letters", () => {
    const hostile = `${"[".repeat(2000)}${"**".repeat(2000)}${"](".repeat(2000)}`;
    expect(plainText(hostile).length).toBeGreaterThan(0);
  });
});

test("only the addresses of pages, letters and telephones are opened", () => {
  expect(safeAddress("https://www.service-public.fr/x")).toBe("https://www.service-public.fr/x");
  expect(safeAddress("tel:+33123456789")).toBe("tel:+33123456789");
  expect(safeAddress("mailto:mairie@exemple.fr")).toBe("mailto:mairie@exemple.fr");
  for (const address of ["", "x", "ftp://a.fr", "javascript:1", "blob:https://a.fr/1", "https://u:p@a.fr"]) {
    expect(safeAddress(address)).toBeNull();
  }
});

test("for the ear: no marks, no addresses, and every piece ends", () => {
  expect(plainText("**Deux** pièces :\n- la [carte](https://a.fr)\n- un justificatif\n\nMerci !")).toBe(
    "Deux pièces : la carte. un justificatif. Merci !",
  );
});

test("a French sign never begins a line", () => {
  expect(typeset("Quoi ? « Oui » : 5 %")).toBe("Quoi\u202f? «\u00a0Oui\u00a0»\u00a0: 5\u00a0%");
});
