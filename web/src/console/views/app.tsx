/** The whole: who is signed in, which parts are on the screen, and the keys that lead from one to another. */

import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import type { Me } from "../accounts";
import { isCall, isReached, mayEnd, myCall, ringing, standing, wayOf } from "../calls";
import { address, ConsoleContext, useConsole } from "../context";
import type { Desk } from "../desk";
import { type Command, commandOf } from "../keys";
import { currentHandover, dueCallbacks, isMine, mayAudit, mayManage, mayTake, newMessages } from "../looks";
import { attention, newsOf } from "../news";
import { announce, ring, setTitle, sounds } from "../notices";
import { loadPreferences, type Preferences, savePreferences } from "../preferences";
import { refusal } from "../session";
import type { State, Tab } from "../state";
import { Telephone } from "../telephone";
import { texts } from "../texts";
import type { Handover } from "../wire";
import { Accounts } from "./accounts";
import { Audit } from "./audit";
import { Badge, Button, Empty } from "./bits";
import { Callbacks } from "./callbacks";
import { CallStrip } from "./callbar";
import { Conversation } from "./conversation";
import { Dialogs } from "./dialogs";
import { Figures } from "./figures";
import { History } from "./history";
import { Icon, type IconName } from "./icons";
import { Incoming } from "./incoming";
import { Login } from "./login";
import { Messages } from "./messages";
import { Profile } from "./profile";
import { nextToTake, Queue } from "./queue";
import { Side, type SideTab } from "./side";
import { Top } from "./top";

const TABS: readonly (readonly [Tab, IconName])[] = [
  ["queue", "queue"],
  ["callbacks", "callback"],
  ["messages", "mail"],
  ["history", "history"],
];

export function App({ desk }: { readonly desk: Desk }) {
  const [state, setState] = useState(desk.state);
  const [preferences, setPreferences] = useState(loadPreferences);
  const [pending, setPending] = useState<Me | null>(null);
  const [telephone] = useState(() => new Telephone(desk));
  const [phone, setPhone] = useState(telephone.state);
  const kept = useRef(preferences);
  kept.current = preferences;

  useEffect(
    () =>
      desk.subscribe((before, after) => {
        setState(after);
        tellNews(newsOf(before, after), kept.current, myCall(after) !== null);
      }),
    [desk],
  );
  useEffect(() => telephone.subscribe(setPhone), [telephone]);
  // A page that was only reloaded rings again from the first touch on.
  useEffect(() => {
    addEventListener("pointerdown", sounds, { once: true });
    addEventListener("keydown", sounds, { once: true });
  }, []);
  useEffect(() => {
    void desk.api.get<Me>("/api/accounts/me").then(entered, () => desk.signedOut());
  }, [desk]);

  function entered(me: Me) {
    desk.known(me);
    setPending(me.pending ? me : null);
    if (!me.pending) {
      void desk.start();
    } else {
      desk.signedOut();
    }
  }
  async function signOut() {
    let redirect: string | null = null;
    try {
      ({ redirect } = await desk.api.post<{ redirect: string | null }>("/api/accounts/logout"));
    } catch (error) {
      const { status, message } = refusal(error);
      if (status !== 401) {
        // The session lives on: whoever leaves this machine must know.
        desk.dialog(null);
        desk.tell(message, "error");
        return;
      }
    }
    setPending(null);
    desk.signedOut();
    if (redirect) {
      location.assign(redirect);
    }
  }
  function prefer(change: Partial<Preferences>) {
    const wanted = { ...preferences, ...change };
    setPreferences(wanted);
    savePreferences(wanted);
  }

  async function take(handover: Handover) {
    const way = isCall(handover) ? wayOf(state, preferences.way) : null;
    if (way !== null && way !== "browser" && !state.me?.phone) {
      desk.dialog("calls");
    } else if (await (way === null ? desk.take(handover) : telephone.accept(handover, way))) {
      location.hash = address("queue", handover.conversation_id);
    }
  }

  const value = useMemo(
    () => ({ desk, state, telephone, phone, preferences, prefer, take }),
    [desk, state, telephone, phone, preferences],
  );
  return (
    <ConsoleContext.Provider value={value}>
      {state.session === "signed_out" ? (
        <Login pending={pending} onMe={entered} />
      ) : state.session === "signed_in" ? (
        <Desktop onSignOut={() => void signOut()} />
      ) : null}
    </ConsoleContext.Provider>
  );
}

