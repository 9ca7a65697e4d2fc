import { findBox, Mp4FormatError } from './boxes.ts';
import { editBoxes, makeBox } from './make-box.ts';

/** Where the boxes begin in the content of a video sample entry (ISO/IEC 14496-12, section 12.1.3). */
const entryBoxesAt = 78;
/** Version, flags and the number of entries. */
const stsdHeadBytes = 8;

/**
 * What a decoder of H.264 needs to begin, out of a track's only sample description (`stsd`).
 *
 * @throws Mp4FormatError where there is another number of descriptions, or one of another codec.
 */
export function decoderSettingsOf(stsd: Buffer): Buffer {
  const entry = stsd.readUInt32BE(4) === 1 ? findBox(stsd.subarray(stsdHeadBytes), ['avc1']) : null;
  const settings = entry && findBox(entry.subarray(entryBoxesAt), ['avcC']);
  if (!settings) throw new Mp4FormatError('the video is not H.264 of one kind');
  return settings;
}

/** The description of a video that was one frame long, fit for more: the bit rate of that one frame goes. */
export function withoutBitRate(stsd: Buffer): Buffer {
  const entries = editBoxes(stsd.subarray(stsdHeadBytes), ({ name, content }) =>
    makeBox(
      name,
      content.subarray(0, entryBoxesAt),
      editBoxes(content.subarray(entryBoxesAt), (box) => (box.name === 'btrt' ? Buffer.alloc(0) : null)),
    ),
  );
  return Buffer.concat([stsd.subarray(0, stsdHeadBytes), entries]);
}
