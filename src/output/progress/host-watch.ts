import { printable } from '../../core/printable.ts';
import type { Journaled } from '../../core/run/run-status.ts';
import type { UpsampleEvent } from '../../core/upsample/upsample-event.ts';
import type { UpscaleEventBody } from '../../core/upscale/upscale-event.ts';
import { clockText } from '../text/format.ts';

/** Follows whether the host can be reached. A host that is away is no failure: what it has goes on. */
export class HostWatch {
  #away: { readonly host: string; readonly since: string } | null = null;

  /** Takes an event in; the result is a line for people when the host goes or comes back, else null. */
  apply(event: UpsampleEvent | Journaled<UpscaleEventBody>): string | null {
    if (event.type === 'host-unreachable') {
      // Every attempt may be told; people want to know once.
      if (this.#away !== null) return null;
      this.#away = { host: event.host, since: event.time };
      return awayText(event.host, event.time, event.message);
    }
    if (event.type !== 'host-reachable' || this.#away === null) return null;
    this.#away = null;
    return backText(event.host);
  }

  get isAway(): boolean {
    return this.#away !== null;
  }

  /** `gpu1 unreachable since 14:03:11`, or nothing. */
  get note(): string {
    return this.#away === null ? '' : sinceText(this.#away.host, this.#away.since);
  }
}

/** What a person reads when a host goes. @param since - ISO 8601. */
export function awayText(host: string, since: string, reason: string): string {
  return `${sinceText(host, since)} — its work goes on; trying again (${printable(reason)})`;
}

/** What a person reads when a host is back. */
export function backText(host: string): string {
  return `${printable(host)} reachable again`;
}

function sinceText(host: string, since: string): string {
  return `${printable(host)} unreachable since ${clockText(since)}`;
}