/** Who is on the telephone is disturbed by no sound, and told only what the open conversation says. */
function tellNews(
  { offered, waiting, said }: ReturnType<typeof newsOf>,
  preferences: Preferences,
  isCalling: boolean,
): void {
  const [offer] = offered;
  if (offer) {
    announce(texts.announce.offered(offer.last_words));
  } else if (waiting.length > 0 && !isCalling) {
    announce(texts.announce.newWaiting(waiting.length));
  }
  for (const words of said) {
    announce(texts.announce.visitorSays(words));
  }
  if (preferences.sound && !isCalling) {
    if (offer) {
      ring("mine");
    } else if (waiting.length > 0) {
      ring("waiting");
    } else if (said.length > 0 && document.hidden) {
      ring("message");
    }
  }
}

function Desktop({ onSignOut }: { readonly onSignOut: () => void }) {
  const { desk, state, telephone, phone, preferences, take } = useConsole();
  const [sideTab, setSideTab] = useState<SideTab>("help");
  const [sideShown, setSideShown] = useState(false);
  const run = useRef<(command: Command) => void>(() => {});
  const isOpen = state.open !== null;

  // The address's fragment is the truth of what is on the screen.
  useLayoutEffect(() => {
    function follow() {
      if (location.hash && !location.hash.startsWith("#/")) {
        return; // the skip link
      }
      const [, tab = "queue", id] = location.hash.split("/");
      const wanted = pageOf(tab, desk.state);
      const tabs = tabsOf(desk.state);
      desk.show(wanted ?? (tabs.find(([name]) => name === tab) ?? tabs[0])?.[0] ?? "queue");
      desk.open(id && !wanted ? decodeURIComponent(id) : null);
    }
    follow();
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, [desk]);

  const wanting = attention(state);
  const call = myCall(state);
  const [rings] = ringing(state, phone.hushed);
  const page = rings && preferences.title ? texts.calls.titleRinging : texts.tabs[state.tab];
  useEffect(() => setTitle(preferences.title ? wanting : 0, page, texts.title), [wanting, preferences.title, page]);
  // Of a call, every change matters, whatever is on the screen.
  const stands = call && standing(call, phone);
  useEffect(() => {
    if (stands) {
      announce(`${texts.calls.standing[stands]}. ${texts.calls.caller[stands]}`);
    }
  }, [stands]);

  run.current = (command) => perform(command);
  useLayoutEffect(() => {
    function pressed(event: KeyboardEvent) {
      if (event.key === "Escape" && document.querySelector("dialog[open]") === null) {
        closeSide();
        return;
      }
      const command = commandOf(event, isField(event.target), preferences.shortcuts);
      if (command !== null && document.querySelector("dialog[open]") === null) {
        event.preventDefault();
        run.current(command);
      }
    }
    addEventListener("keydown", pressed);
    return () => removeEventListener("keydown", pressed);
  }, [preferences.shortcuts]);

  function closeSide() {
    setSideShown(false);
  }
  function showSide(tab: SideTab) {
    setSideTab(tab);
    setSideShown(true);
  }

  function perform(command: Command) {
    const handover = currentHandover(state);
    const active = handover?.state === "active" && isMine(state, handover) ? handover : null;
    if (typeof command === "object") {
      const suggestion = state.open?.suggestions?.[command.insert];
      if (state.open && suggestion && active) {
        desk.insert(state.open.id, suggestion.plain);
        document.getElementById("reply")?.focus();
      }
      return;
    }
    switch (command) {
      case "overview":
        return desk.dialog("shortcuts");
      case "next":
      case "previous": {
        const id = desk.step(command === "next" ? 1 : -1);
        if (id !== null) {
          location.hash = address("queue", id);
        }
        return;
      }
      case "take":
        return handover && (handover.state === "queued" || (handover.state === "offered" && isMine(state, handover)))
          ? void take(handover)
          : undefined;
      case "takeFirst": {
        const first = nextToTake(state);
        return first ? void take(first) : undefined;
      }
      case "call":
        // As a press on the card itself: its way and its number count.
        return document.getElementById("answer-call")?.click();
      case "mute":
        return telephone.mute();
      case "hold":
        return call && (stands === "talking" || stands === "held")
          ? void desk.hold(call, stands !== "held")
          : undefined;
      case "reply":
        return document.getElementById("reply")?.focus();
      case "note":
        showSide("notes");
        return focusSoon("note");
      case "finish":
        return active && !(stands && active === call && !mayEnd(stands, active)) ? void desk.finish(active) : undefined;
      case "giveBack":
        return active && isReached(active) ? void desk.giveBack(active) : undefined;
      case "transfer":
        return active && isReached(active) ? desk.dialog("transfer") : undefined;
      case "presence":
        return void desk.presence({ status: state.me?.status === "available" ? "away" : "available" });
      case "botView":
      case "help":
      case "notes":
        return showSide(command);
      case "search":
        desk.show("history");
        location.hash = address("history");
        return focusSoon("history-q");
      default:
        location.hash = address(command);
    }
  }

  return (
    <div class={`desk tab-${state.tab} ${isOpen ? "has-open" : ""} ${sideShown ? "side-shown" : ""}`}>
      <a class="skip" href="#content">
        {texts.skip}
      </a>
      <Incoming />
      <Top />
      <CallStrip />
      <Tabs />
      <main class="main" id="content" tabIndex={-1}>
        <section class="list" aria-label={texts.tabs[state.tab]}>
          {state.tab === "accounts" && <Accounts />}
          {state.tab === "audit" && <Audit />}
          {state.tab === "profile" && <Profile />}
          {state.tab === "queue" && <Queue />}
          {state.tab === "callbacks" && <Callbacks />}
          {state.tab === "messages" && <Messages />}
          {state.tab === "history" && <History />}
        </section>
        {isOpen ? (
          <>
            <Conversation onSide={() => setSideShown(true)} />
            <Side tab={sideTab} onTab={setSideTab} onClose={closeSide} />
          </>
        ) : isPage(state.tab) ? null : (
          <section class="nothing-open">
            <Empty icon="web" title={texts.conversation.none}>
              <p>{texts.conversation.noneMore}</p>
            </Empty>
            <Figures />
          </section>
        )}
      </main>
      <LinkState />
      <Toasts />
      <Dialogs onSignOut={onSignOut} />
    </div>
  );
}

/** Who does not work at the desk has the past alone. */
function tabsOf(state: State): typeof TABS {
  return mayTake(state) ? TABS : TABS.filter(([name]) => name === "history");
}

function isPage(tab: Tab): boolean {
  return tab === "accounts" || tab === "audit" || tab === "profile";
}

/** A page that this person may see; the server decides all the same. */
function pageOf(name: string, state: State): Tab | null {
  const mayBe = { accounts: mayManage(state), audit: mayAudit(state), profile: true };
  return (name === "accounts" || name === "audit" || name === "profile") && mayBe[name] ? name : null;
}

function Tabs() {
  const { state } = useConsole();
  const admin = mayManage(state) ? "accounts" : mayAudit(state) ? "audit" : null;
  const counts: Readonly<Partial<Record<Tab, number>>> = {
    queue: attention(state),
    callbacks: dueCallbacks(state),
    messages: newMessages(state),
  };
  return (
    <nav class="tabs" aria-label={texts.tabs.label}>
      <ul>
        {tabsOf(state).map(([tab, icon]) => (
          <li key={tab}>
            <a href={address(tab)} aria-current={state.tab === tab ? "page" : undefined}>
              <Icon name={icon} />
              <span>{texts.tabs[tab]}</span>
              <Badge count={counts[tab] ?? 0} label={tab === "queue" ? texts.queue.waiting : ""} />
            </a>
          </li>
        ))}
        {admin && (
          <li>
            <a
              href={address(admin)}
              aria-current={state.tab === "accounts" || state.tab === "audit" ? "page" : undefined}
            >
              <Icon name="shield" />
              <span>{texts.admin.label}</span>
            </a>
          </li>
        )}
      </ul>
    </nav>
  );
}

function LinkState() {
  const { desk, state } = useConsole();
  return (
    <div class="link-state" role="status">
      {state.link === "lost" && (
        <div class="link-lost">
          <Icon name="link" />
          <p>
            <strong>{texts.link.lost}</strong> {texts.link.lostMore}
          </p>
          <Button small onClick={() => desk.reconnect()}>
            {texts.link.retry}
          </Button>
        </div>
      )}
    </div>
  );
}

function Toasts() {
  const { desk, state } = useConsole();
  return (
    <div class="toasts" aria-live="assertive">
      {state.toasts.map((toast) => (
        <div key={toast.id} class={`toast ${toast.kind}`}>
          {toast.kind === "error" && <Icon name="warning" />}
          <p>{toast.text}</p>
          <Button kind="quiet" icon="close" aria-label={texts.errors.dismiss} onClick={() => desk.dismiss(toast.id)} />
        </div>
      ))}
    </div>
  );
}

/** Once it is drawn, and before the next key: what is typed at once must go there. */
function focusSoon(id: string): void {
  queueMicrotask(() => document.getElementById(id)?.focus());
}

function isField(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target instanceof HTMLTextAreaElement ||
      target instanceof HTMLSelectElement ||
      (target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type)))
  );
}
