/** Formats that the finished video can have. */
const outputContainers = ['mp4', 'mov', 'mkv', 'webm'] as const;
export type OutputContainer = (typeof outputContainers)[number];

/** An encoder by ffmpeg's name, and the usual name of what it makes. */
interface Replacement {
  readonly codec: string;
  readonly label: string;
}

/** What a container can hold besides the upscaled video: patterns of ffmpeg's codec names, and what replaces the rest. */
export interface StreamLimits {
  /** As in a sentence. */
  readonly name: string;
  readonly video: RegExp;
  readonly audio: RegExp;
  readonly subtitles: RegExp;
  readonly pictures: RegExp;
  /** Codecs or, where ffmpeg knows no codec, four-letter tags of data streams. */
  readonly data: RegExp;
  readonly hasAttachments: boolean;
  readonly textSubtitles: Replacement;
}

const nothing = /^$/;
const movText: Replacement = { codec: 'mov_text', label: 'plain text (mov_text), without its styles' };

/**
 * Measured by copying streams with ffmpeg 5.1 and reading them back. Later versions hold a little more (PCM in MP4), but
 * a plan must not depend on the version, and few players take it.
 */
export const formatLimits: Readonly<Record<OutputContainer, StreamLimits>> = {
  mp4: {
    name: 'MP4',
    video: /^(h264|hevc|av1|vp9|mpeg4|mpeg[12]video|mjpeg|png|jpeg2000|vc1|dirac)$/,
    audio: /^(aac|ac3|eac3|dts|truehd|alac|flac|opus|vorbis|mp2|mp3|amr_nb|amr_wb)$/,
    subtitles: /^(mov_text|dvd_subtitle)$/,
    pictures: /^(mjpeg|png|bmp)$/,
    data: /^gpmd$/,
    hasAttachments: false,
    textSubtitles: movText,
  },
  mov: {
    name: 'QuickTime',
    video:
      /^(h264|hevc|mpeg4|mpeg[12]video|mjpeg|png|jpeg2000|prores|dnxhd|ffv1|huffyuv|utvideo|rawvideo|qtrle|cinepak|svq[13]|h263|gif|tiff|cfhd|hap|dvvideo|v210)$/,
    audio:
      /^(aac|ac3|eac3|dts|alac|mp2|mp3|vorbis|amr_nb|amr_wb|pcm_(u8|s8|alaw|mulaw|s(16|24|32)[bl]e|f(32|64)[bl]e))$/,
    subtitles: /^(mov_text|eia_608)$/,
    pictures: nothing,
    data: /^tmcd$/,
    hasAttachments: false,
    textSubtitles: movText,
  },
  mkv: {
    name: 'Matroska',
    video:
      /^(h26[34]|hevc|vvc|av1|vp[89]|mpeg4|mpeg[12]video|mjpeg|png|jpeg2000|prores|dnxhd|ffv1|huffyuv|ffvhuff|utvideo|rawvideo|theora|cinepak|svq[13]|flv1|msmpeg4v[123]|wmv[123]|vc1|dirac|rv[1234]0|indeo[2345]|vp[36]f?|snow|dvvideo|magicyuv)$/,
    audio:
      /^(aac|ac3|eac3|dts|truehd|mlp|alac|flac|opus|vorbis|mp[123]|tta|wavpack|wmav[12]|wmapro|adpcm_(ms|ima_wav|g722|g726)|speex|cook|amr_nb|amr_wb|pcm_(u8|alaw|mulaw|s(16|24|32)[bl]e|f(32|64)le))$/,
    subtitles:
      /^(subrip|srt|ass|ssa|webvtt|text|dvd_subtitle|dvb_subtitle|hdmv_pgs_subtitle|hdmv_text_subtitle|arib_caption)$/,
    pictures: /^(mjpeg|png|bmp|gif|tiff|webp)$/,
    data: nothing,
    hasAttachments: true,
    textSubtitles: { codec: 'srt', label: 'plain text (SubRip), without its styles' },
  },
  webm: {
    name: 'WebM',
    video: /^(vp8|vp9|av1)$/,
    audio: /^(opus|vorbis)$/,
    subtitles: /^webvtt$/,
    pictures: nothing,
    data: nothing,
    hasAttachments: false,
    textSubtitles: { codec: 'webvtt', label: 'plain text (WebVTT), without its styles' },
  },
};

/** Whether it is Matroska, of which WebM is a part: times are whole milliseconds, and no rotation can be noted. */
export function isMatroska(container: OutputContainer): boolean {
  return container === 'mkv' || container === 'webm';
}

/** The container of a file by the ending of its name; null for any other ending. */
export function containerOf(path: string): OutputContainer | null {
  const ending = /\.([a-z0-9]+)$/i.exec(path)?.[1]?.toLowerCase();
  if (ending === 'm4v') return 'mp4';
  return outputContainers.find((container) => container === ending) ?? null;
}
