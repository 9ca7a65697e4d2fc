import type { HostObject } from '../../ports/host.ts';

/** The inputs on a host, each under its content's hash. */
export interface ObjectStore {
  /** Those of the given contents that are not there, whole and sound. */
  missing(sha256s: readonly string[]): Promise<ReadonlySet<string>>;
  /** Brings files there; what is there already, or on its way, is not sent again. */
  deliver(objects: readonly HostObject[]): Promise<void>;
}
