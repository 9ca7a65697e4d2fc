import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { documentSchemas } from '../../scripts/docs/schemas/documents.ts';
import { readPage } from '../docs/markdown.ts';
import { createRemoteStage, type RemoteStage, type Sections } from '../support/lab/remote-stage.ts';
import { writeNumberedSpecs } from '../support/numbered-specs.ts';
import { bundleVllm } from '../support/stand-in/bundle-program.ts';

const lab = inject('lab');
const image = 'cosmos-upsampler:pages';
const baseImage = 'cosmos-pages-base:1';

/** What a reader types, from the first screen of the page to its last, with a host of the tests as `gpu1`. */
describe.skipIf(lab === null)('what the pages say about hosts', () => {
  const { blocks } = readPage('docs/hosts.md');
  const [settings] = blocks.filter(({ language }) => language === 'toml');
  const lines = [...linesOf('docs/hosts.md'), ...linesOf('README.md')];
  let stage: RemoteStage;

  beforeAll(async () => {
    if (lab === null) return;
    stage = await createRemoteStage(lab);
    await writeNumberedSpecs(join(stage.cli.workingFolder, 'specs'), 6, 2);
    await makeBaseWithVllm();
    const models = join(stage.folder, 'models');
    await cp(join(stage.cli.workingFolder, 'specs', 'clips'), models, { recursive: true });
    const page = parse(settings?.text ?? '') as Record<string, Record<string, Sections[string]>>;
    // All that the page says, but for where the host is and what it lacks: GPUs and a registry.
    await stage.configure({
      'upsampling.engine': page['upsampling']?.['engine'] ?? {},
      inference: { base_image: lab.baseImage },
      'hosts.gpu1': { image, base_image: baseImage, models_dir: models },
    });
  });
  afterAll(async () => await stage?.[Symbol.asyncDispose]());

  it('is ten lines from a fresh box to the first prompt', () => {
    const first = blocks.slice(0, 3).flatMap(({ text }) => text.trim().split('\n'));
    expect(first).toHaveLength(10);
    expect(first.at(-1)).toBe('cosmos batch-upsample ./specs --host gpu1');
  });

  it.each(lines.map((line, index) => ({ line, index })))('works: $line', async ({ line }) => {
    const args = line.split(/\s+/).slice(1);
    // A reader has no answers from earlier lines.
    await rm(join(stage.folder, 'cache', 'cosmos', 'results'), { recursive: true, force: true });
    const { code, stdout, stderr } = await stage.cli.run(args, 110_000);
    expect(code, stdout + stderr).toBe(0);
    if (args[0] === 'batch-upsample' && code === 0) expect(stdout).toContain('mistralai/Pixtral-12B-2409');
  });

  it.each([
    { page: 'host-status', args: ['host', 'status', 'gpu1'] },
    { page: 'host-status', args: ['host', 'status', 'local'] },
    { page: 'host-prepare', args: ['host', 'prepare', 'gpu1'] },
    { page: 'host-prune', args: ['host', 'prune', 'gpu1', '--keep', '0'] },
    { page: 'runs', args: ['runs'] },
    { page: 'runs', args: ['runs', '--check'] },
    { page: 'logs', args: ['logs', 'latest', '--lines', '5'] },
  ] as const)('what $args.0 $args.1 prints is as its page says: $page', async ({ page, args }) => {
    const { stdout, code } = await stage.cli.run([...args, '--json']);
    expect(code).toBe(0);
    const document: unknown = JSON.parse(stdout);
    expect(documentSchemas[page].parse(document)).toEqual(document);
  });

  /** A base image that has a program `vllm`, as the real one has. */
  async function makeBaseWithVllm(): Promise<void> {
    if (lab === null) return;
    const folder = await mkdtemp('/tmp/cpb-');
    try {
      await bundleVllm(join(folder, 'vllm'));
      await writeFile(
        join(folder, 'Dockerfile'),
        `FROM ${lab.baseImage}\nCOPY vllm /usr/local/bin/vllm\nENV STAND_IN_LOAD_MS=500\n`,
      );
      await stage.docker('build', '--quiet', '--tag', baseImage, folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
});

/** Command lines of a page that are about a host. */
function linesOf(path: string): string[] {
  return readPage(path)
    .blocks.filter(({ language }) => language === 'sh')
    .flatMap(({ text }) => text.replaceAll('\\\n', ' ').split('\n'))
    .map((line) => line.replace(/\s+#.*$/, '').trim())
    .filter((line) => line.startsWith('cosmos ') && (path === 'docs/hosts.md' || line.includes('gpu1')));
}
