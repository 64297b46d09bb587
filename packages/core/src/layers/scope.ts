/** Changes to objects that last as long as one pass. */
export interface Scope {
  /** Gives the target an own property that hides what the class (or the instance) has under the name. */
  shadow(target: object, property: string | symbol, value: unknown): void;
  /** Runs when the pass is over, last come first, before earlier shadows are lifted. */
  atEnd(action: () => void): void;
}

/** Runs `pass` and then puts everything back as it was, also when it throws. */
export function scoped<T>(pass: (scope: Scope) => T): T {
  const actions: (() => void)[] = [];
  const scope: Scope = {
    shadow(target, property, value) {
      const before = Object.getOwnPropertyDescriptor(target, property);
      Object.defineProperty(target, property, { value, writable: true, configurable: true, enumerable: before?.enumerable ?? false });
      actions.push(() => (before ? Object.defineProperty(target, property, before) : Reflect.deleteProperty(target, property)));
    },
    atEnd: (action) => void actions.push(action),
  };
  try {
    return pass(scope);
  } finally {
    for (const action of actions.reverse()) action();
  }
}
