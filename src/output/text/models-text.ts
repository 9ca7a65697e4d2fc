import { printable } from '../../core/printable.ts';
import type { LibraryModel } from '../../ports/model-library.ts';
import { fittedTable } from './columns.ts';
import { bytesText } from './format.ts';
import type { Style } from './style.ts';

/** Pixels of a frame of 640x360, in millions: speeds are said for it. */
const frameMegapixels = (640 * 360) / 1e6;

/** The models as a table. @param columns - Width to keep to; undefined keeps all whole. */
export function formatModels(
  models: readonly LibraryModel[],
  userFolder: string,
  style: Style,
  columns?: number,
): string {
  const head = ['MODEL', 'SCALE', 'LICENCE', 'SIZE', 'FPS AT 640x360', 'SOURCE'];
  const rows = models.map((model) => [
    printable(model.name),
    model.scales === null ? '—' : model.scales.map((scale) => `x${scale}`).join(' '),
    model.licence ?? '—',
    bytesText(model.sizeBytes),
    speedText(model),
    model.isInstalled ? printable(model.source) : 'not installed',
  ]);
  const missing = models.filter(({ isInstalled }) => !isInstalled);
  const isMeasured = models.some(({ speed }) => speed !== null);
  const lines = [
    ...missing.map(
      ({ name, sizeBytes }) =>
        `Download ${name} (${bytesText(sizeBytes)}) with: cosmos models install ${name}`,
    ),
    ...(isMeasured ? [] : ['Measure how quick they are on this machine with: cosmos models --measure']),
    style.dim(`NAME.onnx in ${printable(userFolder)} is used as --model NAME.`),
  ];
  return `${[...fittedTable([head, ...rows], columns, [5, 0]), '', ...lines].join('\n')}\n`;
}

function speedText({ speed }: LibraryModel): string {
  if (speed === null) return '—';
  const framesPerSecond = speed.megapixelsPerSecond / frameMegapixels;
  return `${framesPerSecond.toPrecision(framesPerSecond >= 100 ? 3 : 2)} (x${speed.scale})`;
}
