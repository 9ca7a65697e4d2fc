import type { InferenceEventBody } from '../../core/inference/inference-event.ts';
import { printable } from '../../core/printable.ts';
import type { Journaled } from '../../core/run/run-status.ts';
import type { UpsampleEvent } from '../../core/upsample/upsample-event.ts';
import type { VideoEventBody } from '../../core/video/video-event.ts';
import type { VideoSetEventBody } from '../../core/video-set/set-event.ts';
import { clockText } from '../text/format.ts';

export type AnyRunEvent =
  | UpsampleEvent
  | Journaled<VideoEventBody>
  | Journaled<VideoSetEventBody>
  | Journaled<InferenceEventBody>;

/** Follows whether the host can be reached. A host that is unreachable is not a failure: what it has keeps running. */
export class HostWatch {
  #unreachable: { readonly host: string; readonly since: string } | null = null;

  /** Takes an event in; the result is a line for people when the host becomes unreachable or reachable, else null. */
  apply(event: AnyRunEvent): string | null {
    if (event.type === 'host-unreachable') {
      // Every attempt may be an event; people want to know once.
      if (this.#unreachable !== null) return null;
      this.#unreachable = { host: event.host, since: event.time };
      return unreachableText(event.host, event.time, event.message);
    }
    if (event.type !== 'host-reachable' || this.#unreachable === null) return null;
    this.#unreachable = null;
    return reachableText(event.host);
  }

  get isUnreachable(): boolean {
    return this.#unreachable !== null;
  }

  /** `gpu1 unreachable since 14:03:11`, or nothing. */
  get note(): string {
    return this.#unreachable === null ? '' : sinceText(this.#unreachable.host, this.#unreachable.since);
  }
}

/** What a person reads when a host becomes unreachable. @param since - ISO 8601. */
export function unreachableText(host: string, since: string, reason: string): string {
  return `${sinceText(host, since)} — its work keeps running; trying again (${printable(reason)})`;
}

export function reachableText(host: string): string {
  return `${printable(host)} reachable again`;
}

function sinceText(host: string, since: string): string {
  return `${printable(host)} unreachable since ${clockText(since)}`;
}
