/** The pieces that a new account and an account that is changed have in common. */

import { useId } from "preact/hooks";
import { type Account, ROLES, type Role } from "../accounts";
import { texts } from "../texts";
import { Field, Tag } from "./bits";

const { edit: words, states } = texts.admin;

export function AccountTags({ one, isMe }: { readonly one: Account; readonly isMe: boolean }) {
  return (
    <>
      {isMe && <Tag tone="offered">{states.you}</Tag>}
      {one.disabled_at ? <Tag tone="late">{states.disabled}</Tag> : <Tag tone="active">{states.active}</Tag>}
      {one.must_change_password && <Tag tone="queued">{states.mustChange}</Tag>}
      {one.oidc && <Tag tone="callback">{states.oidc}</Tag>}
      {one.totp ? (
        <Tag tone="active">{states.totp}</Tag>
      ) : one.has_password ? (
        <Tag>{states.noTotp}</Tag>
      ) : one.oidc ? null : (
        <Tag tone="queued">{states.noPassword}</Tag>
      )}
    </>
  );
}

export interface Groups {
  readonly teams: readonly string[];
  readonly skills: readonly string[];
}

interface GroupsProps {
  readonly known: Groups;
  readonly teams: string;
  readonly skills: string;
  readonly onTeams: (text: string) => void;
  readonly onSkills: (text: string) => void;
}

export function GroupFields({ known, teams, skills, onTeams, onSkills }: GroupsProps) {
  const hint = (codes: readonly string[]) => (codes.length > 0 ? words.known(codes.join(", ")) : words.codesHint);
  return (
    <div class="pair">
      <Field
        label={words.teams}
        hint={hint(known.teams)}
        value={teams}
        onInput={(event) => onTeams(event.currentTarget.value)}
      />
      <Field
        label={words.skills}
        hint={hint(known.skills)}
        value={skills}
        onInput={(event) => onSkills(event.currentTarget.value)}
      />
    </div>
  );
}

interface RoleProps {
  readonly value: Role;
  readonly locked?: boolean;
  readonly more?: string;
  readonly onChange: (role: Role) => void;
}

export function RoleField({ value, locked = false, more = "", onChange }: RoleProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{words.role}</label>
      <select
        id={id}
        value={value}
        disabled={locked}
        aria-describedby={`${id}-more`}
        onChange={(event) => onChange(event.currentTarget.value as Role)}
      >
        {ROLES.map((role) => (
          <option key={role} value={role}>
            {texts.admin.roles[role]}
          </option>
        ))}
      </select>
      <p id={`${id}-more`} class="hint">
        {texts.admin.rolesMore[value]} {more && <strong>{more}</strong>}
      </p>
    </div>
  );
}
