/** A table to take away: fetched with its progress, and saved by the browser only when all of it has come. */

import type { Api } from "./api";
import type { Search } from "./state";

const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;
const SAVED_WITHIN_MS = 60_000;

/** The filter of the history, as the server takes it for the search and for the export. */
export function filterOf(search: Search): URLSearchParams {
  const query = new URLSearchParams();
  for (const [name, value] of [
    ["q", search.q.trim()],
    ["channel", search.channel],
    ["verdict", search.verdict],
    ["handover", search.onlyPeople ? "1" : ""],
  ] as const) {
    if (value) {
      query.set(name, value);
    }
  }
  return query;
}

export interface Table {
  readonly name: string;
  readonly blob: Blob;
  /** Without the one that names the columns. */
  readonly rows: number;
}

/** Raises `Refused`, or what `fetch` raises when the table breaks off or is stopped. */
export async function fetchTable(
  api: Api,
  path: string,
  signal: AbortSignal,
  onRows: (rows: number) => void,
): Promise<Table> {
  const response = await api.open(path, signal);
  const counter = new RowCounter();
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const reader = response.body?.getReader();
  for (;;) {
    const read = await reader?.read();
    if (!read || read.done) {
      break;
    }
    parts.push(read.value);
    onRows(counter.add(read.value));
  }
  const name = /filename="([\w.-]+)"/u.exec(response.headers.get("Content-Disposition") ?? "")?.[1];
  return { name: name ?? "guichet.csv", blob: new Blob(parts, { type: "text/csv" }), rows: counter.rows };
}

/** A row ends with CR LF, and within a cell the server writes LF alone: wherever the parts are cut, ends are counted. */
export class RowCounter {
  #ends = 0;
  #last = 0;

  get rows(): number {
    return Math.max(0, this.#ends - 1);
  }

  add(bytes: Uint8Array): number {
    for (const byte of bytes) {
      if (byte === LINE_FEED && this.#last === CARRIAGE_RETURN) {
        this.#ends += 1;
      }
      this.#last = byte;
    }
    return this.rows;
  }
}

export function save(table: Table): void {
  const address = URL.createObjectURL(table.blob);
  const link = document.createElement("a");
  link.href = address;
  link.download = table.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), SAVED_WITHIN_MS);
}
