import { AppError } from '../../errors/app-error.ts';
import type { OutputContainer } from '../frames/container-limits.ts';

const containers: Readonly<Record<string, OutputContainer>> = {
  mp4: 'mp4',
  m4v: 'mp4',
  mov: 'mov',
  mkv: 'mkv',
};

/** The container that a path's ending asks for. @throws AppError `output-unsupported`. */
export function outputContainerOf(path: string): OutputContainer {
  const ending = /\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  const found = Object.hasOwn(containers, ending) ? containers[ending] : undefined;
  if (found) return found;
  throw new AppError({
    code: 'output-unsupported',
    message: ending === '' ? `${path} has no ending.` : `No .${ending} can be written.`,
    hint: 'Let the name end in .mp4, .mov or .mkv; .mkv holds every kind of sound and subtitles.',
  });
}
