import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { finishedEvents, sampleCheckpoint } from '../../../../scripts/bench/support/sample-run.ts';
import { checkpointText, readCheckpoint } from '../../../../src/adapters/run-store/checkpoint-file.ts';
import { readJournal } from '../../../../src/adapters/run-store/journal.ts';
import { upsampleFormat } from '../../../../src/core/upsample/upsample-checkpoint.ts';
import { upsampleEventBodySchema } from '../../../../src/core/upsample/upsample-event.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const folder = await temporaryFolder();

describe('a run of very many specs', () => {
  it('has its journal read again instead of held, without what is torn or came later', async () => {
    const path = join(folder, 'journal.jsonl');
    const bodies = Array.from({ length: 6_000 }, (_, index) =>
      finishedEvents(`ö${index}.json`, '/out'),
    ).flat();
    const time = '2026-01-10T09:30:00.000Z';
    const events = bodies.map((body, seq) => ({ version: 1, seq, time, ...body }));
    const whole = events.map((event) => `${JSON.stringify(event)}\n`).join('');
    await writeFile(path, `${whole}{"version":1,"se`);
    const held = await readJournal(path, upsampleEventBodySchema);
    const long = await readJournal(path, upsampleEventBodySchema, 1_000);
    await appendFile(path, 'q":12000}\n');
    expect(Array.isArray(held.events)).toBe(true);
    expect(Array.isArray(long.events)).toBe(false);
    expect({ ...long, events: [...long.events] }).toEqual({ ...held, events });
    expect(long).toMatchObject({ isTorn: true, wholeBytes: Buffer.byteLength(whole) });
    expect(long.events).toHaveLength(12_000);
    expect([...long.events].at(-1)).toEqual(events.at(-1));
  });

  it('has the equal parts of its specs once, and says what is wrong with one of them', async () => {
    const path = join(folder, 'checkpoint.json');
    const written = sampleCheckpoint('run-of-many', 1_000, '/out');
    await writeFile(path, [...checkpointText(written)].join(''));
    const { checkpoint } = await readCheckpoint(path, upsampleFormat);
    expect(checkpoint).toEqual(written);
    const [first, twelfth] = [checkpoint.specs[0], checkpoint.specs[12]];
    expect(first?.video).toBe(twelfth?.video);
    expect(first?.tokens).toBe(twelfth?.tokens);

    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace('"name":"shot 7"', '"name":7'));
    await expect(readCheckpoint(path, upsampleFormat)).rejects.toMatchObject({
      code: 'checkpoint-damaged',
      message: expect.stringContaining('specs.7.name'),
    });
    await writeFile(path, text.replace('"spec":"000/spec-7.json"', '"spec":"000/spec-8.json"'));
    await expect(readCheckpoint(path, upsampleFormat)).rejects.toMatchObject({ code: 'checkpoint-damaged' });
  });
});
