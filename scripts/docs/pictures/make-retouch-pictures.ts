/**
 * Makes the pictures of engines in `docs/retouch.md` from real runs: `node scripts/docs/pictures/make-retouch-pictures.ts`.
 * Needs ffmpeg with `drawtext` and a font, and the built program.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../..', import.meta.url));
/** A part of the picture with the writing in its middle. */
const shown = 'crop=480:150:80:80';
const second = '2.5';
const region = '150,125,340,56';
const engines = ['fill', 'blur', 'pixelize', 'solid', 'lanczos'];

const folder = await mkdtemp(join(tmpdir(), 'cosmos-pictures-'));
try {
  const source = join(folder, 'source.mp4');
  // A camera that moves over a still picture, with a subtitle.
  const picture =
    "mandelbrot=s=1600x900:start_scale=0.6:end_scale=0.6:end_pts=1,loop=-1:1,crop=640:360:'400+4*t':'90+60*t',noise=alls=4:allf=t,setpts=N/24/TB,fps=24";
  const text = 'drawtext=text=A line of writing:fontsize=36:fontcolor=white:borderw=3:x=(w-tw)/2:y=136';
  const encoding = ['-t', '5', '-c:v', 'libx264', '-crf', '14', '-pix_fmt', 'yuv420p'];
  await ffmpeg('-f', 'lavfi', '-i', `${picture},${text}`, ...encoding, source);
  await photograph(source, 'source');
  for (const engine of engines) {
    const output = join(folder, `${engine}.mp4`);
    const words = ['retouch', source, '-o', output, '--region', region, '--engine', engine, '--no-progress'];
    const env = { ...process.env, HOME: folder, XDG_CACHE_HOME: folder, XDG_CONFIG_HOME: folder };
    await run(process.execPath, [join(root, 'bin', 'run.js'), ...words], { cwd: folder, env });
    await photograph(output, engine);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}

async function photograph(video: string, name: string): Promise<void> {
  const target = join(root, 'docs', 'images', `retouch-${name}.jpg`);
  await ffmpeg('-ss', second, '-i', video, '-frames:v', '1', '-vf', shown, '-q:v', '4', target);
}

async function ffmpeg(...words: readonly string[]): Promise<void> {
  await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...words]);
}
