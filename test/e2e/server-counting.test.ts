import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { Cli } from '../support/run-cli.ts';
import { sampleSpec, writeSpecs } from '../support/spec-builder.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

interface Plan {
  readonly counting: Record<
    'estimator' | 'server' | 'control_tokens' | 'is_template_known',
    string | number | boolean | null
  >;
  readonly specs: readonly {
    readonly action: string;
    readonly hint: object;
    readonly tokens: Record<'vision' | 'text' | 'total', number>;
  }[];
}

/** What the server counts: its template, one picture, and the text of any prompt. */
let templateTokens = 0;
let pictureTokens = 0;
let textTokens = 0;
let facts: object = {};
let server: Server;
let cli: Cli;
let flags: readonly string[];

beforeEach(async () => {
  const folder = await temporaryFolder();
  cli = new Cli(folder);
  const specs = join(cli.workingFolder, 'specs');
  await makeClip(join(specs, 'wide.mp4'), { width: 854, height: 480, frames: 2 });
  await writeSpecs(specs, {
    'a.json': sampleSpec({ prompt: 'A tram in the rain at night', input_video_path: 'wide.mp4' }),
    'b.json': sampleSpec({ prompt: 'A harbour before the storm', input_video_path: 'wide.mp4' }),
  });
  server = createServer(async (request, response) => {
    if (request.method === 'GET') {
      const isList = request.url === '/v1/models';
      response.writeHead(isList ? 200 : 404).end(JSON.stringify(isList ? { data: [facts] } : {}));
      return;
    }
    const { messages } = JSON.parse(await readAll(request));
    const parts = messages[0].content as { type: string; text?: string }[];
    const text = parts.find(({ type }) => type === 'text')?.text ?? '';
    const pictures = parts.filter(({ type }) => type === 'image_url').length;
    const prompt_tokens = pictures * pictureTokens + textTokens + templateTokens;
    const content = `Wet asphalt and old brick under sodium light, seen by ${text.slice(-27)}, while steam drifts by`;
    response.end(
      JSON.stringify({
        choices: [{ message: { content }, finish_reason: 'stop' }],
        usage: { prompt_tokens, completion_tokens: 20 },
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  flags = ['specs', '--base-url', baseUrl, '--estimator', 'qwen2.5-vl', '--max-resolution', 'auto'];
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

async function plan(): Promise<{ readonly stderr: string; readonly plan: Plan }> {
  const { code, stdout, stderr } = await cli.run(['plan', ...flags, '--json']);
  expect(code).toBe(0);
  return { stderr, plan: JSON.parse(stdout) };
}

describe('a plan counts as its server does', () => {
  it.each([
    { owner: 'llamacpp', estimator: 'qwen2.5-vl@llama.cpp', program: 'llama.cpp', vision: 2 * 31 * 17 },
    { owner: 'vllm', estimator: 'qwen2.5-vl', program: 'vllm', vision: 2 * 30 * 17 },
    { owner: 'somebody', estimator: 'qwen2.5-vl', program: null, vision: 2 * 30 * 17 },
  ])('of $owner: $estimator', async ({ owner, estimator, program, vision }) => {
    facts = { id: 'tiny', owned_by: owner, max_model_len: 8192 };
    const { plan: planned, stderr } = await plan();
    expect(planned.counting).toMatchObject({ estimator, server: program, is_template_known: false });
    expect(planned.specs.map(({ tokens }) => tokens.vision)).toEqual([vision, vision]);
    expect(stderr).toMatch(/^--max-resolution auto uses the estimator .*: of the limits of tiny .*\n$/);
  });

  it('as it is told to, where the server does not say what it is', async () => {
    facts = { id: 'tiny' };
    flags = flags.map((flag) => (flag === 'qwen2.5-vl' ? 'pixtral@llama.cpp' : flag));
    const { plan: planned } = await plan();
    expect(planned.counting.estimator).toBe('pixtral@llama.cpp');
    // 53x30 patches are scaled down to at most 1024: 42x23, and a break for each row.
    expect(planned.specs[0]?.tokens.vision).toBe(2 * 43 * 23);
  });

  it('and says what it cannot mend: a smaller context, and a model without eyes', async () => {
    facts = { id: 'tiny', max_model_len: 2048, architecture: { input_modalities: ['text'] } };
    const { stderr } = await plan();
    expect(stderr).toContain('allows 2048 tokens per prompt, but upsampling.max_tokens is 4096');
    expect(stderr).toContain('takes no images');
  });

  it('goes by the settings where no server answers', async () => {
    await new Promise((resolve) => server.close(resolve));
    const { plan: planned, stderr } = await plan();
    expect(planned.counting).toMatchObject({ estimator: 'qwen2.5-vl', server: null });
    expect(stderr).toMatch(/^The plan uses the settings alone\. No connection to the server/);
  });
});

describe('a plan sends no frames that the model refuses', () => {
  it.each([
    {
      clip: [1200, 6],
      engine: ['--estimator', 'qwen2.5-vl'],
      hint: { width: 320, height: 28 },
      picture: [320, 2],
    },
    { clip: [8, 8], engine: ['--estimator', 'pixtral'], hint: { width: 16, height: 16 }, picture: [8, 8] },
    { clip: [8, 8], engine: [], hint: { width: 28, height: 28 }, picture: [8, 8] },
    { clip: [8, 8], engine: ['--engine', 'describe'], hint: { width: 8, height: 8 }, picture: null },
  ])('of $clip with $engine: $hint', async ({ clip: [width = 0, height = 0], engine, hint, picture }) => {
    facts = { id: 'tiny' };
    const specs = join(cli.workingFolder, 'flat');
    await makeClip(join(specs, 'flat.mp4'), { width, height, frames: 2 });
    await writeSpecs(specs, { 'a.json': sampleSpec({ input_video_path: 'flat.mp4' }) });
    const server = engine.includes('describe') ? [] : flags.slice(1, 3);
    const { stdout } = await cli.run(['plan', 'flat', ...server, ...engine, '--json']);
    const planned: Plan = JSON.parse(stdout);
    const inside = picture && { picture: { width: picture[0], height: picture[1] } };
    expect(planned.specs[0]?.hint).toEqual({ ...hint, frames: 2, ...inside });
  });
});

describe('what the chat template adds is learned from a run, for each model and server', () => {
  it('and counted by the next plan', async () => {
    facts = { id: 'tiny', owned_by: 'llamacpp' };
    const { plan: first } = await plan();
    const [{ tokens } = { tokens: { vision: 0, text: 0, total: 0 } }] = first.specs;
    pictureTokens = tokens.vision / 2;
    textTokens = Math.min(...first.specs.map((spec) => spec.tokens.text));
    templateTokens = 40;
    expect((await cli.run(['batch-upsample', ...flags, '--no-progress'])).code).toBe(0);

    const { plan: second } = await plan();
    expect(second.counting).toMatchObject({ control_tokens: 40, is_template_known: true });
    expect(second.specs[0]?.tokens.total).toBe(tokens.total + 37);
    const shown = await cli.run(['plan', ...flags]);
    expect(shown.stdout).toContain('with 40 tokens for the chat template, as seen in an earlier run');

    facts = { id: 'tiny', owned_by: 'vllm' };
    expect((await plan()).plan.counting).toMatchObject({ control_tokens: 3, is_template_known: false });
    facts = { id: 'another', owned_by: 'llamacpp' };
    expect((await plan()).plan.counting).toMatchObject({ control_tokens: 3, is_template_known: false });
  });

  it('but not where the estimator is of another model', async () => {
    facts = { id: 'tiny' };
    const { plan: first } = await plan();
    pictureTokens = (first.specs[0]?.tokens.vision ?? 0) / 2 + 300;
    templateTokens = 0;
    expect((await cli.run(['batch-upsample', ...flags, '--no-progress'])).code).toBe(0);
    expect((await plan()).plan.counting).toMatchObject({ control_tokens: 3, is_template_known: false });
  });
});

async function readAll(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
