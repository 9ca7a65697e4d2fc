import type { Style } from './style.ts';
import { durationText, printable } from './words.ts';

/** What preparing a host came to. */
export interface PreparedFacts {
  readonly host: string;
  readonly image: string;
  readonly image_id: string;
  readonly outcome: 'present' | 'built' | 'pulled';
  readonly duration_ms: number;
}

/** What a person reads when a host is prepared, and the next command. */
export function formatPrepared(facts: PreparedFacts, style: Style): string {
  const { host, image, image_id: imageId, outcome, duration_ms: durationMs } = facts;
  const id = style.dim(imageId.replace(/^sha256:/, '').slice(0, 12));
  const done =
    outcome === 'present'
      ? `was on ${printable(host)} already`
      : `is ${outcome} on ${printable(host)} in ${durationText(durationMs)}`;
  const next = style.bold(`cosmos batch-upsample ./specs --host ${printable(host)}`);
  return `${style.good('✓')} Image ${printable(image)} (${id}) ${done}.\n\nNext:  ${next}\n`;
}
