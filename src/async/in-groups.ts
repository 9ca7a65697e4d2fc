/**
 * Lets one call of `work` do what several callers ask for: whatever is given during a call waits for the next one,
 * which gets all of it. A caller is done when its own group is, and fails as that does.
 */
export function inGroups<T>(work: (group: T[]) => Promise<unknown>): (items: readonly T[]) => Promise<void> {
  let waiting: { readonly group: T[]; readonly done: Promise<void> } | null = null;
  let last: Promise<unknown> = Promise.resolve();
  return async (items) => {
    if (waiting === null) {
      const group: T[] = [];
      const done = last.then(async () => {
        waiting = null;
        await work(group);
      });
      last = done.catch(() => undefined);
      waiting = { group, done };
    }
    waiting.group.push(...items);
    await waiting.done;
  };
}
