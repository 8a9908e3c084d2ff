/** The end of a request in two clicks: the second says whether the bot was right, and is kept to make it better. */

import { useEffect, useId, useRef, useState } from "preact/hooks";
import { useConsole } from "../context";
import { promiseOf } from "../looks";
import { texts, wrapUpOf } from "../texts";
import type { Handover, Verdict } from "../wire";
import { Button, Remaining } from "./bits";

const VERDICTS: readonly Verdict[] = ["right", "wrong_answer", "wrong_intent", "missing_answer"];

export function WrapUp({ handover }: { readonly handover: Handover }) {
  const { state } = useConsole();
  return promiseOf(state, handover) ? <CalledBack handover={handover} /> : <Judged handover={handover} />;
}

/** The end of a call back: the bot had no part in it, and who picked up may have been a machine. */
function CalledBack({ handover }: { readonly handover: Handover }) {
  const { desk, state } = useConsole();
  const title = useRef<HTMLHeadingElement>(null);
  const id = useId();
  const promise = promiseOf(state, handover);
  const busy = state.busy.includes(handover.id);
  useEffect(() => title.current?.focus({ preventScroll: true }), []);
  const kept = promise?.state === "kept";
  return (
    <section class="wrap-up" aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`} tabIndex={-1} ref={title}>
        {promise && wrapUpOf(promise)}
      </h3>
      <div class="wrap-up-end">
        <Button kind="primary" busy={busy} onClick={() => void desk.wrapUp(handover, { verdict: "" })}>
          {kept ? texts.callbacks.spoken : texts.callbacks.conclude}
        </Button>
        {kept && promise && (
          <Button busy={busy} onClick={() => void desk.machine(handover, promise)}>
            {texts.callbacks.notSpoken}
          </Button>
        )}
      </div>
      {handover.deadline && (
        <p class="hint">
          <Remaining until={handover.deadline} text={texts.wrapUp.autoIn} />
        </p>
      )}
    </section>
  );
}

function Judged({ handover }: { readonly handover: Handover }) {
  const { desk, state } = useConsole();
  const [chosen, setChosen] = useState<Verdict | null>(null);
  const [intent, setIntent] = useState("");
  const [filter, setFilter] = useState("");
  const [note, setNote] = useState("");
  const title = useRef<HTMLHeadingElement>(null);
  const id = useId();
  const busy = state.busy.includes(handover.id);
  // The reply has just gone from under the focus; who writes a note while a caller hangs up goes on writing.
  useEffect(() => {
    if (!document.activeElement?.matches("input, textarea, select")) {
      title.current?.focus({ preventScroll: true });
    }
  }, []);

  function conclude(verdict: Verdict | "") {
    const said = note.trim() ? { note: note.trim() } : {};
    void desk.wrapUp(handover, { verdict, ...said, ...(verdict === "wrong_intent" ? { intent } : {}) });
  }

  const wanted = plain(filter);
  const subjects = state.subjects.filter(({ title: name, theme }) => plain(`${name} ${theme}`).includes(wanted));
  return (
    <section class="wrap-up" aria-labelledby={`${id}-title`}>
      <h3 id={`${id}-title`} tabIndex={-1} ref={title}>
        {texts.wrapUp.question}
      </h3>
      {chosen === "wrong_intent" ? (
        <>
          <div class="field">
            <label for={`${id}-filter`}>{texts.wrapUp.filter}</label>
            <input
              id={`${id}-filter`}
              type="search"
              value={filter}
              onInput={(event) => setFilter(event.currentTarget.value)}
            />
          </div>
          <div class="field">
            <label for={`${id}-which`}>{texts.wrapUp.which}</label>
            <select id={`${id}-which`} value={intent} onChange={(event) => setIntent(event.currentTarget.value)}>
              <option value="">{texts.wrapUp.whichNone}</option>
              {subjects.map((subject) => (
                <option key={subject.intent} value={subject.intent}>
                  {subject.title}
                </option>
              ))}
            </select>
          </div>
          <div class="wrap-up-end">
            <Button onClick={() => setChosen(null)}>{texts.wrapUp.cancel}</Button>
            <Button kind="primary" busy={busy} onClick={() => conclude("wrong_intent")}>
              {texts.wrapUp.submit}
            </Button>
          </div>
        </>
      ) : (
        <>
          <div class="verdicts">
            {VERDICTS.map((verdict) => (
              <button
                key={verdict}
                type="button"
                class={`verdict ${verdict}`}
                aria-disabled={busy || undefined}
                onClick={() => !busy && (verdict === "wrong_intent" ? setChosen(verdict) : conclude(verdict))}
              >
                <strong>{texts.wrapUp[verdict]}</strong>
                <span>{texts.wrapUp[`${verdict}More`]}</span>
              </button>
            ))}
          </div>
          <div class="wrap-up-end">
            <div class="field">
              <label for={`${id}-note`}>{texts.wrapUp.note}</label>
              <input id={`${id}-note`} value={note} onInput={(event) => setNote(event.currentTarget.value)} />
            </div>
            <Button kind="quiet" busy={busy} onClick={() => conclude("")}>
              {texts.wrapUp.skip}
            </Button>
          </div>
        </>
      )}
      {handover.deadline && (
        <p class="hint">
          <Remaining until={handover.deadline} text={texts.wrapUp.autoIn} />
        </p>
      )}
    </section>
  );
}

/** Without accents and capitals. */
export function plain(text: string): string {
  return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
}
