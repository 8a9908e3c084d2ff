import { expect, test } from "vitest";
import page from "../../../docs/migration-rasa-webchat.md?raw";
import { fromRasa, isRasaName } from "../../src/widget/rasa-webchat";
import source from "../../src/widget/rasa-webchat.ts?raw";

test("a usual page's options become ours", () => {
  const { attributes, remark } = fromRasa({
    initPayload: "/get_started",
    customData: { language: "en", user: 7 },
    socketUrl: "https://bot.example.org",
    socketPath: "/socket.io/",
    title: "Aide",
    subtitle: null,
    inputTextFieldHint: "Écrivez ici",
    connectOn: "open",
    embedded: true,
    params: { storage: "local", images: { dims: { width: 300 } } },
    displayUnreadCount: true,
  });
  expect(attributes).toEqual({ locale: "en", title: "Aide", placeholder: "Écrivez ici", inline: "", storage: "local" });
  expect(remark).toContain("socketUrl, socketPath (the gateway is where the script comes from)");
  expect(remark).toContain("initPayload");
  expect(remark).toContain("customData (nothing about the visitor is sent)");
  expect(remark).not.toContain("connectOn");
});

test("attributes are understood in either spelling, and as texts", () => {
  expect(fromRasa({ inputtextfieldhint: "Ici", "custom-data": '{"language":"fr"}', embedded: "false" })).toEqual({
    attributes: { placeholder: "Ici", locale: "fr" },
    remark: "",
  });
  expect(isRasaName("init-payload") && isRasaName("socketurl")).toBe(true);
  expect(isRasaName("title") || isRasaName("theme")).toBe(false);
});

test("a sentence may open the conversation, an intent may not", () => {
  expect(fromRasa({ initPayload: "Bonjour" }).attributes).toEqual({ opening: "Bonjour" });
  expect(fromRasa({ initPayload: "/greet" }).attributes).toEqual({});
});

test.each([{ customData: "{" }, { params: 3 }, { title: { evil: 1 } }, { unheard: "of" }, { embedded: {} }])(
  "nonsense breaks nothing: %j",
  (options) => expect(() => fromRasa(options)).not.toThrow(),
);

test("the documentation has every name that the code knows", () => {
  const lists = source.slice(source.indexOf("const REASONS"), source.indexOf("const names"));
  const names = [...lists.matchAll(/\b(?=[a-z]+[A-Z])[a-zA-Z]+\b/g)]
    .map(([name]) => name)
    .filter((name) => isRasaName(name));
  expect(names.length).toBeGreaterThan(35);
  expect(names.filter((name) => !page.includes(`\`${name}`))).toEqual([]);
});
