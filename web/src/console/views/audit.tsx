/** The audit log, for who may read it: filtered, a page at a time, and verified on demand. Nothing here changes it. */

import { useEffect, useId, useRef, useState } from "preact/hooks";
import { type AuditEntry, type AuditPage, actorName, detailWords, type Verification } from "../accounts";
import { address, useConsole } from "../context";
import { refusal } from "../session";
import { texts, word } from "../texts";
import { moment } from "../words";
import { Button, Empty, Problem } from "./bits";
import { useForm, Wrong } from "./forms";
import { Icon } from "./icons";
import { Page } from "./pages";

const { audit: words } = texts.admin;
const PAGE = 50;
const TYPING_PAUSE_MS = 300;

interface Filter {
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
}

const EVERYTHING: Filter = { actor: "", action: "", subject: "" };

export function Audit() {
  const { desk } = useConsole();
  const [filter, setFilter] = useState<Filter>(EVERYTHING);
  const [entries, setEntries] = useState<readonly AuditEntry[] | null>(null);
  const [people, setPeople] = useState<AuditPage["people"]>({});
  const [isMore, setIsMore] = useState(false);
  const [loading, setLoading] = useState(false);
  const [problem, setProblem] = useState("");
  const asked = useRef(0);
  const timer = useRef<number | undefined>(undefined);
  const id = useId();

  async function load(wanted: Filter, after: readonly AuditEntry[] = []) {
    asked.current += 1;
    const question = asked.current;
    const query = new URLSearchParams({ limit: String(PAGE) });
    for (const [name, value] of Object.entries({ ...wanted, before: String(after.at(-1)?.number ?? "") })) {
      if (value.trim()) {
        query.set(name, value.trim());
      }
    }
    setLoading(true);
    try {
      const page = await desk.api.get<AuditPage>(`/api/audit?${query}`);
      if (question === asked.current) {
        setEntries([...after, ...page.entries]);
        setPeople(page.people);
        setIsMore(page.entries.length === PAGE);
        setProblem("");
      }
    } catch (error) {
      if (question === asked.current) {
        setProblem(refusal(error).message);
      }
    }
    if (question === asked.current) {
      setLoading(false);
    }
  }
  useEffect(() => {
    void load(EVERYTHING);
    return () => clearTimeout(timer.current);
  }, []);
  function change(part: Partial<Filter>, pause = 0) {
    const wanted = { ...filter, ...part };
    setFilter(wanted);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => void load(wanted), pause);
  }

  const names = Object.entries(people).sort(([, a], [, b]) => a.localeCompare(b));
  return (
    <Page title={words.title}>
      <Verify />
      <search>
        <form class="filters three" onSubmit={(event) => event.preventDefault()}>
          <div class="field">
            <label for={`${id}-who`}>{words.who}</label>
            <select
              id={`${id}-who`}
              value={filter.actor}
              onChange={(event) => change({ actor: event.currentTarget.value })}
            >
              <option value="">{words.anyone}</option>
              {[...names, ...Object.entries(words.actors)].map(([reference, name]) => (
                <option key={reference} value={reference}>
                  {name}
                </option>
              ))}
            </select>
          </div>
          <div class="field">
            <label for={`${id}-what`}>{words.what}</label>
            <select
              id={`${id}-what`}
              value={filter.action}
              onChange={(event) => change({ action: event.currentTarget.value })}
            >
              <option value="">{words.anything}</option>
              {Object.entries(words.families).map(([action, name]) => (
                <option key={action} value={action}>
                  {name}
                </option>
              ))}
            </select>
          </div>
          <div class="field">
            <label for={`${id}-about`}>{words.about}</label>
            <input
              id={`${id}-about`}
              type="search"
              placeholder="conversation:…"
              value={filter.subject}
              onInput={(event) => change({ subject: event.currentTarget.value }, TYPING_PAUSE_MS)}
            />
          </div>
        </form>
      </search>
      {problem && <Problem text={problem} retry={() => void load(filter)} />}
      <p class="unseen" role="status">
        {loading ? words.loading : entries ? words.count(entries.length) : ""}
      </p>
      {entries?.length === 0 ? (
        <Empty icon="search" title={words.empty}>
          <p>{words.emptyMore}</p>
        </Empty>
      ) : (
        entries && <Log entries={entries} people={people} busy={loading} />
      )}
      {isMore && (
        <p class="more">
          <Button busy={loading} onClick={() => void load(filter, entries ?? [])}>
            {loading ? words.loading : words.more}
          </Button>
        </p>
      )}
    </Page>
  );
}

interface LogProps {
  readonly entries: readonly AuditEntry[];
  readonly people: AuditPage["people"];
  readonly busy: boolean;
}

function Log({ entries, people, busy }: LogProps) {
  const { state } = useConsole();
  const now = Date.now() + state.clockAhead;
  const { columns } = words;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways must be reached by the keyboard
    <section class="log-scroller" tabIndex={0} aria-label={words.lines}>
      <table class="log-table" aria-busy={busy}>
        <thead>
          <tr>
            {[columns.at, columns.who, columns.what, columns.about, columns.detail, columns.number].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.number}>
              <td class="log-at" data-label={columns.at}>
                <time dateTime={entry.at}>{moment(entry.at, now)}</time>
              </td>
              <td class="log-who" data-label={columns.who}>
                <bdi>{actorName(entry.actor, people)}</bdi>
              </td>
              <td data-label={columns.what}>{word(words.actions, entry.action)}</td>
              <td data-label={columns.about}>
                <Subject reference={entry.subject} people={people} />
              </td>
              <td class="hint" data-label={columns.detail}>
                {detailWords(entry.detail)}
              </td>
              <td class="log-number hint" data-label={columns.number}>
                {entry.number}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

/** A conversation is a link; of everything else its kind and the beginning of its identifier. */
function Subject({ reference, people }: { readonly reference: string; readonly people: AuditPage["people"] }) {
  const [kind = "", id = ""] = reference.split(":");
  const short = `${words.kinds[kind] ?? kind} ${id.slice(0, 8)}`;
  if (kind === "conversation") {
    return <a href={address("history", id)}>{short}</a>;
  }
  return <bdi title={reference}>{kind === "user" ? actorName(reference, people) : kind === "desk" ? "" : short}</bdi>;
}

function Verify() {
  const { desk } = useConsole();
  const [result, setResult] = useState<Verification | null>(null);
  const { busy, problem, submit } = useForm(async () => {
    setResult(null);
    setResult(await desk.api.post<Verification>("/api/audit/verify"));
  });
  return (
    <div class="verify">
      <p class="hint">{words.intro}</p>
      <Button icon="check" busy={busy} onClick={submit}>
        {busy ? words.verifying : words.verify}
      </Button>
      <Wrong text={problem} />
      <div class="verified" role="status">
        {result &&
          (result.fault ? (
            <div class="problem">
              <Icon name="warning" />
              <p>
                <strong>
                  {words.broken(result.fault.number)} {words.reasons[result.fault.reason] ?? result.fault.reason}
                </strong>{" "}
                {words.brokenMore}
              </p>
            </div>
          ) : (
            <div class="good">
              <p>{words.good(result.entries)}</p>
              <p class="hint">
                {words.head} <code>{result.head}</code>
              </p>
            </div>
          ))}
      </div>
    </div>
  );
}
