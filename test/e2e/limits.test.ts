import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { Cli } from '../support/run-cli.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { startStandInServer } from '../support/stand-in-server.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

/** The text and the template of Pixtral as it was measured. */
const textOffset = 9;

let cli: Cli;

beforeEach(async () => {
  cli = new Cli(await temporaryFolder());
});

async function newServer(options: Parameters<typeof startStandInServer>[0] = {}) {
  const server = await startStandInServer({ maxModelLen: 4096, textOffset, ...options });
  onTestFinished(() => server.stop());
  return server;
}

async function measure(...args: readonly string[]) {
  const end = await cli.run(['limits', ...args, '--yes', '--json']);
  expect(end).toMatchObject({ code: 0 });
  return { limits: JSON.parse(end.stdout), stderr: end.stderr };
}

describe('cosmos limits', () => {
  it('finds the largest sizes for Pixtral within 12 requests, with real pictures', async () => {
    const server = await newServer();
    const { limits, stderr } = await measure('--base-url', server.baseUrl, '--estimator', 'pixtral');
    expect(limits.shapes.map(({ largest }: { largest: object }) => largest)).toEqual([
      { width: 896, height: 504 },
      { width: 784, height: 588 },
      { width: 688, height: 688 },
      { width: 504, height: 896 },
    ]);
    expect(limits).toMatchObject({ requests: 12, text_tokens: textOffset, estimator: 'pixtral' });
    expect(limits.tests[0]).toMatchObject({ prompt_tokens: 3657, vision_tokens: 3648, room_tokens: 139 });
    expect(stderr).toContain('about 12 requests, and at most 48, with 2 pictures each');
    expect(server.stats.requests).toBe(12);
    expect(new Set(server.stats.asks.map(({ shape, maxTokens }) => `${shape} ${maxTokens}`))).toEqual(
      new Set(['image image text 300']),
    );
  });

  it('tries the sizes that are named, odd ones too, from one frame on', async () => {
    const server = await newServer();
    const resolutions = '256x144,320x180,400x225,480x270,1280x720';
    const { limits } = await measure('--base-url', server.baseUrl, '--resolutions', resolutions);
    const counts = limits.tests.map(({ prompt_tokens: prompt }: { prompt_tokens: number | null }) => prompt);
    expect(counts).toEqual(
      [306, 504, 780, 1054].map((vision) => vision + textOffset).concat([null] as never[]),
    );
    expect(server.stats.asks[2]?.imageSizes).toEqual([
      { width: 400, height: 225 },
      { width: 400, height: 225 },
    ]);
    const one = await measure('--base-url', server.baseUrl, '--resolutions', '1280x720', '--frames', '1');
    expect(one.limits.tests[0]).toMatchObject({ is_safe: true, prompt_tokens: 2340 + textOffset });
  });

  it('asks an overloaded server again, and says what it did not answer', async () => {
    const server = await newServer();
    await writeFile(
      join(await workingFolder(), 'config.toml'),
      '[retry]\nbase_delay_s = 0\nmax_attempts = 2\n',
    );
    const size = ['--base-url', server.baseUrl, '--resolutions', '320x180'];
    server.setFault({ fault: { kind: 'status', status: 503, message: 'busy' }, times: 1 });
    expect((await measure(...size)).limits).toMatchObject({ requests: 2, tests: [{ is_safe: true }] });
    server.setFault({ fault: { kind: 'answer', text: 'Grey and', finishReason: 'length' }, times: 1 });
    expect((await measure(...size)).limits).toMatchObject({ requests: 2, tests: [{ is_safe: true }] });
    await server.stop();
    const { code, stdout } = await cli.run(['limits', ...size, '--yes', '--json']);
    expect({ code, error: JSON.parse(stdout).error.code }).toEqual({ code: 4, error: 'engine-unreachable' });
  });

  it('sends nothing without a yes', async () => {
    const server = await newServer();
    const { code, stderr } = await cli.run(['limits', '--base-url', server.baseUrl]);
    expect(code).toBe(2);
    expect(stderr).toContain('Nothing was sent');
    expect(server.stats.requests).toBe(0);
  });
});

describe('--max-resolution auto', () => {
  it('takes what was measured, and a resumed run keeps to it', async () => {
    const server = await newServer();
    const specs = join(await workingFolder(), 'specs');
    await makeClip(join(specs, 'wide.mp4'), { width: 1600, height: 900, frames: 2 });
    await makeClip(join(specs, 'tall.mp4'), { width: 900, height: 1600, frames: 2 });
    await writeSpecs(specs, {
      'tall.json': sampleSpec({ prompt: 'A tower in the rain', input_video_path: 'tall.mp4' }),
      'wide.json': sampleSpec({ prompt: 'A harbour before the storm', input_video_path: 'wide.mp4' }),
    });
    await measure('--base-url', server.baseUrl);
    // In the file it is a setting like any other.
    const engine = `[upsampling.engine]\nkind = "openai"\nbase_url = "${server.baseUrl}"\ninstruction = ""\n`;
    const settings = '[upsampling]\nsafe_resolution = "auto"\nestimator = "pixtral"\n';
    await writeFile(
      join(cli.workingFolder, 'config.toml'),
      `${settings}${engine}[retry]\nmax_attempts = 1\n`,
    );
    server.setFault({ fault: { kind: 'status', status: 400, message: 'no' }, textIncludes: 'tower' });
    const run = ['--no-progress', '--json'];
    const begun = await cli.run(['batch-upsample', 'specs', ...run]);
    expect(begun).toMatchObject({ code: 3 });
    expect(begun.stderr).not.toContain('auto uses the estimator');
    const [id = ''] = await readdir(cli.checkpointFolder);
    const checkpoint = JSON.parse(await readFile(join(cli.checkpointFolder, id, 'checkpoint.json'), 'utf8'));
    expect(checkpoint.settings).toMatchObject({
      max_resolution: 'auto',
      measured_sizes: ['896x504', '784x588', '688x688', '504x896'],
    });
    const hints = checkpoint.specs.map(({ hint }: { hint: object }) => hint);
    expect(hints).toEqual([
      { width: 504, height: 896, frames: 2 },
      { width: 896, height: 504, frames: 2 },
    ]);

    await rm(join(String(cli.env['XDG_CACHE_HOME']), 'cosmos', 'server-limits'), { recursive: true });
    server.setFault(null);
    expect(await cli.run(['batch-upsample', '--resume', 'latest', ...run])).toMatchObject({ code: 0 });
    expect(server.stats.asks.at(-1)?.imageSizes[0]).toEqual({ width: 504, height: 896 });
    const planned = await cli.run(['plan', 'specs', '--json']);
    expect(planned.stderr).toContain(
      'uses the estimator pixtral: of the limits of stand-in on local none were measured',
    );
  });
});

async function workingFolder(): Promise<string> {
  await mkdir(cli.workingFolder, { recursive: true });
  return cli.workingFolder;
}
