import { AppError } from '../../errors/app-error.ts';
import { containerOf, type OutputContainer } from '../frames/container-limits.ts';

/** The container that a path's ending asks for. @throws AppError `output-unsupported`. */
export function outputContainerOf(path: string): OutputContainer {
  const found = containerOf(path);
  if (found) return found;
  const ending = /\.([^./\\]+)$/.exec(path)?.[1];
  throw new AppError({
    code: 'output-unsupported',
    message: ending === undefined ? `${path} has no ending.` : `No .${ending} can be written.`,
    nextStep: 'Let the name end in .mp4, .mov or .mkv; .mkv holds every kind of sound and subtitles.',
  });
}
