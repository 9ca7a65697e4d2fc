import type { OutputContainer } from '../frames/container-limits.ts';

/** Families of codecs that a finished video can have, by ffmpeg's names. */
export const videoCodecs = ['h264', 'hevc', 'av1', 'vp9', 'prores', 'ffv1'] as const;
export type VideoCodec = (typeof videoCodecs)[number];

/** What a user may ask for: `auto` is H.264, or VP9 where the container is WebM; `copy-like` the source's own family. */
export const codecChoices = ['auto', ...videoCodecs, 'copy-like'] as const;
export type CodecChoice = (typeof codecChoices)[number];

interface CodecFacts {
  /** As in a sentence. */
  readonly label: string;
  /** Containers that are offered for it: what is written there is read back the same. The first is the one to advise. */
  readonly containers: readonly OutputContainer[];
  /** The highest level allows so many pixels; larger pictures can be encoded, but nothing promises to play them. */
  readonly levelPixels: number | null;
}

/** Of level 6.2 of H.264: 139264 blocks of 16x16. The others took the number over. */
const highestLevelPixels = 139_264 * 256;

export const codecFacts: Readonly<Record<VideoCodec, CodecFacts>> = {
  h264: { label: 'H.264', containers: ['mp4', 'mov', 'mkv'], levelPixels: highestLevelPixels },
  hevc: { label: 'HEVC', containers: ['mp4', 'mov', 'mkv'], levelPixels: highestLevelPixels },
  av1: { label: 'AV1', containers: ['mp4', 'mkv', 'webm'], levelPixels: highestLevelPixels },
  vp9: { label: 'VP9', containers: ['webm', 'mkv', 'mp4'], levelPixels: highestLevelPixels },
  prores: { label: 'ProRes', containers: ['mov', 'mkv'], levelPixels: null },
  ffv1: { label: 'FFV1', containers: ['mkv'], levelPixels: null },
};

/** Codecs of sources beside those that can be written, and what comes closest. */
const likeCodecs: Readonly<Record<string, VideoCodec>> = {
  vp8: 'vp9',
  dnxhd: 'prores',
  cfhd: 'prores',
  huffyuv: 'ffv1',
  ffvhuff: 'ffv1',
  utvideo: 'ffv1',
  magicyuv: 'ffv1',
  rawvideo: 'ffv1',
  v210: 'ffv1',
  png: 'ffv1',
  qtrle: 'ffv1',
};

/** The codec for `copy-like`: the source's own family where it can be written. @param isLike - False: another one was taken. */
export function codecLike(source: string): { readonly codec: VideoCodec; readonly isLike: boolean } {
  const own = videoCodecs.find((codec) => codec === source);
  const like = own ?? likeCodecs[source];
  return { codec: like ?? 'h264', isLike: like !== undefined };
}
