import { printable } from '../../core/printable.ts';
import type { GpuFacts, HostFacts, HostImage, SlotFacts } from '../../ports/host-upkeep.ts';
import type { ModelServerStatus, SlotStatus } from '../../protocol/slot.ts';
import { meter, padded } from './columns.ts';
import { bytesText, durationText } from './format.ts';
import type { Style } from './style.ts';

const labelColumns = 9;
const meterColumns = 20;

/**
 * How a host stands, for people.
 *
 * @param nowMs - Milliseconds since the epoch, to say for how long something lasts.
 */
export function formatHostStatus(facts: HostFacts, style: Style, nowMs: number): string {
  const { gpus, slots } = facts;
  const lines = [
    `${style.bold(printable(facts.name))}  ${printable(facts.address)}`,
    ...(facts.dockerVersion === null ? [] : [row('Docker', printable(facts.dockerVersion))]),
    ...imageRows(facts, style),
    ...(facts.disk ? [row('Disk', diskText(facts.disk))] : []),
    ...gpus.map((gpu) => row(`GPU ${gpu.index}`, gpuText(gpu))),
    ...slots.flatMap((slot) => slotLines(slot, style, nowMs)),
  ];
  if (slots.every(({ state }) => state === 'absent')) lines.push(row('Workers', 'none; runs start them'));
  return `${lines.join('\n')}\n`;
}

function row(label: string, text: string): string {
  return `  ${padded(label, labelColumns)}${text}`;
}

/** One image is enough for many runs, and those that need another one say so: without any, two are to choose from. */
function imageRows({ image, upscalerImage, inferenceImage, name }: HostFacts, style: Style): string[] {
  const next = `make it with: cosmos host prepare ${printable(name)}`;
  const text = (found: HostImage, flags: string) =>
    found.isPresent
      ? `${printable(found.name)}  ${style.good('there')}`
      : `${printable(found.name)}  ${style.bad('not there')}; ${next}${flags}`;
  const hasNone = image?.isPresent !== true && upscalerImage?.isPresent !== true;
  const texts = [
    ...(image && (image.isPresent || hasNone) ? [text(image, '')] : []),
    ...(upscalerImage && (upscalerImage.isPresent || hasNone) ? [text(upscalerImage, ' --upscaler')] : []),
    ...(inferenceImage?.isPresent ? [text(inferenceImage, ' --inference')] : []),
  ];
  return texts.map((line, index) => row(index === 0 ? 'Image' : '', line));
}

function diskText({ freeBytes, totalBytes }: NonNullable<HostFacts['disk']>): string {
  const bar = meter((totalBytes - freeBytes) / totalBytes, meterColumns);
  return `${bar} ${bytesText(freeBytes)} free of ${bytesText(totalBytes)}`;
}

function gpuText({ name, usedBytes, totalBytes }: GpuFacts): string {
  const bar = meter(usedBytes / totalBytes, meterColumns);
  return `${bar} ${bytesText(usedBytes)} used of ${bytesText(totalBytes)}  ${printable(name)}`;
}

function slotLines(slot: SlotFacts, style: Style, nowMs: number): string[] {
  if (slot.state === 'absent') return [];
  const { status } = slot;
  const texts = [stateText(slot, style), style.dim(printable(slot.container))];
  if (status?.engine) texts.push(engineText(status.engine, nowMs));
  if (slot.state === 'running' && status?.runs.length === 0) texts.push('no run');
  return [row(`Worker ${slot.slotId}`, texts.join('  ')), ...(status?.runs ?? []).map(runLine)];
}

function stateText({ state, status }: SlotFacts, style: Style): string {
  if (state === 'foreign') return style.bad('of another version or other settings; replaced by the next run');
  if (state === 'running' && status === null) return style.bad('running, but does not answer');
  return state === 'running' ? style.good('running') : state;
}

/** The worker's own message where it has one: the worker knows its clock. */
function engineText({ state, model, message, since, ...engine }: ModelServerStatus, nowMs: number): string {
  const name = model === '' ? 'model server' : printable(model);
  if (message?.includes(model)) return printable(message);
  if (message !== null) return `${name} ${state}: ${printable(message)}`;
  if (state !== 'loading') return `${name} ${state}`;
  const loadedFor = durationText(Math.max(0, nowMs - Date.parse(since)));
  const expected = engine.expected_load_ms;
  return `${name} loading ${loadedFor}${expected === null ? '' : ` of about ${durationText(expected)}`}`;
}

function runLine({ run_id: runId, status }: SlotStatus['runs'][number]): string {
  const { completed_tasks: done, failed_tasks: failed, progress_percent: percent, message } = status;
  const counts = failed === 0 ? `${done} done` : `${done} done, ${failed} failed`;
  const said = message === null ? '' : `  ${printable(message)}`;
  return row(
    '',
    `run ${runId}  ${status.status}  ${meter(percent / 100, 10)} ${percent} %, ${counts}${said}`,
  );
}
