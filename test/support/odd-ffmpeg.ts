import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * An ffmpeg that gives x264 further options on some machines, told by the folder that their files lie in: `asm=0` is a CPU
 * of another kind, `ref=1` another encoder.
 */
export async function makeOddFfmpeg(
  folder: string,
  optionsByRoot: Readonly<Record<string, string>>,
  usual = process.env['FFMPEG_PATH'] ?? 'ffmpeg',
): Promise<string> {
  const cases = Object.entries(optionsByRoot).map(([root, options]) => `*"${root}/"*) odd=:${options} ;;`);
  const name = Object.values(optionsByRoot).join('-').replaceAll(/\W/g, '');
  const program = join(folder, `ffmpeg-${name}`);
  const script = [
    ...['#!/bin/bash', `case "$*" in ${cases.join(' ')} esac`],
    `exec ${usual} "\${@/#cpu-independent=1/cpu-independent=1$odd}"`,
  ];
  await writeFile(program, `${script.join('\n')}\n`);
  await chmod(program, 0o755);
  return program;
}
