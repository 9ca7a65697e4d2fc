import { open } from 'node:fs/promises';
import type { HdrMetadata } from '../../core/encoding/hdr-metadata.ts';
import { editBoxAt, editBoxes, Mp4FormatError, makeBox, readTopBox, uint32 } from './boxes.ts';
import { entryBoxesAt, stsdHeadBytes } from './h264-entry.ts';

/**
 * Notes static metadata of HDR in the description of the only video of a file whose index comes last, as ffmpeg writes it. What
 * ffmpeg then copies from there has it in its own container's form.
 *
 * @throws Mp4FormatError where the index is somewhere else: everything behind it would move.
 */
export async function writeHdrBoxes(path: string, hdr: HdrMetadata): Promise<void> {
  await using file = await open(path, 'r+');
  const movie = await readTopBox(file, 'moov');
  if (!movie) throw new Mp4FormatError('the index is missing');
  const { size } = await file.stat();
  if (movie.contentAt + movie.contentBytes !== size) throw new Mp4FormatError('the index is not at the end');
  const described = editBoxAt(movie.content, ['trak', 'mdia', 'minf', 'stbl', 'stsd'], (stsd) =>
    Buffer.concat([
      stsd.subarray(0, stsdHeadBytes),
      editBoxes(stsd.subarray(stsdHeadBytes), ({ name, content }) =>
        makeBox(name, content.subarray(0, entryBoxesAt), withoutHdr(content), ...hdrBoxes(hdr)),
      ),
    ]),
  );
  const box = makeBox('moov', described);
  await file.write(box, 0, box.length, movie.contentAt - boxHeadBytes);
}

/** Of a box that is no larger than 4 GiB. */
const boxHeadBytes = 8;

function withoutHdr(entry: Buffer): Buffer {
  return editBoxes(entry.subarray(entryBoxesAt), ({ name }) =>
    name === 'mdcv' || name === 'clli' ? Buffer.alloc(0) : null,
  );
}

/** ISO/IEC 14496-12, sections 12.1.6 and 12.1.7; green comes first. */
function hdrBoxes({ mastering, content_light: light }: HdrMetadata): Buffer[] {
  const boxes: Buffer[] = [];
  if (mastering) {
    const { red, green, blue, white, max_luminance: most, min_luminance: least } = mastering;
    boxes.push(makeBox('mdcv', uint16(...green, ...blue, ...red, ...white), uint32(most, least)));
  }
  if (light) boxes.push(makeBox('clli', uint16(light.max, light.average)));
  return boxes;
}

function uint16(...values: readonly number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
  return bytes;
}
