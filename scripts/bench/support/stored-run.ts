import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readCheckpoint } from '../../../src/adapters/run-store/checkpoint-file.ts';
import { runEventVersion } from '../../../src/core/run/run-status.ts';
import { type UpsampleCheckpoint, upsampleFormat } from '../../../src/core/upsample/upsample-checkpoint.ts';
import type { UpsampleEventBody } from '../../../src/core/upsample/upsample-event.ts';
import { finishedEvents } from './sample-run.ts';

/** Rewrites the newest run's journal so that this share of its batches is finished, and nothing else. */
export async function rewriteJournal(checkpoints: string, share: number): Promise<void> {
  const newest = (await readdir(checkpoints)).sort().at(-1) ?? '';
  const folder = join(checkpoints, newest);
  const { checkpoint } = await readCheckpoint(join(folder, 'checkpoint.json'), upsampleFormat);
  await using file = await open(join(folder, 'journal.jsonl'), 'w');
  const common = { version: runEventVersion, time: '2026-01-10T09:30:00.000Z' };
  let [seq, lines] = [0, ''];
  for (const body of bodies(checkpoint, share)) {
    lines += `${JSON.stringify({ ...common, seq: seq++, ...body })}\n`;
    if (lines.length < 1 << 20) continue;
    await file.appendFile(lines);
    lines = '';
  }
  await file.appendFile(lines);
}

function* bodies(
  { run_id, specs, batches, settings }: UpsampleCheckpoint,
  share: number,
): Generator<UpsampleEventBody> {
  yield { type: 'run-started', run_id, total: specs.length, is_resumed: false };
  for (const batch of batches.slice(0, Math.ceil(batches.length * share))) {
    for (const spec of batch.specs) yield* finishedEvents(spec, join(settings.output_dir, spec));
    yield { type: 'batch-finished', batch_id: batch.batch_id };
  }
}
