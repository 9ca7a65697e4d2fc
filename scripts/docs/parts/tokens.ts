import { parseSize } from '../../../src/core/hints/display-size.ts';
import { estimatorNamed, estimatorNames } from '../../../src/core/tokens/estimator.ts';
import { markdownTable } from '../markdown-table.ts';

const sizes = [
  '192x108',
  '256x144',
  '320x180',
  '400x225',
  '480x270',
  '640x360',
  '640x480',
  '896x504',
  '1280x720',
  '1920x1080',
  '1080x1920',
];
const frames = 2;

/** Vision tokens of two frames of common sizes, by each estimator. */
export function tokenTable(): string {
  const rows = sizes.map((text) => {
    const size = parseSize(text) ?? { width: 0, height: 0 };
    return [text, ...estimatorNames.map((name) => String(estimatorNamed(name).visionTokens(size, frames)))];
  });
  return markdownTable([`size, ${frames} frames`, ...estimatorNames], rows);
}
