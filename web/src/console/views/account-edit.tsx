/** One account: what the person is and does here, how they sign in, and whether they may. */

import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import {
  type AccountChange,
  type Browser,
  browserName,
  changeOf,
  codesIn,
  type ListedAccount,
  type SignInOptions,
} from "../accounts";
import { address, useConsole } from "../context";
import { part } from "../session";
import { texts } from "../texts";
import { moment } from "../words";
import { AccountTags, GroupFields, type Groups, RoleField } from "./account-bits";
import { newPassword, Temporary } from "./account-new";
import { Button, Dialog, Field } from "./bits";
import { Confirm, useForm, Wrong } from "./forms";

const { edit: words, accounts } = texts.admin;

interface Props {
  readonly one: ListedAccount;
  readonly known: Groups;
  readonly options: SignInOptions | null;
  /** What to tell the administrator, and the change when it can be taken back. */
  readonly onChanged: (text: string, change?: AccountChange) => void;
  readonly onClose: () => void;
}

export function EditAccount({ one, known, options, onChanged, onClose }: Props) {
  const { desk, state } = useConsole();
  const [temporary, setTemporary] = useState("");
  const isMe = one.id === state.account?.agent.id;
  const path = `/api/accounts/users/${part(one.id)}`;

  async function change(what: AccountChange, text: string) {
    await desk.api.patch(path, what);
    onClose();
    onChanged(text, what);
  }
  if (temporary) {
    return <Temporary name={one.name} password={temporary} onClose={onClose} />;
  }
  return (
    <Dialog title={one.name} onClose={onClose} wide>
      <p class="person-tags">
        <span class="hint">{one.login}</span>
        <AccountTags one={one} isMe={isMe} />
      </p>
      {isMe && (
        <p class="hint">
          {words.ownAccount} <a href={address("profile")}>{words.ownPage}</a>.
        </p>
      )}
      <Identity one={one} known={known} isMe={isMe} onSave={change} />
      {!isMe && (
        <>
          <SigningIn
            one={one}
            path={path}
            passwords={options?.passwords ?? true}
            onDone={(text) => {
              onClose();
              onChanged(text);
            }}
            onPassword={async () => {
              const password = newPassword(options);
              await desk.api.patch(path, { password });
              setTemporary(password);
              onChanged("");
            }}
          />
          <Access
            one={one}
            onChange={change}
            onRemove={() => desk.api.delete(path)}
            onRemoved={onChanged}
            close={onClose}
          />
        </>
      )}
    </Dialog>
  );
}

interface IdentityProps {
  readonly one: ListedAccount;
  readonly known: Groups;
  readonly isMe: boolean;
  readonly onSave: (change: AccountChange, text: string) => Promise<void>;
}

function Identity({ one, known, isMe, onSave }: IdentityProps) {
  const [name, setName] = useState(one.name);
  const [role, setRole] = useState(one.role);
  const [teams, setTeams] = useState(one.teams.join(", "));
  const [skills, setSkills] = useState(one.skills.join(", "));
  const change = changeOf(one, { name, role, teams: codesIn(teams), skills: codesIn(skills) });
  const { busy, problem, submit } = useForm(async () => {
    if (change) {
      await onSave(change, accounts.done.saved(name.trim() || one.login));
    }
  });
  const gains = change?.role === "administrator" ? words.roleGains : "";
  return (
    <form onSubmit={submit}>
      <Field
        label={words.name}
        hint={words.nameHint}
        value={name}
        onInput={(event) => setName(event.currentTarget.value)}
      />
      <RoleField
        value={role}
        locked={isMe}
        onChange={setRole}
        more={change?.role ? `${gains} ${words.roleLost}`.trim() : ""}
      />
      {one.oidc && <p class="hint">{words.provider}</p>}
      <GroupFields known={known} teams={teams} skills={skills} onTeams={setTeams} onSkills={setSkills} />
      <Wrong text={problem} />
      <div class="dialog-end">
        <Button type="submit" kind="primary" busy={busy || change === null}>
          {words.save}
        </Button>
      </div>
    </form>
  );
}

interface SigningInProps {
  readonly one: ListedAccount;
  readonly path: string;
  readonly passwords: boolean;
  readonly onDone: (text: string) => void;
  readonly onPassword: () => Promise<void>;
}

