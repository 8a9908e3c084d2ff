/** Verified answers for the visitor's last words, the texts of the house, and a search in both: one press inserts. */

import { useEffect, useState } from "preact/hooks";
import { useConsole } from "../context";
import { canWrite } from "../looks";
import { texts } from "../texts";
import type { Suggestion } from "../wire";
import { Button } from "./bits";
import { Markdown } from "./markdown";
import { Source } from "./transcript";
import { plain } from "./wrapup";

const TYPING_PAUSE_MS = 250;
const WITH_A_KEY = 3;

export function Help() {
  const { desk, state } = useConsole();
  const [q, setQ] = useState("");
  const [found, setFound] = useState<readonly Suggestion[] | null>(null);
  const { open } = state;
  const words = q.trim();

  useEffect(() => {
    if (!words) {
      setFound(null);
      return;
    }
    let asked = true;
    const timer = setTimeout(() => {
      void desk.answers(words).then((answers) => asked && setFound(answers));
    }, TYPING_PAUSE_MS);
    return () => {
      asked = false;
      clearTimeout(timer);
    };
  }, [words]);

  if (!open) {
    return null;
  }
  const mayWrite = canWrite(state);
  const canned = (open.canned ?? []).filter(({ title, text }) => plain(`${title} ${text}`).includes(plain(words)));
  function insert(text: string) {
    desk.insert(open?.id ?? "", text);
    document.getElementById("reply")?.focus();
  }
  return (
    <>
      <div class="field">
        <label for="answers-q">{texts.side.search}</label>
        <input id="answers-q" type="search" value={q} onInput={(event) => setQ(event.currentTarget.value)} />
      </div>
      {words ? (
        <section aria-live="polite">
          {found?.length === 0 && <p class="hint">{texts.side.searchNone}</p>}
          {found?.map((one) => (
            <Answer key={one.intent} one={one} mayInsert={mayWrite} onInsert={insert} />
          ))}
        </section>
      ) : (
        <section>
          <h3>{texts.side.suggestions}</h3>
          <p class="hint">{texts.side.suggestionsFor}</p>
          {open.suggestions?.length === 0 && <p class="hint">{texts.side.noSuggestions}</p>}
          {open.suggestions?.map((one, place) => (
            <Answer
              key={one.intent}
              one={one}
              mayInsert={mayWrite}
              onInsert={insert}
              {...(place < WITH_A_KEY ? { place: place + 1 } : {})}
            />
          ))}
        </section>
      )}
      <section>
        <h3>{texts.side.canned}</h3>
        {open.canned?.length === 0 && <p class="hint">{texts.side.cannedNone}</p>}
        <ul class="canned">
          {canned.map((one) => (
            <li key={one.id}>
              <button type="button" aria-disabled={!mayWrite || undefined} onClick={() => mayWrite && insert(one.text)}>
                <strong>{one.title}</strong>
                <span dir="auto">{one.text}</span>
              </button>
            </li>
          ))}
        </ul>
      </section>
    </>
  );
}

interface AnswerProps {
  readonly one: Suggestion;
  readonly place?: number;
  readonly mayInsert: boolean;
  readonly onInsert: (text: string) => void;
}

function Answer({ one, place, mayInsert, onInsert }: AnswerProps) {
  const { preferences } = useConsole();
  return (
    <article class="answer">
      <header>
        <h4>{one.title}</h4>
        {mayInsert && (
          <Button
            small
            onClick={() => onInsert(one.plain)}
            {...(place && preferences.shortcuts ? { shortcut: String(place) } : {})}
          >
            {texts.side.insert}
            <span class="unseen"> : {one.title}</span>
          </Button>
        )}
      </header>
      <details>
        <summary>
          <span class="answer-start" dir="auto">
            {one.plain}
          </span>
          <span class="see-all">{texts.side.seeAll}</span>
        </summary>
        <Markdown text={one.text} />
      </details>
      <Source answer={one} />
    </article>
  );
}
