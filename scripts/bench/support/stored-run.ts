import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runEventVersion } from '../../../src/core/run/run-status.ts';
import { upsampleCheckpointSchema } from '../../../src/core/upsample/upsample-checkpoint.ts';
import type { UpsampleEventBody } from '../../../src/core/upsample/upsample-event.ts';
import { finishedEvents } from './sample-run.ts';

/** Rewrites the newest run's journal so that this share of its batches is finished, and nothing else. */
export async function rewriteJournal(checkpoints: string, share: number): Promise<void> {
  const newest = (await readdir(checkpoints)).sort().at(-1) ?? '';
  const text = await readFile(join(checkpoints, newest, 'checkpoint.json'), 'utf8');
  const checkpoint = upsampleCheckpointSchema.parse(JSON.parse(text));
  const total = checkpoint.specs.length;
  const done = checkpoint.batches.slice(0, Math.ceil(checkpoint.batches.length * share));
  const bodies: UpsampleEventBody[] = [
    { type: 'run-started', run_id: checkpoint.run_id, total, is_resumed: false },
    ...done.flatMap((batch) => [
      ...batch.specs.flatMap((spec) => finishedEvents(spec, join(checkpoint.input_root, spec))),
      { type: 'batch-finished' as const, batch_id: batch.batch_id },
    ]),
  ];
  await using file = await open(join(checkpoints, newest, 'journal.jsonl'), 'w');
  const time = '2026-01-10T09:30:00.000Z';
  for (let seq = 0; seq < bodies.length; seq += 1_000) {
    const part = bodies.slice(seq, seq + 1_000);
    const events = part.map((body, index) => ({ version: runEventVersion, seq: seq + index, time, ...body }));
    await file.appendFile(events.map((event) => `${JSON.stringify(event)}\n`).join(''));
  }
}
