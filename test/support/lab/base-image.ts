import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What the project's Dockerfile and its worker need of a base, and what tests look into containers with. */
const programs = [
  'ffmpeg',
  'ffprobe',
  'sh',
  'cat',
  'chmod',
  'env',
  'grep',
  'head',
  'id',
  'ls',
  'mkdir',
  'rm',
  'sleep',
  'touch',
];

/** The name of the image that `importBaseImage` makes. */
export const baseImageName = 'cosmos-lab-base:1';

/**
 * Makes a base image of this machine's own node, ffmpeg and shell, each with the libraries it loads: no registry
 * and no package mirror is needed, and it takes seconds. As the official Node images do, it names `NODE_VERSION`.
 *
 * @returns The image's name.
 */
export async function importBaseImage(socketPath: string): Promise<string> {
  const stage = await mkdtemp('/tmp/cosmos-base-');
  try {
    const paths = await collectPaths();
    await writeStage(stage);
    const archive = spawn('tar', ['--create', '--dereference', ...stagedFrom(stage)], { stdio: 'pipe' });
    archive.stdin.end(paths.map((path) => `${path.slice(1)}\n`).join(''));
    await Promise.all([sendImage(socketPath, archive.stdout), ended(archive, archive.stderr)]);
    return baseImageName;
  } finally {
    await rm(stage, { recursive: true, force: true });
  }
}

/** tar's arguments for the staged files, and then for those whose names it reads. */
function stagedFrom(stage: string): string[] {
  return ['--directory', stage, '.', '--directory', '/', '--verbatim-files-from', '--files-from', '-'];
}

/** Absolute paths of the programs and their libraries, as the loader will look for them. */
async function collectPaths(): Promise<string[]> {
  const found = await Promise.all(programs.map(whereIs));
  const { stdout } = await run('ldd', [...found, process.execPath, ...onnxBinding()]);
  const libraries = stdout.match(/(?<=\s)\/\S+(?= \(0x)/g) ?? [];
  const ofSystem = libraries.filter((path) => !path.includes('/node_modules/'));
  return [...new Set([...found, '/bin/sh', ...ofSystem, '/etc/ld.so.cache'])];
}

/** What an upscaling worker loads beside itself, where it is installed: the base has the libraries that it needs. */
function onnxBinding(): string[] {
  try {
    const main = createRequire(import.meta.url).resolve('onnxruntime-node');
    const folder = `../bin/napi-v6/${process.platform}/${process.arch}`;
    return [join(dirname(main), folder, 'onnxruntime_binding.node')];
  } catch {
    return [];
  }
}

async function whereIs(program: string): Promise<string> {
  for (const folder of [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/bin']) {
    const path = join(folder, program);
    if (folder.startsWith('/') && (await isThere(path))) return path;
  }
  throw new Error(`${program} is not installed`);
}

async function isThere(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  );
}

/** Files that are not this machine's: node where the official images have it, and a few of the system's own. */
async function writeStage(stage: string): Promise<void> {
  const node = join(stage, 'usr/local/bin/node');
  await mkdir(dirname(node), { recursive: true });
  await symlink(await realpath(process.execPath), node);
  await Promise.all(['etc', 'tmp', 'root'].map((folder) => mkdir(join(stage, folder))));
  await chmod(stage, 0o755);
  await chmod(join(stage, 'tmp'), 0o1777);
  await writeFile(join(stage, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\n');
  await writeFile(join(stage, 'etc/group'), 'root:x:0:\n');
}

async function sendImage(socketPath: string, archive: Readable): Promise<void> {
  const [repo, tag] = baseImageName.split(':') as [string, string];
  const query = new URLSearchParams({ fromSrc: '-', repo, tag });
  for (const change of [
    'ENV PATH=/usr/local/bin:/usr/bin:/bin',
    `ENV NODE_VERSION=${process.versions.node}`,
    'CMD ["sh"]',
  ])
    query.append('changes', change);
  const path = `/images/create?${query}`;
  const answer = await new Promise<string>((resolve, reject) => {
    const call = request({ socketPath, method: 'POST', path, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece: string) => {
        text += piece;
      });
      response.once('error', reject).once('end', () => resolve(`${response.statusCode} ${text}`));
    });
    call.once('error', reject);
    archive.pipe(call);
  });
  if (!answer.startsWith('200 ') || answer.includes('"error"')) throw new Error(`import failed: ${answer}`);
}

async function ended(child: ChildProcess, stderr: Readable): Promise<void> {
  let words = '';
  stderr.on('data', (piece: Buffer) => {
    words += piece.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`tar ended with ${code}: ${words.slice(-500)}`);
}
