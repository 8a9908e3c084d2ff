/** One's own account: who I am here, my password, my second factor, the browsers in which I am signed in. */

import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef, useState } from "preact/hooks";
import { type Browser, browserName, type Me, type SignInOptions } from "../accounts";
import { useConsole } from "../context";
import { part, refusal } from "../session";
import { texts, word } from "../texts";
import { moment } from "../words";
import { AccountTags } from "./account-bits";
import { Button, Problem } from "./bits";
import { ChangePassword, Enrol, RecoveryCodes, WithPassword } from "./credentials";
import { useForm, Wrong } from "./forms";
import { Done, Page, useSaid } from "./pages";

const { profile: words } = texts.admin;

export function Profile() {
  const { desk, state } = useConsole();
  const [options, setOptions] = useState<SignInOptions | null>(null);
  const me = state.account;
  useEffect(() => {
    desk.api.get<SignInOptions>("/api/accounts/options").then(setOptions, () => {});
    // The second factor may have been taken off meanwhile, by an administrator.
    desk.api.get<Me>("/api/accounts/me").then(
      (now) => desk.known(now),
      () => {},
    );
  }, []);
  if (!me) {
    return null;
  }
  const own = me.agent;
  const groups = [...own.teams, ...own.skills].join(", ") || texts.admin.accounts.noGroups;
  return (
    <Page title={words.title}>
      <Part title={words.who}>
        <dl class="facts">
          <div>
            <dt>{words.name}</dt>
            <dd>
              <bdi>{own.name}</bdi>
            </dd>
          </div>
          <div>
            <dt>{words.login}</dt>
            <dd>
              <bdi>{own.login}</bdi>
            </dd>
          </div>
          <div>
            <dt>{words.role}</dt>
            <dd>{texts.admin.roles[own.role]}</dd>
          </div>
          <div>
            <dt>{words.groups}</dt>
            <dd>{groups}</dd>
          </div>
        </dl>
        <p class="person-tags">
          <AccountTags one={own} isMe={false} />
        </p>
        <p class="hint">{words.changeable}</p>
      </Part>
      {own.has_password && options?.passwords !== false ? (
        <>
          <Password minChars={options?.password_min_chars ?? 12} />
          <SecondFactor isOn={own.totp} />
        </>
      ) : (
        <Part title={words.password}>
          <p class="hint">{words.elsewhere}</p>
        </Part>
      )}
      <Browsers />
    </Page>
  );
}

function Password({ minChars }: { readonly minChars: number }) {
  const { desk } = useConsole();
  const [open, setOpen] = useState(false);
  const [said, setSaid] = useSaid();
  return (
    <Part title={words.password}>
      <Done said={said} undoLabel="" />
      {open ? (
        <FocusFirst>
          <p class="hint">{words.passwordWhy}</p>
          <ChangePassword
            minChars={minChars}
            onMe={(me) => {
              desk.known(me);
              setOpen(false);
              setSaid(words.passwordChanged);
            }}
          />
          <Button onClick={() => setOpen(false)}>{words.cancel}</Button>
        </FocusFirst>
      ) : (
        <Button
          onClick={() => {
            setSaid("");
            setOpen(true);
          }}
        >
          {words.passwordChange}
        </Button>
      )}
    </Part>
  );
}

type Step = "" | "enrol" | "renew" | "disable";

