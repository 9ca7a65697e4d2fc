import { z } from 'zod';

/** Where an answer comes from that is kept for later runs. */
export const resultOriginSchema = z.object({
  /** Kind of the engine. */
  engine: z.string().max(64),
  /** As it was asked for. */
  model: z.string().max(4096),
  /** Of the server, without a password; null where the worker started the server, or none was needed. */
  base_url: z.string().max(4096).nullable(),
  /** The machine whose worker gave it, or the run's host where it is not known which machine of it did. */
  host: z.string().max(4096),
  tool_version: z.string().max(64),
  stored_at: z.iso.datetime(),
});

export type ResultOrigin = z.infer<typeof resultOriginSchema>;

/** Whom a run would ask. */
export type AskedOrigin = Pick<ResultOrigin, 'engine' | 'model' | 'base_url'> & {
  /** Names of its host, and of the machines that the host stands for. */
  readonly hosts: readonly string[];
};

/**
 * Whether a kept answer comes from where a run would ask. What another machine or another server said is that one's word.
 *
 * @param isShared - The user lets hosts and servers share their answers: engine and model still have to be the same.
 */
export function isSameOrigin(origin: ResultOrigin, asked: AskedOrigin, isShared: boolean): boolean {
  if (origin.engine !== asked.engine || origin.model !== asked.model) return false;
  return isShared || (origin.base_url === asked.base_url && asked.hosts.includes(origin.host));
}

/** An address of a server without the name and the password that it may hold. */
export function withoutCredentials(url: string): string {
  return url.replace(/^(https?:\/\/)[^/@]*@/, '$1');
}
