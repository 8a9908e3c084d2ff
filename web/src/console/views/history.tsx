/** Past conversations, searched by the server and shown a page at a time: two thousand are as quick as twenty. */

import { useEffect, useId, useRef, useState } from "preact/hooks";
import { address, useConsole } from "../context";
import { filterOf } from "../exporting";
import { mayExport } from "../looks";
import type { Search } from "../state";
import { texts } from "../texts";
import type { Found, Verdict } from "../wire";
import { clock, moment } from "../words";
import { Button, Check, Empty, Problem, Tag } from "./bits";
import { Export } from "./export";
import { Icon } from "./icons";

const TYPING_PAUSE_MS = 300;
const VERDICTS: readonly Verdict[] = ["right", "wrong_answer", "wrong_intent", "missing_answer"];

export function History() {
  const { desk, state } = useConsole();
  const { search, found, loading, problem } = state.history;
  const id = useId();
  const timer = useRef<number | undefined>(undefined);
  const open = state.open?.id;
  // What is typed counts at once, for the export too; the search waits for a pause.
  const [wanted, setWanted] = useState(search);
  const [personal, setPersonal] = useState(false);
  useEffect(() => () => clearTimeout(timer.current), []);
  function change(part: Partial<Search>, pause = 0) {
    clearTimeout(timer.current);
    const next = { ...wanted, ...part };
    setWanted(next);
    timer.current = setTimeout(() => void desk.search(next), pause);
  }
  return (
    <>
      <header class="list-head">
        <h2>{texts.history.title}</h2>
      </header>
      <search>
        <form class="search" onSubmit={(event) => event.preventDefault()}>
          <div class="field">
            <label for="history-q">{texts.history.q}</label>
            <input
              id="history-q"
              type="search"
              defaultValue={search.q}
              onInput={(event) => change({ q: event.currentTarget.value }, TYPING_PAUSE_MS)}
            />
          </div>
          <div class="search-more">
            <div class="field">
              <label for={`${id}-channel`}>{texts.history.channel}</label>
              <select
                id={`${id}-channel`}
                value={wanted.channel}
                onChange={(event) => change({ channel: event.currentTarget.value as Search["channel"] })}
              >
                <option value="">{texts.history.anyChannel}</option>
                <option value="web">{texts.channel.web}</option>
                <option value="phone">{texts.channel.phone}</option>
              </select>
            </div>
            <div class="field">
              <label for={`${id}-verdict`}>{texts.history.verdict}</label>
              <select
                id={`${id}-verdict`}
                value={wanted.verdict}
                onChange={(event) => change({ verdict: event.currentTarget.value })}
              >
                <option value="">{texts.history.anyVerdict}</option>
                {VERDICTS.map((verdict) => (
                  <option key={verdict} value={verdict}>
                    {texts.wrapUp.verdict[verdict]}
                  </option>
                ))}
              </select>
            </div>
          </div>
          <Check
            label={texts.history.onlyPeople}
            checked={wanted.onlyPeople}
            onChange={(onlyPeople) => change({ onlyPeople })}
          />
          {mayExport(state) && (
            <Export
              label={texts.admin.exports.conversations}
              title={`${texts.admin.exports.conversationsLong}. ${texts.admin.exports.traced}`}
              path={exportPath(wanted, personal)}
              disabled={found?.length === 0}
            >
              <Check label={texts.admin.exports.personal} checked={personal} onChange={setPersonal} />
            </Export>
          )}
        </form>
      </search>
      <p class="unseen" role="status">
        {loading ? texts.history.loading : found ? texts.history.count(found.length) : ""}
      </p>
      {problem && <Problem text={problem} retry={() => void desk.search(search)} />}
      <div class="list-body" aria-busy={loading}>
        {found?.length === 0 ? (
          <Empty icon="search" title={texts.history.empty}>
            <p>{texts.history.emptyMore}</p>
          </Empty>
        ) : (
          <ul class="rows">
            {found?.map((one) => (
              <Row key={one.id} one={one} isOpen={one.id === open} />
            ))}
          </ul>
        )}
        {state.history.next && (
          <p class="more">
            <Button busy={loading} onClick={() => void desk.search(search, true)}>
              {loading ? texts.history.loading : texts.history.more}
            </Button>
          </p>
        )}
      </div>
    </>
  );
}

function exportPath(search: Search, personal: boolean): string {
  const query = filterOf(search);
  if (personal) {
    query.set("personal", "1");
  }
  return `/api/desk/export.csv?${query}`;
}

function Row({ one, isOpen }: { readonly one: Found; readonly isOpen: boolean }) {
  const { state } = useConsole();
  const now = Date.now() + state.clockAhead;
  return (
    <li class={`row ${isOpen ? "is-open" : ""}`}>
      <a href={address("history", one.id)} aria-current={isOpen ? "true" : undefined}>
        <span class="row-top">
          <span class={`channel ${one.channel}`}>
            <Icon name={one.channel === "phone" ? "phone" : "web"} />
            <span class="unseen">{texts.channel[one.channel]}</span>
          </span>
          <span class="row-title">{one.subjects.at(-1) ?? texts.channelLong[one.channel]}</span>
          <time class="row-when" dateTime={one.started_at}>
            {moment(one.started_at, now)}
          </time>
        </span>
        <span class="row-words" dir="auto">
          {one.excerpt}
        </span>
        <span class="row-tags">
          {one.handover && <Tag tone={one.handover.state}>{texts.state[one.handover.state]}</Tag>}
          {one.handover?.agent && <span class="row-reason">{one.handover.agent.name}</span>}
          {one.handover?.waited_seconds != null && (
            <span class="row-reason">{texts.history.waited(clock(one.handover.waited_seconds * 1000))}</span>
          )}
          <span class="row-reason">{texts.history.turns(one.turns)}</span>
          {one.verdict && <Tag tone={one.verdict}>{texts.wrapUp.verdict[one.verdict]}</Tag>}
        </span>
      </a>
    </li>
  );
}
