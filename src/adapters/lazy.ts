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

/**
 * An object whose code is loaded when any of its methods is first called, each of which gives a promise.
 *
 * @param own - Those of its methods that give something else.
 */
export function lazyMethods<T extends object>(load: () => Promise<T>, own: Partial<T> = {}): T {
  const loaded = loadOnce(load);
  const methodOf =
    (name: keyof T) =>
    async (...args: unknown[]) => {
      const target = await loaded();
      return await (target[name] as (...args: unknown[]) => Promise<unknown>).call(target, ...args);
    };
  return new Proxy(own as T, {
    // What is waited for is asked for its `then` first.
    get: (given, name) =>
      name === 'then' ? undefined : (Reflect.get(given, name) ?? methodOf(name as keyof T)),
  });
}
