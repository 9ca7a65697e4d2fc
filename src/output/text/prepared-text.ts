import { printable } from '../../core/printable.ts';
import type { ImageRole } from '../../ports/host-upkeep.ts';
import { durationText } from './format.ts';
import type { Style } from './style.ts';

interface PreparedFacts {
  readonly host: string;
  readonly image: string;
  readonly image_id: string;
  readonly outcome: 'present' | 'built' | 'pulled';
  readonly duration_ms: number;
}

/** What each image is made for. */
const nextCommands: Readonly<Record<ImageRole, string>> = {
  upsampler: 'cosmos batch-upsample ./specs',
  upscaler: 'cosmos upscale clip.mp4 -o clip-2x.mp4 --model model.onnx',
  inference: 'cosmos run ./specs',
};

/** What a person reads when a host is prepared, and the next command. */
export function formatPrepared(facts: PreparedFacts, role: ImageRole, style: Style): string {
  const { host, image, image_id: imageId, outcome, duration_ms: durationMs } = facts;
  const id = style.dim(imageId.replace(/^sha256:/, '').slice(0, 12));
  const done =
    outcome === 'present'
      ? `was on ${printable(host)} already`
      : `is ${outcome} on ${printable(host)} in ${durationText(durationMs)}`;
  const next = style.bold(`${nextCommands[role]} --host ${printable(host)}`);
  return `${style.good('✓')} Image ${printable(image)} (${id}) ${done}.\n\nNext:  ${next}\n`;
}
