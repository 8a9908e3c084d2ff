/** The list on the left: mine, who waits, and what colleagues have. */

import { isCall } from "../calls";
import { address, useConsole } from "../context";
import { groups, placeOf, promiseOf } from "../looks";
import type { State } from "../state";
import { texts, word } from "../texts";
import type { Handover } from "../wire";
import { clock } from "../words";
import { Badge, Button, Elapsed, Empty, Remaining, Tag } from "./bits";
import { Icon } from "./icons";
import { memo } from "./memo";

const MANY = 10;

export function Queue() {
  const { state, take } = useConsole();
  const { mine, waiting, others } = groups(state);
  const first = nextToTake(state);
  const isEmpty = mine.length + waiting.length + others.length === 0;
  const away = state.me?.status === "away";
  return (
    <>
      <header class="list-head">
        <h2>{texts.queue.title}</h2>
        {first && (
          <Button
            kind="primary"
            small
            shortcut="S"
            busy={state.busy.includes(first.id)}
            onClick={() => void take(first)}
          >
            {texts.queue.takeFirst}
          </Button>
        )}
      </header>
      {waiting.length >= MANY && (
        <p class="strip">{texts.queue.overloaded(waiting.length, longest(waiting, state.clockAhead))}</p>
      )}
      {isEmpty ? (
        <Empty icon="check" title={texts.queue.empty}>
          <p>{away ? texts.queue.emptyAway : texts.queue.emptyMore}</p>
        </Empty>
      ) : (
        <div class="list-body">
          <Group title={texts.queue.mine} rows={mine} open={state.open?.id} me={state.me?.id} />
          <Group title={texts.queue.waiting} rows={waiting} open={state.open?.id} me={state.me?.id} />
          <Group title={texts.queue.others} rows={others} open={state.open?.id} me={state.me?.id} />
        </div>
      )}
    </>
  );
}

/** The first in the list; a caller on the line is only for who takes calls. */
export function nextToTake(state: State): Handover | undefined {
  return groups(state).waiting.find((one) => !isCall(one) || state.me?.takes_calls);
}

interface GroupProps {
  readonly title: string;
  readonly rows: readonly Handover[];
  readonly open: string | undefined;
  readonly me: string | undefined;
}

function Group({ title, rows, open, me }: GroupProps) {
  const { state } = useConsole();
  if (rows.length === 0) {
    return null;
  }
  return (
    <section>
      <h3 class="group-title">
        {title} <Badge count={rows.length} />
      </h3>
      <ul class="rows">
        {rows.map((row) => (
          <Row
            key={row.id}
            row={row}
            place={placeOf(state, row)}
            calledBack={promiseOf(state, row)?.name ?? ""}
            isOpen={placeOf(state, row) === open}
            isMine={row.agent?.id === me}
          />
        ))}
      </ul>
    </section>
  );
}

interface RowProps {
  readonly row: Handover;
  readonly place: string;
  readonly calledBack: string;
  readonly isOpen: boolean;
  readonly isMine: boolean;
}

const Row = memo(drawRow, { row: drawnAlike });

/** A place in the queue is not shown here, and whoever comes or goes changes that of everybody. */
export function drawnAlike(now: Handover, next: Handover): boolean {
  const shown = (row: Handover) => JSON.stringify({ ...row, position: null, wait_seconds: null });
  return shown(now) === shown(next);
}

function drawRow({ row, place, calledBack, isOpen, isMine }: RowProps) {
  const offered = row.state === "offered" && isMine;
  const words =
    calledBack || row.last_words || (row.channel === "phone" ? texts.queue.noWordsCall : texts.queue.noWords);
  return (
    <li class={`row ${isOpen ? "is-open" : ""} ${offered ? "is-offered" : ""}`}>
      <a href={address("queue", place)} aria-current={isOpen ? "true" : undefined}>
        <span class="row-top">
          <span class={`channel ${row.channel}`}>
            <Icon name={row.channel === "phone" ? "phone" : "web"} />
            <span class="unseen">{texts.channel[row.channel]}</span>
          </span>
          <span class="row-title">{row.subject?.title ?? word(texts.reason, row.reason)}</span>
          <Elapsed since={since(row)} prefix={row.state === "active" ? texts.queue.since : texts.queue.waitsFor} />
        </span>
        <span class="row-words" dir="auto">
          {words}
        </span>
        <span class="row-tags">
          {isCall(row) && row.state !== "active" && (
            <Tag tone="on-line">
              <span class="pulse" />
              {texts.calls.onLine}
            </Tag>
          )}
          {row.channel === "phone" && row.state === "queued" && !row.on_line && row.phase === "ended" && (
            <Tag>{texts.calls.missedCall}</Tag>
          )}
          {row.state !== "queued" && (
            <Tag tone={row.state}>{isMine || !row.agent ? texts.state[row.state] : row.agent.name}</Tag>
          )}
          {row.front && <Tag tone="front">{texts.queue.handedBack}</Tag>}
          {row.priority > 0 && <Tag tone="front">{texts.queue.priority}</Tag>}
          {row.team && <Tag>{row.team}</Tag>}
          {row.subject && <span class="row-reason">{word(texts.reason, row.reason)}</span>}
          {offered && row.deadline && <Remaining until={row.deadline} text={texts.queue.offeredFor} />}
        </span>
      </a>
    </li>
  );
}

function since(row: Handover): string {
  return row.state === "active" && row.taken_at ? row.taken_at : row.waiting_since;
}

function longest(waiting: readonly Handover[], clockAhead: number): string {
  const first = Math.min(...waiting.map(({ waiting_since }) => Date.parse(waiting_since)));
  return clock(Date.now() + clockAhead - first);
}