function SigningIn({ one, path, passwords, onDone, onPassword }: SigningInProps) {
  const { desk } = useConsole();
  const password = useForm(onPassword);
  const totp = useForm(async () => {
    await desk.api.patch(path, { totp: false });
    onDone(accounts.done.totpReset(one.name));
  });
  const sessions = useForm(async () => {
    await desk.api.delete(`${path}/sessions`);
    onDone(accounts.done.sessionsEnded(one.name));
  });
  return (
    <section class="acts">
      <h3>{words.signingIn}</h3>
      {passwords && (
        <Act
          what={words.password}
          now={
            one.must_change_password
              ? words.passwordTemporary
              : one.has_password
                ? words.passwordOwn
                : words.passwordNone
          }
          problem={password.problem}
        >
          <Confirm
            label={words.passwordReset}
            question={words.passwordAsk}
            confirm={words.passwordConfirm}
            busy={password.busy}
            onConfirm={password.submit}
          />
        </Act>
      )}
      <Act what={words.totp} now={one.totp ? words.totpOn : words.totpOff} problem={totp.problem}>
        {one.totp && (
          <Confirm
            label={words.totpReset}
            question={words.totpAsk}
            confirm={words.totpConfirm}
            busy={totp.busy}
            onConfirm={totp.submit}
          />
        )}
      </Act>
      <Act
        what={words.sessions}
        now={one.sessions > 0 ? <Browsers path={path} /> : words.sessionsNone}
        problem={sessions.problem}
      >
        {one.sessions > 0 && (
          <Confirm
            label={words.sessionsReset}
            question={words.sessionsAsk}
            confirm={words.sessionsConfirm}
            busy={sessions.busy}
            onConfirm={sessions.submit}
          />
        )}
      </Act>
    </section>
  );
}

function Browsers({ path }: { readonly path: string }) {
  const { desk, state } = useConsole();
  const [browsers, setBrowsers] = useState<readonly Browser[]>([]);
  useEffect(() => {
    desk.api.get<{ sessions: Browser[] }>(`${path}/sessions`).then(
      ({ sessions }) => setBrowsers(sessions),
      () => {},
    );
  }, [path]);
  const now = Date.now() + state.clockAhead;
  return (
    <ul>
      {browsers.map((one) => (
        <li key={one.id}>
          {browserName(one.client)}, {moment(one.used_at, now)}
        </li>
      ))}
    </ul>
  );
}

interface AccessProps {
  readonly one: ListedAccount;
  readonly onChange: (change: AccountChange, text: string) => Promise<void>;
  readonly onRemove: () => Promise<unknown>;
  readonly onRemoved: (text: string) => void;
  readonly close: () => void;
}

function Access({ one, onChange, onRemove, onRemoved, close }: AccessProps) {
  const { done } = accounts;
  const isOff = one.disabled_at !== null;
  const toggle = useForm(() =>
    onChange({ disabled: !isOff }, isOff ? done.enabled(one.name) : done.disabled(one.name)),
  );
  const remove = useForm(async () => {
    await onRemove();
    close();
    onRemoved(done.removed(one.name));
  });
  return (
    <section class="acts">
      <h3>{words.access}</h3>
      <div class="act-buttons">
        {isOff ? (
          <Button small kind="primary" busy={toggle.busy} onClick={toggle.submit}>
            {words.enable}
          </Button>
        ) : (
          <Confirm
            label={words.disable}
            question={words.disableAsk}
            confirm={words.disableConfirm}
            busy={toggle.busy}
            onConfirm={toggle.submit}
          />
        )}
        <Confirm
          label={words.remove}
          question={words.removeAsk}
          confirm={words.removeConfirm}
          busy={remove.busy}
          onConfirm={remove.submit}
        />
      </div>
      <Wrong text={toggle.problem || remove.problem} />
    </section>
  );
}

function Act(props: {
  readonly what: string;
  readonly now: ComponentChildren;
  readonly problem: string;
  readonly children: ComponentChildren;
}) {
  return (
    <div class="act">
      <div class="act-what">
        <strong>{props.what}</strong>
        <div class="hint">{props.now}</div>
      </div>
      {props.children}
      <Wrong text={props.problem} />
    </div>
  );
}