function SecondFactor({ isOn }: { readonly isOn: boolean }) {
  const { desk } = useConsole();
  const [step, setStep] = useState<Step>("");
  const [codes, setCodes] = useState<readonly string[] | null>(null);
  const [said, setSaid] = useSaid();

  async function reread() {
    desk.known(await desk.api.get<Me>("/api/accounts/me"));
  }
  function begin(what: Step) {
    setSaid("");
    setStep(what);
  }
  if (codes) {
    return (
      <Part title={texts.login.recovery}>
        <FocusFirst key="codes">
          <p>{texts.login.recoveryWhy}</p>
          <RecoveryCodes codes={codes} />
          <Button
            kind="primary"
            onClick={() => {
              setCodes(null);
              setStep("");
              setSaid(step === "renew" ? words.totpRenewed : words.totpEnabled);
              void reread();
            }}
          >
            {texts.login.recoveryDone}
          </Button>
        </FocusFirst>
      </Part>
    );
  }
  return (
    <Part title={words.totp}>
      <Done said={said} undoLabel="" />
      <p class="hint">{isOn ? words.totpOn : words.totpOff}</p>
      {step === "" ? (
        <div class="act-buttons">
          {isOn ? (
            <>
              <Button onClick={() => begin("renew")}>{words.totpRenew}</Button>
              <Button onClick={() => begin("disable")}>{words.totpDisable}</Button>
            </>
          ) : (
            <Button onClick={() => begin("enrol")}>{words.totpBegin}</Button>
          )}
        </div>
      ) : (
        <FocusFirst key={step}>
          {step === "enrol" && <Enrol onCodes={setCodes} />}
          {step === "renew" && (
            <>
              <p>{words.totpRenewWhy}</p>
              <WithPassword
                label={words.totpRenew}
                send={async (password) => {
                  const path = "/api/accounts/totp/recovery";
                  setCodes((await desk.api.post<{ recovery_codes: string[] }>(path, { password })).recovery_codes);
                }}
              />
            </>
          )}
          {step === "disable" && (
            <>
              <p>{words.totpDisableWhy}</p>
              <WithPassword
                danger
                label={words.totpDisable}
                send={async (password) => {
                  await desk.api.post("/api/accounts/totp/disable", { password });
                  await reread();
                  setStep("");
                  setSaid(words.totpDisabled);
                }}
              />
            </>
          )}
          <Button onClick={() => setStep("")}>{words.cancel}</Button>
        </FocusFirst>
      )}
    </Part>
  );
}

function Browsers() {
  const { desk, state } = useConsole();
  const [browsers, setBrowsers] = useState<readonly Browser[] | null>(null);
  const [problem, setProblem] = useState("");
  const [said, setSaid] = useSaid();
  async function load() {
    try {
      setBrowsers((await desk.api.get<{ sessions: Browser[] }>("/api/accounts/sessions")).sessions);
      setProblem("");
    } catch (error) {
      setProblem(refusal(error).message);
    }
  }
  // A new password ends the others: read again.
  useEffect(() => void load(), [state.account]);
  return (
    <Part title={words.sessions}>
      <p class="hint">{words.sessionsWhy}</p>
      <Done said={said} undoLabel="" />
      {problem && <Problem text={problem} retry={() => void load()} />}
      <ul class="browsers">
        {browsers?.map((one) => (
          <Row
            key={one.id}
            one={one}
            onEnded={async () => {
              await load();
              setSaid(words.ended);
            }}
          />
        ))}
      </ul>
    </Part>
  );
}

function Row({ one, onEnded }: { readonly one: Browser; readonly onEnded: () => Promise<void> }) {
  const { desk, state } = useConsole();
  const now = Date.now() + state.clockAhead;
  const name = browserName(one.client);
  const { busy, problem, submit } = useForm(async () => {
    await desk.api.delete(`/api/accounts/sessions/${part(one.id)}`);
    await onEnded();
  });
  return (
    <li class="act">
      <div class="act-what">
        <strong>{name}</strong> {one.current && <span class="tag active">{words.current}</span>}
        <div class="hint">
          {words.begun(moment(one.created_at, now))} ({word(words.methods, one.method)}).{" "}
          {words.used(moment(one.used_at, now))}
        </div>
      </div>
      {!one.current && (
        <Button small busy={busy} aria-label={words.endLong(name)} onClick={submit}>
          {words.end}
        </Button>
      )}
      <Wrong text={problem} />
    </li>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ComponentChildren }) {
  const id = useId();
  return (
    <section class="page-part" aria-labelledby={id}>
      <h3 id={id}>{title}</h3>
      {children}
    </section>
  );
}

/** What opens because of a press has the focus: its first field, or itself. Then what was done, or the part's first button. */
function FocusFirst({ children }: { readonly children: ComponentChildren }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const part = box.current?.closest("section");
    (box.current?.querySelector("input") ?? box.current)?.focus();
    return () =>
      queueMicrotask(() => {
        if (document.activeElement === document.body && !part?.querySelector(".opened")) {
          (part?.querySelector<HTMLElement>(".done:not(:empty)") ?? part?.querySelector("button"))?.focus();
        }
      });
  }, []);
  return (
    <div class="opened" tabIndex={-1} ref={box}>
      {children}
    </div>
  );
}
