import {
  type AskedOrigin,
  type ResultOrigin,
  withoutCredentials,
} from '../../core/upsample/result-origin.ts';
import type { UpsampleSettings } from '../../core/upsample/upsample-settings.ts';
import type { Ports } from '../../ports/ports.ts';

type AskedSettings = Pick<UpsampleSettings, 'engine' | 'host'>;

/** Whom a run with these settings asks. */
export function askedOrigin(settings: AskedSettings, { machines }: Pick<Ports, 'machines'>): AskedOrigin {
  return { ...engineOrigin(settings), hosts: [settings.host, ...machines(settings.host)] };
}

/** Where an answer comes from. @param machine - Which machine of the host gave it; undefined where that is not known. */
export function originOf(
  settings: AskedSettings,
  { clock, toolVersion, machines }: Pick<Ports, 'clock' | 'toolVersion' | 'machines'>,
  machine?: string,
): ResultOrigin {
  const [only, ...others] = machines(settings.host);
  const host = machine ?? (others.length === 0 ? only : undefined) ?? settings.host;
  const stored_at = new Date(clock.now()).toISOString();
  return { ...engineOrigin(settings), host, tool_version: toolVersion, stored_at };
}

function engineOrigin({ engine }: AskedSettings) {
  const { kind, model, base_url: baseUrl } = engine;
  return { engine: kind, model, base_url: baseUrl === null ? null : serverOf(baseUrl) };
}

/** However many slashes an address ends with, it is the same server. */
function serverOf(baseUrl: string): string {
  return withoutCredentials(baseUrl).replace(/\/+$/, '');
}
