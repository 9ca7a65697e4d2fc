import { editBoxes, findBox, makeBox, uint32At } from './boxes.ts';

/** Where the boxes begin in the content of a video sample entry (ISO/IEC 14496-12, section 12.1.3). */
const entryBoxesAt = 78;
const entrySizeAt = { width: 24, height: 26 };
/** Version, flags and the number of entries. */
const stsdHeadBytes = 8;

/** The only sample description of an H.264 track. */
interface H264Entry {
  /** Size of the pictures in pixels, as stored. */
  readonly width: number;
  readonly height: number;
  readonly boxes: Buffer;
  /** What a decoder needs to begin (`avcC`). */
  readonly decoderSettings: Buffer;
}

/** Reads a track's `stsd`; null where there is another number of descriptions, or one of another codec. */
export function readH264Entry(stsd: Buffer): H264Entry | null {
  const entry = uint32At(stsd, 4) === 1 ? findBox(stsd.subarray(stsdHeadBytes), ['avc1']) : null;
  if (!entry) return null;
  const boxes = entry.subarray(entryBoxesAt);
  const decoderSettings = findBox(boxes, ['avcC']);
  if (!decoderSettings) return null;
  const width = entry.readUInt16BE(entrySizeAt.width);
  const height = entry.readUInt16BE(entrySizeAt.height);
  return { width, height, boxes, decoderSettings };
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
