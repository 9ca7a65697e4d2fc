import { loadOnce } from '../async/load-once.ts';

/**
 * An object whose code is loaded when one of its methods is first called: SSH and Docker take longer to load than a
 * small command runs.
 *
 * @param methods - Names of its methods; each gives a promise.
 */
export function lazy<T extends { readonly name: string }>(
  name: string,
  methods: readonly Exclude<keyof T, 'name'>[],
  load: () => Promise<T>,
): T {
  const loaded = loadOnce(load);
  const entries = methods.map((method) => [
    method,
    async (...args: unknown[]) => {
      const target = await loaded();
      return await (target[method] as (...args: unknown[]) => Promise<unknown>).call(target, ...args);
    },
  ]);
  return { name, ...Object.fromEntries(entries) } as T;
}
