/**
 * A view that is drawn again only when one of its properties is another: two hundred rows stay cheap.
 * `alike` tells of a property whether two of its values are drawn alike, where being the same object is too strict.
 */

import { Component, type ComponentChildren, type ComponentClass } from "preact";

export type Alike<Props> = { readonly [Name in keyof Props]?: (now: Props[Name], next: Props[Name]) => boolean };

export function memo<Props extends object>(
  view: (props: Props) => ComponentChildren,
  alike: Alike<Props> = {},
): ComponentClass<Props> {
  function same<Name extends keyof Props>(name: Name, now: Props[Name], next: Props[Name]): boolean {
    return now === next || (alike[name]?.(now, next) ?? false);
  }
  return class extends Component<Props> {
    override shouldComponentUpdate(next: Props): boolean {
      return (Object.keys(next) as (keyof Props)[]).some((name) => !same(name, this.props[name], next[name]));
    }

    override render(): ComponentChildren {
      return view(this.props);
    }
  };
}
