import {
  contentOf,
  type ElementPlace,
  findElement,
  makeElement,
  readElements,
  uintElement,
  uintOf,
} from './ebml.ts';
import { mkv } from './element-ids.ts';
import type { MkvOutputTiming } from './output-timing.ts';

/** Content of `Info` for a file that is at least as long as the video. */
export function withLength(info: Buffer, { endMs }: MkvOutputTiming): Buffer {
  return edit(info, (id, content) => {
    if (id !== mkv.duration) return null;
    const duration = Buffer.alloc(8);
    duration.writeDoubleBE(
      Math.max(endMs, content.length === 4 ? content.readFloatBE() : content.readDoubleBE()),
    );
    return makeElement(id, duration);
  });
}

/** Content of `Tracks` with the frame rate of the whole video, or with none where it varies. */
export function withFrameRate(tracks: Buffer, { videoTrack, frameNs }: MkvOutputTiming): Buffer {
  return edit(tracks, (id, content) => {
    if (id !== mkv.trackEntry || uintOf(findElement(content, mkv.trackNumber)) !== videoTrack) return null;
    const entry = edit(content, (inner) => (inner === mkv.defaultDuration ? Buffer.alloc(0) : null));
    return makeElement(
      id,
      entry,
      frameNs === null ? Buffer.alloc(0) : uintElement(mkv.defaultDuration, frameNs),
    );
  });
}

/** Content of `Tags` in which the length of the upscaled video is that of all its frames. */
export function withTaggedLength(tags: Buffer, videoUid: Buffer, { endMs }: MkvOutputTiming): Buffer {
  return edit(tags, (id, content) => {
    const targets = id === mkv.tag ? findElement(content, mkv.targets) : null;
    if (!targets || !findElement(targets, mkv.tagTrackUid)?.equals(videoUid)) return null;
    return makeElement(
      id,
      edit(content, (inner, tag) => (isLength(inner, tag) ? makeLengthTag(tag, endMs) : null)),
    );
  });
}

/** Number by which tags name this track. */
export function uidOf(tracks: Buffer, track: number): Buffer {
  for (const place of readElements(tracks)) {
    const entry = place.id === mkv.trackEntry ? contentOf(tracks, place) : null;
    if (entry && uintOf(findElement(entry, mkv.trackNumber)) === track) {
      return findElement(entry, mkv.trackUid) ?? Buffer.alloc(0);
    }
  }
  return Buffer.alloc(0);
}

function isLength(id: number, tag: Buffer): boolean {
  return id === mkv.simpleTag && findElement(tag, mkv.tagName)?.toString('latin1') === 'DURATION';
}

function makeLengthTag(tag: Buffer, endMs: number): Buffer {
  const whole = Math.floor(endMs / 1000);
  const clock = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const text = `${clock.map((part) => String(part).padStart(2, '0')).join(':')}.${String(endMs % 1000).padStart(3, '0')}000000`;
  const content = edit(tag, (id) =>
    id === mkv.tagString ? makeElement(id, Buffer.from(text, 'latin1')) : null,
  );
  return makeElement(mkv.simpleTag, content);
}

/** The elements of `content` with some replaced, and without a checksum of what they were before. */
function edit(content: Buffer, change: (id: number, content: Buffer) => Buffer | null): Buffer {
  return Buffer.concat(
    Array.from(readElements(content), (place: ElementPlace) => {
      if (place.id === mkv.crc32) return Buffer.alloc(0);
      const inner = contentOf(content, place);
      return change(place.id, inner) ?? makeElement(place.id, inner);
    }),
  );
}
