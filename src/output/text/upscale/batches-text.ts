import { counted } from '../format.ts';

/** How batches divide over workers, by turns: `workers 0–1 get 7 batches each, workers 2–5 get 6 batches each`. */
export function batchesText(batches: number, workers: number): string {
  const most = Math.ceil(batches / workers);
  const withMost = batches - (most - 1) * workers;
  if (withMost === workers) return `${workersText(0, workers)} ${eachText(most, workers)}`;
  const groups = [
    `${workersText(0, withMost)} ${eachText(most, withMost)}`,
    `${workersText(withMost, workers)} ${eachText(most - 1, workers - withMost)}`,
  ];
  return groups.join(', ');
}

function workersText(from: number, end: number): string {
  return end - from === 1 ? `worker ${from}` : `workers ${from}–${end - 1}`;
}

function eachText(batches: number, workers: number): string {
  if (batches === 0) return workers === 1 ? 'gets none' : 'get none';
  const text = counted(batches, 'batch', 'batches');
  return workers === 1 ? `gets ${text}` : `get ${text} each`;
}
