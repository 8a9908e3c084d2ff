/** What is to be done and what is done, in cards: callbacks and written messages. */

import type { ComponentChildren, ComponentType } from "preact";
import { Badge, Empty } from "./bits";

interface Identified {
  readonly id: string;
}

interface Props<Row extends Identified> {
  readonly texts: { readonly title: string; readonly empty: string; readonly emptyMore: string };
  readonly icon: "callback" | "mail";
  readonly groups: readonly (readonly [title: string, rows: readonly Row[]])[];
  readonly card: ComponentType<{ readonly row: Row }>;
  /** Above them. */
  readonly children?: ComponentChildren;
}

export function Lists<Row extends Identified>({ texts, icon, groups, card: Card, children }: Props<Row>) {
  const shown = groups.filter(([, rows]) => rows.length > 0);
  return (
    <>
      <header class="list-head">
        <h2>{texts.title}</h2>
      </header>
      {shown.length === 0 ? (
        <Empty icon={icon} title={texts.empty}>
          <p>{texts.emptyMore}</p>
        </Empty>
      ) : (
        <div class="list-body">
          {children}
          {shown.map(([title, rows]) => (
            <section key={title}>
              <h3 class="group-title">
                {title} <Badge count={rows.length} />
              </h3>
              <ul class="cards">
                {rows.map((row) => (
                  <Card key={row.id} row={row} />
                ))}
              </ul>
            </section>
          ))}
        </div>
      )}
    </>
  );
}
