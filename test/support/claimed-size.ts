import { readFile, writeFile } from 'node:fs/promises';
import { makeClip } from './clips.ts';

/** A clip of small PNG pictures, of which some claim to be far larger: what decodes them makes room for that. */
export async function clipThatClaims(
  path: string,
  { width, height }: { readonly width: number; readonly height: number },
  claimsFrame: (frame: number) => boolean,
): Promise<string> {
  await makeClip(path, { width: 64, height: 36, frames: 6, outputOptions: ['-c:v', 'png'] });
  const bytes = await readFile(path);
  let frame = 0;
  for (let at = bytes.indexOf('IHDR'); at !== -1; at = bytes.indexOf('IHDR', at + 4)) {
    if (!claimsFrame(frame++)) continue;
    bytes.writeUInt32BE(width, at + 4);
    bytes.writeUInt32BE(height, at + 8);
  }
  await writeFile(path, bytes);
  return path;
}
