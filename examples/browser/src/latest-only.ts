/** Runs `work` for one value at a time; of the values that come meanwhile only the last is worked on. */
export function latestOnly<T>(work: (value: T) => Promise<void>): (value: T) => void {
  let busy = false;
  let waiting: { readonly value: T } | undefined;
  return async (value) => {
    waiting = { value };
    if (busy) return;
    busy = true;
    while (waiting) {
      const next: { readonly value: T } = waiting;
      waiting = undefined;
      await work(next.value);
    }
    busy = false;
  };
}
