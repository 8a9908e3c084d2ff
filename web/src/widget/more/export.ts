/**
 * The conversation as a text file, made in the visitor's window: nobody mails it, nobody else has it.
 *
 * With a byte order mark and CRLF, so that the accents and the lines are right in whatever opens a .txt on any machine.
 */

import type { Answer } from "../../shared/protocol";
import type { Item } from "../model";
import type { Texts } from "../texts";
import { fill } from "../texts/words";

const LINE = "\r\n";
/** Never a time of today: each line tells its day. */
const LONG_AGO = new Date(0);

/** The name of the file, and what is in it. */
export function transcript(items: readonly Item[], service: string, texts: Texts, now: Date): [string, string] {
  const head = [service && `${service} – `, texts.log, ` (${texts.dateText(now.toISOString())})`].join("");
  const parts = items.map((item) => `[${texts.when(item.at, LONG_AGO)}] ${said(item, texts)}`);
  return [nameOf(texts, now), `\ufeff${[head, ...parts].map(clean).join(LINE + LINE)}${LINE}`];
}

function nameOf(texts: Texts, now: Date): string {
  const pad = (value: number) => String(value).padStart(2, "0");
  const day = `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
  return `${texts.log.toLowerCase()}-${day}.txt`;
}

function said(item: Item, texts: Texts): string {
  switch (item.kind) {
    case "person": {
      const state = item.delivery === "failed" ? ` (${texts.notSent})` : "";
      return says(texts, texts.you, item.text) + state;
    }
    case "bot": {
      const choices = item.choices.map(({ text }) => `- ${text}`);
      const parts = [...item.answers.map((answer) => answered(answer, texts)), plain(item.text), choices.join("\n")];
      return says(texts, texts.bot, parts.filter(Boolean).join("\n\n"));
    }
    case "agent":
      return says(texts, item.name, item.text);
    case "handover":
      return says(texts, texts.information, texts.noteText(item));
  }
}

function says({ says: form }: Texts, author: string, text: string): string {
  return fill(form, { who: author, text });
}

function answered({ title, text, source, source_url: address, verified_on: day }: Answer, texts: Texts): string {
  const origin = source && `${texts.source} ${source}${address && ` (${address})`}`;
  return [title, plain(text), origin, day && fill(texts.verified, { date: texts.dateText(day) })]
    .filter(Boolean)
    .join("\n");
}

/** Markdown of the small kind without its marks; a link keeps its address. */
function plain(text: string): string {
  return text
    .replace(/\*\*([^*]+)\*\*/g, "$1")
    .replace(/\[([^\][]+)\]\(([^\s]+?)\)(?!\))/g, (_, label: string, url: string) =>
      label === url ? url : `${label} (${url.replace(/^(mailto|tel):/, "")})`,
    );
}

/** Lines as every editor shows them; no other control character, and none that turns the direction of a text. */
function clean(text: string): string {
  return text
    .replace(/\r\n?/g, "\n")
    .replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, (character) => (character === "\n" ? LINE : ""));
}
