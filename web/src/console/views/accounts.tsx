/** Who may sign in, for administrators: the list, what is to be looked after in it, and the way to each account. */

import { useEffect, useId, useState } from "preact/hooks";
import {
  type AccountChange,
  codesUsed,
  type ListedAccount,
  matching,
  type Shown,
  type SignInOptions,
  undoing,
} from "../accounts";
import { useConsole } from "../context";
import { part, refusal } from "../session";
import { texts } from "../texts";
import { moment } from "../words";
import { AccountTags } from "./account-bits";
import { EditAccount } from "./account-edit";
import { NewAccount } from "./account-new";
import { Button, Empty, Problem } from "./bits";
import { Done, Page, type Said } from "./pages";

const { accounts: words } = texts.admin;
const SHOWN: readonly (readonly [Shown, string])[] = [
  ["all", words.showAll],
  ["active", words.showActive],
  ["attention", words.showAttention],
  ["disabled", words.showDisabled],
];

/** What was done last, and how it is taken back. */
interface Last extends Said {
  readonly id?: string;
  readonly undo?: AccountChange;
}

export function Accounts() {
  const { desk, state } = useConsole();
  const [all, setAll] = useState<readonly ListedAccount[] | null>(null);
  const [options, setOptions] = useState<SignInOptions | null>(null);
  const [problem, setProblem] = useState("");
  const [search, setSearch] = useState("");
  const [shown, setShown] = useState<Shown>("all");
  const [open, setOpen] = useState<string | null>(null);
  const [last, setLast] = useState<Last>({ text: "", nth: 0 });
  const id = useId();

  async function load() {
    try {
      setAll((await desk.api.get<{ users: ListedAccount[] }>("/api/accounts/users")).users);
      setProblem("");
    } catch (error) {
      setProblem(refusal(error).message);
    }
  }
  useEffect(() => {
    void load();
    desk.api.get<SignInOptions>("/api/accounts/options").then(setOptions, () => {});
  }, []);

  async function done(what: Omit<Last, "nth">) {
    setLast(({ nth }) => ({ ...what, nth: nth + 1 }));
    await load();
  }
  async function undo() {
    if (last.id !== undefined && last.undo) {
      try {
        await desk.api.patch(`/api/accounts/users/${part(last.id)}`, last.undo);
        await done({ text: words.done.undone });
      } catch (error) {
        setProblem(refusal(error).message);
      }
    }
  }

  const found = matching(all ?? [], search, shown);
  const edited = open === null ? null : all?.find((one) => one.id === open);
  const known = {
    teams: codesUsed(all ?? [], "teams", state.service?.teams),
    skills: codesUsed(all ?? [], "skills"),
  };
  return (
    <Page
      title={words.title}
      action={
        <Button kind="primary" icon="person" onClick={() => setOpen("")}>
          {words.add}
        </Button>
      }
    >
      <search>
        <form class="filters" onSubmit={(event) => event.preventDefault()}>
          <div class="field">
            <label for={`${id}-q`}>{words.search}</label>
            <input
              id={`${id}-q`}
              type="search"
              placeholder={words.searchHint}
              value={search}
              onInput={(event) => setSearch(event.currentTarget.value)}
            />
          </div>
          <div class="field">
            <label for={`${id}-shown`}>{words.show}</label>
            <select id={`${id}-shown`} value={shown} onChange={(event) => setShown(event.currentTarget.value as Shown)}>
              {SHOWN.map(([value, label]) => (
                <option key={value} value={value}>
                  {label}
                </option>
              ))}
            </select>
          </div>
        </form>
      </search>
      <Done said={last} undo={last.undo && (() => void undo())} undoLabel={words.undo} />
      {problem && <Problem text={problem} retry={() => void load()} />}
      <p class="hint count" role="status">
        {all === null ? (problem ? "" : words.loading) : words.count(found.length)}
      </p>
      {all && found.length === 0 ? (
        <Empty icon="search" title={words.empty}>
          <p>{words.emptyMore}</p>
        </Empty>
      ) : (
        <ul class="people">
          {found.map((one) => (
            <Row key={one.id} one={one} onOpen={() => setOpen(one.id)} />
          ))}
        </ul>
      )}
      {all?.length === 1 && search === "" && (
        <Empty icon="person" title={words.alone}>
          <p>{words.aloneMore}</p>
        </Empty>
      )}
      {open === "" && <NewAccount known={known} options={options} onMade={load} onClose={() => setOpen(null)} />}
      {edited && (
        <EditAccount
          key={edited.id}
          one={edited}
          known={known}
          options={options}
          onChanged={(text, change) =>
            void done(change ? { text, id: edited.id, undo: undoing(edited, change) } : { text })
          }
          onClose={() => setOpen(null)}
        />
      )}
    </Page>
  );
}

function Row({ one, onOpen }: { readonly one: ListedAccount; readonly onOpen: () => void }) {
  const { state } = useConsole();
  const now = Date.now() + state.clockAhead;
  const groups = [...one.teams, ...one.skills];
  return (
    <li class={`person ${one.disabled_at ? "is-off" : ""}`}>
      <p class="person-who">
        <button type="button" class="person-name" aria-label={words.edit(one.name)} onClick={onOpen}>
          <bdi>{one.name}</bdi>
        </button>
        <bdi class="hint">{one.login}</bdi>
      </p>
      <p class="person-role">
        {texts.admin.roles[one.role]}
        <span class="hint">{groups.length > 0 ? groups.join(", ") : ""}</span>
      </p>
      <p class="person-tags">
        <AccountTags one={one} isMe={one.id === state.account?.agent.id} />
      </p>
      <p class="hint person-seen">
        {one.sessions > 0
          ? words.here(one.sessions)
          : one.signed_in_at
            ? words.lastSeen(moment(one.signed_in_at, now))
            : words.neverSeen}
      </p>
    </li>
  );
}
