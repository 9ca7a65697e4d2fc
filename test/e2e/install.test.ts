import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeClip } from '../support/clips.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const root = resolve(import.meta.dirname, '../..');
const runProgram = promisify(execFile);

interface Packed {
  readonly filename: string;
  readonly size: number;
  readonly files: readonly { readonly path: string; readonly mode: number; readonly size: number }[];
}

/** Fetches packages, without their scripts, as the project's own set-up does from the same registry. */
async function fetchPackages(folder: string, ...names: readonly string[]): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), '{}');
  const quiet = ['--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'];
  await runProgram('npm', ['install', ...quiet, ...names], { cwd: folder });
  return join(folder, 'node_modules');
}

describe.skipIf(process.platform === 'win32')(
  'the package, installed for a user who has nothing of the project',
  () => {
    let folder: string;
    let packed: Packed;
    /** The oldest line of Node that is supported, and the one that the project is made with. */
    const nodes = new Map<string, string>();
    const prefix = () => join(folder, 'prefix');

    /** What this user types, with one of the two. */
    async function type(node: string, ...args: readonly string[]): Promise<string> {
      const env = {
        ...process.env,
        PATH: `${nodes.get(node)}:${process.env['PATH']}`,
        HOME: join(folder, 'home'),
        NO_COLOR: '1',
        XDG_CACHE_HOME: join(folder, 'cache', node),
        XDG_CONFIG_HOME: join(folder, 'config'),
        XDG_STATE_HOME: join(folder, 'state'),
      };
      const { stdout, stderr } = await runProgram(join(prefix(), 'bin/cosmos'), args, {
        cwd: join(folder, 'work'),
        env,
      });
      return stdout + stderr;
    }

    beforeAll(async () => {
      folder = await temporaryFolder();
      for (const name of ['home', 'work', 'prefix']) await mkdir(join(folder, name));
      // The npm of Node 22: newer ones leave install scripts out, which is what is to be shown here.
      const modules = await fetchPackages(
        join(folder, 'tools'),
        'npm@10',
        `node-${process.platform}-${process.arch}@22`,
      );
      nodes.set('22', join(modules, `node-${process.platform}-${process.arch}/bin`));
      nodes.set('24', resolve(process.execPath, '..'));
      // The build is there: other tests use it meanwhile.
      const pack = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
      [packed] = JSON.parse((await runProgram('npm', pack, { cwd: root, maxBuffer: 1e7 })).stdout);
      const install = [
        'install',
        '--global',
        '--prefix',
        prefix(),
        '--no-audit',
        '--no-fund',
        '--prefer-offline',
      ];
      await runProgram(
        join(nodes.get('22') ?? '', 'node'),
        [join(modules, 'npm/bin/npm-cli.js'), ...install, join(folder, basename(packed.filename))],
        {
          cwd: folder,
          // A download that is not asked for would go through here, and fail.
          env: {
            ...process.env,
            PATH: `${nodes.get('22')}:${process.env['PATH']}`,
            GLOBAL_AGENT_HTTPS_PROXY: 'http://127.0.0.1:9',
          },
        },
      );
    }, 300_000);

    it('holds what it needs, and nothing large', async () => {
      const paths = packed.files.map(({ path }) => path);
      const needed = [
        'README.md',
        'LICENSE',
        'config.toml',
        'oclif.manifest.json',
        'bin/run.js',
        'dist/worker.mjs',
      ];
      const pages = [
        'docs/exit-codes.md',
        'docs/resume.md',
        'docker/upsampler/Dockerfile',
        'dist/report-page.js',
      ];
      expect(paths).toEqual(expect.arrayContaining([...needed, ...pages]));
      // The weights of two networks come along, 15 MB, and nothing that they would be run by elsewhere.
      const isWeights = (path: string) => path.startsWith('dist/networks/');
      const own = packed.files.filter(({ path }) => !isWeights(path));
      expect(
        own
          .filter(({ path }) => /^(?:src|test|scripts|node_modules)\/|\.ts$/.test(path))
          .map(({ path }) => path),
      ).toEqual([]);
      expect(packed.size).toBeLessThan(20e6);
      expect(Math.max(...own.map(({ size }) => size))).toBeLessThan(2e6);
      const modules = join(prefix(), 'lib/node_modules');
      const installed = [join(modules, 'cosmos/node_modules'), modules].map(async (folder) =>
        (await readdir(folder)).filter((name) => name === '@tensorflow'),
      );
      expect((await Promise.all(installed)).flat()).toEqual([]);
      expect((await stat(join(prefix(), 'bin/cosmos'))).mode & 0o111).not.toBe(0);
    });

    it('has ONNX Runtime, and its download step was not made', async () => {
      const runtime = join(prefix(), 'lib/node_modules/cosmos/node_modules/onnxruntime-node');
      expect(await readFile(join(runtime, 'script/install.js'), 'utf8')).toContain('was not asked for');
    });

    it.each(['22', '24'])(
      'works with Node %s: version, doctor, prompts, and upscaling with a model',
      async (node) => {
        const work = join(folder, 'work');
        const video = join(work, `clip-${node}.mp4`);
        await makeClip(video, { width: 64, height: 48, frames: 6 });
        expect(await type(node, '--version')).toContain(`node-v${node}.`);
        expect(await type(node, 'doctor')).toContain('Everything a run needs is there.');
        expect(await type(node, 'help', 'exit-codes')).toContain('# Exit codes');
        await type(
          node,
          'create-spec',
          `scene-${node}`,
          '--prompt',
          'Cranes at dawn',
          '--video',
          video,
          '--dir',
          `specs-${node}`,
        );
        expect(await type(node, 'batch-upsample', `specs-${node}`, '--output-dir', `out-${node}`)).toContain(
          '1 upsampled',
        );
        const upscaled = await type(
          node,
          'upscale',
          video,
          '-o',
          `large-${node}.mp4`,
          '--model',
          'esrgan-slim',
        );
        expect(upscaled).toContain('onnx (esrgan-slim) x2');
        expect((await stat(join(work, `large-${node}.mp4`))).size).toBeGreaterThan(0);
      },
    );
  },
);
