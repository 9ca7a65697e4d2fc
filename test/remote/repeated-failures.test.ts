import { join } from 'node:path';
import { describe, expect, inject, it } from 'vitest';
import { createRemoteStage } from '../support/lab/remote-stage.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { startStandInServer } from '../support/stand-in-server.ts';

const lab = inject('lab');
const [specs, workers, concurrency] = [150, 2, 4];

describe.skipIf(lab === null)('a server that refuses every prompt of the workers of a host', () => {
  it('is asked by none of them for long, and when it works, resuming asks for all', async () => {
    if (lab === null) return;
    const server = await startStandInServer({ slots: workers * concurrency });
    await using stage = await createRemoteStage(lab, {
      sections: { 'hosts.gpu1': { network: 'host', workers }, 'upsampling.engine': { concurrency } },
    });
    const list = Array.from({ length: specs }, (_, at) => {
      return [`${at}.json`, sampleSpec({ prompt: `Scene number ${at}`, input_video_path: '' })] as const;
    });
    await writeSpecs(join(stage.cli.workingFolder, 'specs'), Object.fromEntries(list));
    server.setFault({ fault: { kind: 'status', status: 400, message: 'no such chat template' } });
    const engine = ['--base-url', server.baseUrl, '--model', 'stand-in', '--allow-text-only'];
    const end = await stage.cli.run(['batch-upsample', 'specs', '--host', 'gpu1', '--json', ...engine]);
    const { error, counts, run_id: runId } = JSON.parse(end.stdout);
    expect(error).toMatchObject({ code: 'failures-repeated' });
    expect(end.stderr.match(/in between, so no more are sent/g)).toHaveLength(1);
    // Each worker counts for itself.
    expect(server.stats.requests).toBeLessThanOrEqual(workers * (20 + concurrency));
    expect(counts).toMatchObject({ total: specs, upsampled: 0, failed: server.stats.requests });
    server.setFault(null);
    const resumed = await stage.cli.run(['resume', runId, '--json']);
    await server.stop();
    expect(JSON.parse(resumed.stdout)).toMatchObject({ status: 'complete', counts: { upsampled: specs } });
  });
});
