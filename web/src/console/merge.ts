/** Lists that several sources change: whatever overtakes what, the newest version stays. Pure. */

import type { Callback, Changed, Handover } from "./wire";

export const LIVE: ReadonlySet<string> = new Set(["requested", "queued", "offered", "active", "wrap_up"]);

/** As the server orders the queue: handed back first, then the higher priority, then the longest wait. */
export function byTurn(a: Handover, b: Handover): number {
  return (
    Number(b.front) - Number(a.front) ||
    b.priority - a.priority ||
    Date.parse(a.waiting_since) - Date.parse(b.waiting_since) ||
    a.id.localeCompare(b.id)
  );
}

export function sortedCallbacks(callbacks: readonly Callback[]): readonly Callback[] {
  return [...callbacks].sort((a, b) => Date.parse(a.due_at) - Date.parse(b.due_at));
}

/** An older version never replaces a newer one: answers and frames may overtake each other. */
export function put<Entity extends { readonly id: string; readonly version?: number }>(
  list: readonly Entity[],
  entity: Entity,
): readonly Entity[] {
  const at = list.findIndex(({ id }) => id === entity.id);
  if (at < 0) {
    return [...list, entity];
  }
  return (list[at]?.version ?? 0) > (entity.version ?? 0) ? list : replaced(list, at, entity);
}

export function merged<Entity extends { readonly id: string; readonly version?: number }>(
  list: readonly Entity[],
  change: Changed<Entity> | undefined,
): readonly Entity[] {
  if (!change) {
    return list;
  }
  const gone = new Set(change.gone);
  const byId = new Map(list.filter(({ id }) => !gone.has(id)).map((one) => [one.id, one]));
  for (const one of change.put) {
    if ((byId.get(one.id)?.version ?? 0) <= (one.version ?? 0)) {
      byId.set(one.id, one);
    }
  }
  return [...byId.values()];
}

export function replaced<Entity>(list: readonly Entity[], at: number, entity: Entity): readonly Entity[] {
  return list.map((one, index) => (index === at ? entity : one));
}
