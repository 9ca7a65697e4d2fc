import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import type { Journaled } from '../../../../src/core/run/run-status.ts';
import type { VideoEventBody } from '../../../../src/core/video/video-event.ts';
import { barDisplay, lineDisplay } from '../../../../src/output/progress/display.ts';
import { eventLines } from '../../../../src/output/progress/event-lines.ts';
import { combineObservers, partialObserver } from '../../../../src/output/progress/observers.ts';
import { VideoProgress } from '../../../../src/output/progress/video-progress.ts';
import type { VideoBeginning, VideoObserver } from '../../../../src/ports/run-observer.ts';
import { workerStatus } from '../../../support/sample-worker-status.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';

const run: VideoBeginning = { runId: 'r', frames: 1439, finishedFrames: 0, segments: 6, engine: 'lanczos' };
const failure = {
  type: 'segment-failed',
  segment_id: 3,
  task_key: 'k',
  attempts: 3,
  code: 'out-of-memory',
  message: 'Too large.',
  next_step: 'h',
} as const;

const finished = {
  type: 'segment-finished',
  ...{ task_key: 'k', unique_frames: 1, sha256: '', size_bytes: 1, attempts: 1 },
  ...{ duration_ms: 1, stages_ms: { decode: 0, upscale: 0, encode: 0 }, batch_size: 8, tile: 0, lanes: 1 },
} as const;

describe('UpscaleProgress as bars', () => {
  it('shows the scan, then the frames and the engine, then how the video is finished', async () => {
    const { shown, bars } = terminal();
    bars.onScan(700, 1439);
    await expect.poll(shown).toMatch(/ Scan {4}[█░]+ 700\/1,439/);
    bars.onBegin(run);
    bars.onFrames(312);
    await expect.poll(shown).toMatch(/ Frames {2}▓+░+ 312\/1,439, 0 saved *\n* *\r?.*Engine {2}lanczos/s);
    // What is under way does not count as saved before its segment is finished.
    bars.onEvent(event({ ...finished, segment_id: 0, frames: 240 }));
    await expect.poll(shown).toMatch(/ Frames {2}█+▓+░+ 312\/1,439, 240 saved/);
    bars.onEvent(event({ ...finished, segment_id: 1, frames: 1199 }));
    bars.onFrames(1439);
    bars.onAssembly({ step: 'append', done: 3, total: 6 });
    bars.onAssembly({ step: 'verify', done: 120, total: 1439 });
    bars.onEnd();
    bars.onEnd();
    expect(shown()).toMatch(/ Frames {2}█+ 1,439\/1,439/);
    expect(shown()).toMatch(/ Finish {2}[█░]+ checking frame 120 of 1,439/);
  });

  it('counts a scan whose end is not known', async () => {
    const { shown, bars } = terminal();
    bars.onScan(1700, null);
    await expect.poll(shown).toMatch(/ Scan {4}1,700 frames/);
    bars.onEnd();
  });

  it('tells failures, hosts that go, and what workers wait for', () => {
    const { shown, bars } = terminal();
    bars.onBegin(run);
    bars.onEvent(event(failure));
    bars.onEvent(event({ type: 'host-unreachable', host: 'gpu1', message: 'no route' }));
    bars.onEvent(event({ type: 'host-reachable', host: 'gpu1' }));
    bars.onWorkerStatus(workerStatus({ message: 'The disk is full.' }));
    bars.onNotice('A \u001b[31mnotice.');
    bars.onEnd();
    expect(shown()).toContain('failed: segment 3: out-of-memory: Too large.');
    expect(shown()).toMatch(
      /gpu1 unreachable since [\d:]+ — its work keeps running; trying again \(no route\)/,
    );
    expect(shown()).toContain('gpu1 reachable again');
    expect(shown()).toContain('waiting: The disk is full.');
    expect(shown()).toContain('A \\u001b[31mnotice.');
    expect(shown()).toMatch(/0\/1,439, 1 segment failed/);
    expect(shown()).toMatch(/Engine {2}waiting for 0 s: The disk is full\./);
  });
});

describe('UpscaleProgress as lines', () => {
  it('tells every ten seconds how it stands, whatever is under way', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const { lines, progress } = listen();
    vi.advanceTimersByTime(10_000);
    progress.onScan(700, 1439);
    vi.advanceTimersByTime(10_000);
    progress.onBegin({ ...run, finishedFrames: 239 });
    progress.onEvent(event({ type: 'batch-submitted', batch_id: 0, worker_id: 0, tasks: 1 }));
    for (const frames of [339, 439, 539]) {
      vi.advanceTimersByTime(2_500);
      progress.onFrames(frames);
    }
    vi.advanceTimersByTime(2_500);
    progress.onAssembly({ step: 'streams', done: 0, total: 1 });
    vi.advanceTimersByTime(10_000);
    expect(lines).toEqual([
      'reading the video',
      'looked at 700 of 1,439 frames',
      'run r: 1,439 frames in 6 segments, 239 of them finished earlier; engine: lanczos',
      '539/1,439 frames, 239 saved, 27 fps, about 34 s left',
      'finishing the video: sound and other streams',
    ]);
  });

  it('tells no time that is left while the host is away', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    const { lines, progress } = listen();
    progress.onBegin(run);
    progress.onEvent(event({ type: 'host-unreachable', host: 'gpu1', message: 'no route' }));
    vi.advanceTimersByTime(10_000);
    expect(lines.at(-1)).toMatch(/^0\/1,439 frames, gpu1 unreachable since [\d:]+$/);
  });
});

describe('eventLines', () => {
  it.each([
    { rule: 'a run that never began', events: [] },
    { rule: 'a run that was cut off', events: [event(failure, 4)] },
  ])('ends with run-finished after $rule', async ({ events }) => {
    const path = join(await temporaryFolder(), 'events.jsonl');
    const lines = eventLines(path, { frames: 0, finished_segments: 0 });
    for (const each of events) lines.onEvent(each);
    lines.onEnd();
    lines.onEnd();
    const written = readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(written).toHaveLength(events.length + 1);
    expect(written.at(-1)).toMatchObject({
      version: 1,
      seq: events.length === 0 ? 0 : 5,
      type: 'run-finished',
      status: 'failed',
      counts: { frames: 0, finished_segments: 0 },
    });
  });
});

it('combined observers all hear everything', () => {
  const heard: string[] = [];
  const note = (name: string) =>
    partialObserver<VideoObserver>({ onFrames: (done) => heard.push(`${name} ${done}`) });
  const both = combineObservers([note('a'), note('b')]);
  both.onFrames(3);
  both.onScan(1, null);
  both.onEnd();
  expect(heard).toEqual(['a 3', 'b 3']);
});

function event(body: VideoEventBody, seq = 0): Journaled<VideoEventBody> {
  return { ...body, version: 1, seq, time: '2026-03-01T10:15:00.000Z' };
}

function listen() {
  const lines: string[] = [];
  const progress: VideoObserver = new VideoProgress(lineDisplay((line) => lines.push(line)));
  onTestFinished(() => progress.onEnd());
  return { lines, progress };
}

function terminal() {
  const stream = Object.assign(new PassThrough(), { isTTY: true, columns: 100 });
  let text = '';
  stream.on('data', (chunk) => {
    text += String(chunk);
  });
  return { bars: new VideoProgress(barDisplay(stream)), shown: () => stripVTControlCharacters(text) };
}
