import { CachingMediaTool, type CachingMediaToolOptions } from './caching-media-tool.ts';
import { FfmpegMediaTool, type FfmpegMediaToolOptions } from './ffmpeg-media-tool.ts';

/** The media tool of the program: ffmpeg behind a cache in `folder`. */
export function createMediaTool(
  options: CachingMediaToolOptions & Omit<FfmpegMediaToolOptions, 'hintFolder'>,
): CachingMediaTool {
  const hintFolder = CachingMediaTool.stagingFolderOf(options.folder);
  return new CachingMediaTool(new FfmpegMediaTool({ ...options, hintFolder }), options);
}
