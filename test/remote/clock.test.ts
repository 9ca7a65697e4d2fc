import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { createRemoteStage } from '../support/lab/remote-stage.ts';
import { writeNumberedSpecs } from '../support/numbered-specs.ts';
import { startStandInServer } from '../support/stand-in-server.ts';
import { waitFor } from '../support/wait-for.ts';

const lab = inject('lab');
/** Makes programs believe in a clock that a file sets; the steady clock stays as it is, as when somebody sets the time. */
const library = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1';
const specs = 24;

describe.skipIf(lab === null || !existsSync(library))('a clock that is set while a run goes on', () => {
  it.each([
    { host: 'local', jumps: ['+3h', '-2d'] },
    { host: 'gpu1', jumps: ['-5h', '+400d'] },
  ])('disturbs nothing on $host', async ({ host, jumps }) => {
    if (lab === null) return;
    const server = await startStandInServer({ slots: 4 });
    server.hold(4);
    await using stage = await createRemoteStage(lab, {
      sections: { 'hosts.gpu1': { network: 'host' }, 'upsampling.engine': { concurrency: 4 } },
    });
    await writeNumberedSpecs(join(stage.cli.workingFolder, 'specs'), specs, 2);
    const clock = join(stage.folder, 'clock');
    await writeFile(clock, '+0s\n');
    const fake = { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: clock, FAKETIME_NO_CACHE: '1' };
    Object.assign(stage.cli.env, fake, { DONT_FAKE_MONOTONIC: '1' });
    const engine = ['--engine', 'openai', '--base-url', server.baseUrl, '--model', 'stand-in'];
    const { ended } = await stage.cli.start(['batch-upsample', 'specs', '--host', host, '--json', ...engine]);
    for (const [index, jump] of jumps.entries()) {
      // Four more were answered, and four are held.
      await waitFor(() => server.stats.asks.length === 4 * index + 8);
      await writeFile(clock, `${jump}\n`);
      // Whoever connects anew meets deadlines of before and after the jump.
      stage.network.cut();
      server.hold(4);
    }
    server.release();
    const { code, stdout } = await ended;
    await server.stop();
    expect(code).toBe(0);
    const summary = JSON.parse(stdout) as { duration_ms: number };
    expect(summary).toMatchObject({ counts: { upsampled: specs, failed: 0 } });
    // Of the jumps nothing is counted, the shortest of which is three hours.
    expect(summary.duration_ms).toBeGreaterThan(0);
    expect(summary.duration_ms).toBeLessThan(60 * 60_000);
    expect(server.stats.asks).toHaveLength(specs);
  });
});
