/** What is worth telling the agent of a change: computed from the states before and after. Calls ring apart. Pure. */

import { isCall } from "./calls";
import { groups } from "./looks";
import type { State } from "./state";
import type { Handover, LogMessage } from "./wire";

export interface News {
  readonly offered: readonly Handover[];
  readonly waiting: readonly Handover[];
  /** New words of the visitor in the open conversation that is mine. */
  readonly said: readonly string[];
}

const NOTHING: News = { offered: [], waiting: [], said: [] };

export function newsOf(before: State, after: State): News {
  // The first picture is no news.
  if (before.me === null || after.me === null) {
    return NOTHING;
  }
  const offeredBefore = new Set(offeredToMe(before).map(({ id }) => id));
  const waitedBefore = new Set(before.handovers.filter(isWaiting).map(({ id }) => id));
  return {
    offered: offeredToMe(after).filter((one) => !offeredBefore.has(one.id) && !isCall(one)),
    waiting: groups(after).waiting.filter((one) => !waitedBefore.has(one.id) && !isCall(one)),
    said: newWords(before, after),
  };
}

function offeredToMe(state: State): Handover[] {
  return groups(state).mine.filter((one) => one.state === "offered");
}

function isWaiting({ state }: Handover): boolean {
  return state === "requested" || state === "queued";
}

function newWords(before: State, after: State): string[] {
  const now = after.open;
  if (!now?.detail || before.open?.id !== now.id || !before.open.detail) {
    return [];
  }
  const last = before.open.detail.messages.at(-1)?.seq ?? 0;
  return now.detail.messages.filter((one) => one.seq > last).flatMap(visitorsWords);
}

function visitorsWords(message: LogMessage): string[] {
  return message.type === "person" ? [message.text] : [];
}

/** What the tab's title counts: offers to me, and who waits while I could take them. */
export function attention(state: State): number {
  const { mine, waiting } = groups(state);
  return mine.filter(({ state: is }) => is === "offered").length + waiting.length;
}
