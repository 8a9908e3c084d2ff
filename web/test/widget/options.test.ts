import { describe, expect, test } from "vitest";
import { type Attributes, readOptions } from "../../src/widget/options";

const AROUND = {
  script: "https://guichet.example.org/widget.js",
  page: "https://mairie.example.fr/a/b",
  language: "fr",
};

function read(given: Attributes = {}, around: Partial<typeof AROUND> = {}) {
  const lines: string[] = [];
  const options = readOptions(given, { ...AROUND, ...around }, (line) => lines.push(line));
  return { options, lines };
}

describe("the server is where the script came from", () => {
  test.each([
    ["https://guichet.example.org/widget.js", "https://guichet.example.org/"],
    ["https://example.org/guichet/widget.js?v=2", "https://example.org/guichet/"],
    ["https://guichet.example.org/widget/0123abcd/widget.js", "https://guichet.example.org/"],
    ["", "https://mairie.example.fr/a/"],
  ])("%s", (script, server) => expect(read({}, { script }).options.server).toBe(server));

  test("unless the page names it", () => {
    expect(read({ server: "https://autre.example.org/chemin" }).options.server).toBe(
      "https://autre.example.org/chemin/",
    );
  });

  test.each(["javascript:alert(1)", "http://", "data:text/html,x"])("never %s", (server) => {
    const { options, lines } = read({ server });
    expect(options.server).toBe("https://guichet.example.org/");
    expect(lines).toHaveLength(1);
  });
});

test("the page's language is the window's, French unless it is English", () => {
  expect(read({}, { language: "en-GB" }).options.locale).toBe("en");
  expect(read({}, { language: "de" }).options.locale).toBe("fr");
  expect(read({ locale: "EN" }, { language: "fr" }).options.locale).toBe("en");
});

test("a value that means nothing counts as absent, and is said", () => {
  const { options, lines } = read({ position: "top", theme: "neon", storage: "cookie" });
  expect([options.view.position, options.view.theme, options.storage]).toEqual(["right", "auto", "session"]);
  expect(lines).toHaveLength(3);
});

test("a window of the page's own waits for a press too, unless the page opens it", () => {
  expect(read({ inline: "" }).options.open).toBe("no");
  expect(read({ inline: "#chat", open: "" }).options.open).toBe("yes");
  expect(read().options.open).toBe("no");
  expect(read({ open: "" }).options.open).toBe("yes");
  expect(read({ open: "resume" }).options.open).toBe("resume");
});

test("the microphone is off unless the page allows it", () => {
  expect(read().options.microphone).toBe(false);
  expect(read({ microphone: "false" }).options.microphone).toBe(false);
  expect(read({ microphone: "" }).options.microphone).toBe(true);
});

test("a page may have a launcher of its own", () => {
  expect(read({ launcher: "none" }).options.view.launcher).toBeNull();
  expect(read({ launcher: " Une question ? " }).options.view.launcher).toBe("Une question ?");
});
