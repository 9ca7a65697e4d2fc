import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * An ffmpeg on a machine with encoding hardware, as far as its command line goes: what is asked of `hevc_nvenc`, and nothing that
 * it would not know, is done by x265. Each call is noted in `calls.txt`.
 */
export async function makeNvencFfmpeg(
  folder: string,
  usual = process.env['FFMPEG_PATH'] ?? 'ffmpeg',
): Promise<{ readonly program: string; readonly calls: string }> {
  const program = join(folder, 'ffmpeg-with-nvenc');
  const calls = join(folder, 'calls.txt');
  const script = `#!/bin/bash
printf '%s\\n' "$*" >> '${calls}'
given=()
while [ $# -gt 0 ]; do
  case "$1 $2" in
    '-c:v hevc_nvenc') given+=(-c:v libx265 -x265-params log-level=error:info=0:frame-threads=1:pools=1); shift 2 ;;
    '-preset p'[1-7]) given+=(-preset ultrafast); shift 2 ;;
    '-forced-idr 1' | '-rc vbr' | '-b:v 0') shift 2 ;;
    '-cq '*) given+=(-crf "$2"); shift 2 ;;
    *) given+=("$1"); shift ;;
  esac
done
exec ${usual} "\${given[@]}"
`;
  await writeFile(program, script);
  await chmod(program, 0o755);
  return { program, calls };
}
