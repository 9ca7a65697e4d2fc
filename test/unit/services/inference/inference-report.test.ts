import { describe, expect, it } from 'vitest';
import type {
  InferenceCheckpoint,
  PlannedVideoTask,
} from '../../../../src/core/inference/inference-checkpoint.ts';
import type { InferenceEventBody } from '../../../../src/core/inference/inference-event.ts';
import type {
  InferenceReportHeader,
  InferenceReportItem,
} from '../../../../src/core/inference/inference-report.ts';
import { inferenceReportSchema } from '../../../../src/core/inference/inference-report.ts';
import { inferenceSettingsFrom } from '../../../../src/core/inference/inference-settings.ts';
import { InferenceState } from '../../../../src/core/inference/inference-state.ts';
import { usualParameters } from '../../../../src/core/inference/parameters.ts';
import { specFailure } from '../../../../src/core/run/failure.ts';
import { resolveSettings } from '../../../../src/core/settings/resolve-settings.ts';
import { specIdOf } from '../../../../src/core/spec/spec-id.ts';
import type { HintRequest } from '../../../../src/ports/media-tool.ts';
import type { Ports } from '../../../../src/ports/ports.ts';
import type { PreviewRequest } from '../../../../src/ports/video-tool.ts';
import type { StoredInference } from '../../../../src/services/inference/inference-types.ts';
import { writeInferenceReport } from '../../../../src/services/inference/write-inference-report.ts';
import { sampleCheckpoint, samplePlanned } from '../../../support/sample-checkpoint.ts';

const blocked = specFailure('prompt-blocked', 'The guardrail blocked the prompt.');

describe('the report of a run from prompts to videos', () => {
  it('lists failed prompts, then failed videos, then what waits, what is done, and what is left out', async () => {
    const { items, header } = await write({
      videos: ['done', 'waits', 'outside', 'broken', 'deaf', 'early'].map((spec) => video(spec)),
      settings: { skip: ['outside'] },
      events: [
        ...['done', 'waits', 'outside', 'broken'].map(promptFinished),
        promptFailed('deaf'),
        videoFinished('done'),
        videoFailed('broken'),
      ],
    });
    expect(items.map(({ name, status }) => [name, status])).toEqual([
      ['deaf.json', 'prompt-failed'],
      ['broken.json', 'video-failed'],
      ['waits.json', 'waiting'],
      ['early.json', 'waiting'],
      ['done.json', 'done'],
      ['outside.json', 'left-out'],
    ]);
    expect(header.specs).toEqual({ prompt_failed: 1, video_failed: 1, waiting: 2, done: 1, left_out: 1 });
    expect(items[0]?.failure?.code).toBe('hint-failed');
    expect(items[0]?.videos[0]).toMatchObject({ status: 'failed', failure: { code: 'hint-failed' } });
    expect(items[1]?.videos[0]?.failure).toEqual(blocked);
    expect(items[4]?.videos[0]).toMatchObject({ status: 'made', file: { path: '/videos/done/done.mp4' } });
  });

  it('is failed by one of several videos, and waits for one of several', async () => {
    const [failed, waiting] = await Promise.all([
      write({
        videos: [video('a', 'one'), video('a', 'two')],
        events: [promptFinished('a'), videoFinished('a', 'one'), videoFailed('a', 'two')],
      }),
      write({
        videos: [video('a', 'one'), video('a', 'two')],
        events: [promptFinished('a'), videoFinished('a', 'one')],
      }),
    ]);
    expect(failed.items.map(({ status }) => status)).toEqual(['video-failed']);
    expect(waiting.items.map(({ status }) => status)).toEqual(['waiting']);
  });

  it('says that a prompt was edited: as it stands while it waits, as it was when the video was made', async () => {
    const events = [promptFinished('a'), promptFinished('b'), prepared('a', true), videoFinished('a')];
    const { items } = await write({ videos: [video('a'), video('b')], events, prompts: { b: 'Edited' } });
    expect(items.map(({ name, videos }) => [name, videos[0]?.is_prompt_edited])).toEqual([
      ['b.json', true],
      ['a.json', true],
    ]);
    expect(items[0]?.prompt_after).toBe('Edited');
  });

  it('has warnings of the plan and of the prompt as it was sent', async () => {
    const planned = { ...video('a'), warnings: ['it is short'] };
    const { items } = await write({
      videos: [planned],
      events: [promptFinished('a'), prepared('a', false, ['it is long'])],
    });
    expect(items[0]?.videos[0]?.warnings).toEqual(['it is short', 'it is long']);
  });

  it.each([
    { rule: 'waits for a person', last: 'paused', status: 'paused', finished: null },
    { rule: 'has ended', last: 'complete', status: 'complete', finished: '2026-01-10T10:00:00.000Z' },
    { rule: 'was killed', last: null, status: 'unfinished', finished: null },
  ] as const)('knows how a run stands that $rule', async ({ last, status, finished }) => {
    const counts = { total: 1, made: 0, reused: 0, skipped: 0, failed: 0 };
    const prompts = { total: 1, upsampled: 1, reused: 0, skipped: 0, failed: 0 };
    const end = { type: 'run-finished' as const, counts: { ...counts, prompts } };
    const { header } = await write({
      videos: [video('a')],
      events: [promptFinished('a'), ...(last ? [{ ...end, status: last }] : [])],
    });
    expect([header.status, header.finished_at]).toEqual([status, finished]);
  });

  it('of a run without prompts shows those of the specs, and says of no engine that it wrote them', async () => {
    const { header, items } = await write({
      videos: [video('a')],
      action: 'skip',
      settings: { stages: ['inference'] },
      events: [videoFinished('a')],
    });
    expect([header.engine, header.model, header.token_drift]).toEqual(['', '', null]);
    expect(items[0]).toMatchObject({
      status: 'done',
      prompt_before: 'Before',
      prompt_after: 'After',
      prompt_status: 'skipped',
    });
  });

  it('shows frames of an input of which none were sent, as they are found in its file', async () => {
    const source = { path: '/in/a.mp4', size_bytes: 1, modified_ms: 1, width: 1280, height: 720, frames: 48 };
    const { items, inputFrames } = await write({
      videos: [{ ...video('a'), source }, video('b')],
      events: [],
    });
    expect(items[0]?.video).toEqual({ path: '/in/a.mp4', width: 1280, height: 720, frames: 48 });
    expect(inputFrames).toEqual(['2 frames of /in/a.mp4 as 320x180', null]);
  });

  it('of a run without videos has none, and is done with the prompts', async () => {
    const { items, header } = await write({
      videos: [],
      specs: ['a', 'b'],
      settings: { stages: ['upsample'] },
      events: [promptFinished('a')],
    });
    expect(items.map(({ status, videos }) => [status, videos])).toEqual([
      ['waiting', []],
      ['done', []],
    ]);
    expect(header.specs.done).toBe(1);
  });
});

describe('previews', () => {
  const two = [video('a'), video('b')];
  const made = [promptFinished('a'), promptFinished('b'), videoFinished('a'), videoFinished('b')];

  it('are made once of each video, no larger than its page needs', async () => {
    const { requests, previews } = await write({ videos: two, events: made });
    expect(
      requests.map(({ sourcePath, size, durationSeconds }) => ({ sourcePath, size, durationSeconds })),
    ).toEqual([
      { sourcePath: '/videos/a/a.mp4', size: { width: 320, height: 176 }, durationSeconds: 5 },
      { sourcePath: '/videos/b/b.mp4', size: { width: 320, height: 176 }, durationSeconds: 5 },
    ]);
    expect(previews).toEqual(['/run/previews/sha-a.mp4', '/run/previews/sha-b.mp4']);
    const again = await write({ videos: two, events: made, existing: ['/run/previews/sha-a.mp4'] });
    expect(again.requests.map(({ sourcePath }) => sourcePath)).toEqual(['/videos/b/b.mp4']);
    expect(again.previews).toEqual(previews);
  });

  it('are not made of a file that is another one by now, nor where ffmpeg fails, and the report is written', async () => {
    const replaced = await write({
      videos: two,
      events: made,
      identify: (path) => (path.includes('/a/') ? 'other' : 'sha-b'),
    });
    expect(replaced.previews).toEqual([null, '/run/previews/sha-b.mp4']);
    const broken = await write({
      videos: two,
      events: made,
      makePreview: () => Promise.reject(new Error('no encoder')),
    });
    expect(broken.previews).toEqual([null, null]);
    expect(broken.items).toHaveLength(2);
  });

  it('are no longer begun when the report has taken some seconds, but those that are there are used', async () => {
    let nowMs = 0;
    const specs = ['a', 'b', 'c', 'd'];
    const events = specs.flatMap((spec) => [promptFinished(spec), videoFinished(spec)]);
    const { requests, previews } = await write({
      videos: specs.map((spec) => video(spec)),
      events,
      existing: ['/run/previews/sha-d.mp4'],
      now: () => nowMs,
      makePreview: async () => {
        nowMs += 3_500;
      },
    });
    expect(requests).toHaveLength(2);
    expect(previews).toEqual([
      '/run/previews/sha-a.mp4',
      '/run/previews/sha-b.mp4',
      null,
      '/run/previews/sha-d.mp4',
    ]);
  });
});

interface Scene {
  readonly videos: readonly PlannedVideoTask[];
  readonly events: readonly InferenceEventBody[];
  /** Those of the videos unless given. */
  readonly specs?: readonly string[];
  readonly action?: 'as-is' | 'skip';
  readonly settings?: Partial<InferenceCheckpoint['settings']>;
  /** Prompts that a person wrote, by spec. */
  readonly prompts?: Readonly<Record<string, string>>;
  readonly existing?: readonly string[];
  readonly identify?: (path: string) => string;
  readonly now?: () => number;
  readonly makePreview?: () => Promise<void>;
}

async function write(scene: Scene) {
  const names = scene.specs ?? [...new Set(scene.videos.map(({ spec }) => spec.replace('.json', '')))];
  const specs = names.map((name) => ({
    ...samplePlanned(`${name}.json`),
    action: scene.action ?? ('as-is' as const),
  }));
  const prompts = sampleCheckpoint('/out', { specs });
  const options = {
    stages: ['upsample', 'inference'],
    isReviewed: false,
    videosDir: '/videos',
    workers: 1,
    isForced: false,
    only: [],
    skip: [],
    named: [],
  } as const;
  const settings = {
    ...inferenceSettingsFrom(resolveSettings([]), prompts.settings, options),
    ...scene.settings,
  };
  const checkpoint: InferenceCheckpoint = {
    ...prompts,
    kind: 'inference',
    settings,
    videos: [...scene.videos],
    video_batches: [],
  };
  const state = new InferenceState(checkpoint);
  for (const event of scene.events) state.apply(event);
  const time = '2026-01-10T10:00:00.000Z';
  const events = scene.events.map((event, seq) => ({ ...event, version: 1 as const, seq, time }));
  const inside = (name: string) => `/run/${name}`;
  const paths = {
    checkpoint: '',
    journal: '',
    reportJson: '/run/report.json',
    reportHtml: '/run/report.html',
    inside,
  };
  const run: StoredInference = {
    runId: 'run-7',
    folder: '/run',
    checkpoint,
    events: [],
    isJournalTorn: false,
    paths,
  };
  const requests: PreviewRequest[] = [];
  const written: {
    header: InferenceReportHeader | null;
    items: InferenceReportItem[];
    previews: (string | null)[];
    inputFrames: (string | null)[];
  } = { header: null, items: [], previews: [], inputFrames: [] };
  const ports = {
    runs: { read: async () => ({ ...run, events }) },
    clock: { now: scene.now ?? (() => 0) },
    parallelism: 1,
    toolVersion: '0.1.0',
    specs: {
      outputPath: (folder: string, name: string) => `${folder}/${name}`,
      read: async (path: string) => Buffer.from(specText(path, scene.prompts)),
    },
    sources: {
      exists: async (path: string) => scene.existing?.includes(path) ?? false,
      identify: async (path: string) => ({ sha256: (scene.identify ?? shaOf)(path) }),
      makeFolder: async () => undefined,
    },
    video: {
      makePreview: async (request: PreviewRequest) => {
        requests.push(request);
        await scene.makePreview?.();
      },
    },
    media: {
      probe: async () => ({ width: 1280, height: 720, frames: 48, durationSeconds: 2, frameRate: 24 }),
      makeHint: async ({ sourcePath, frames, size }: HintRequest) => ({
        path: `${frames} frames of ${sourcePath} as ${size.width}x${size.height}`,
      }),
    },
    reports: {
      writeInference: async (_paths, header, items, { previewOf, inputFrames }) => {
        written.header = header;
        for await (const item of items()) written.items.push(item);
        const files = written.items.flatMap(({ videos }) => videos.flatMap(({ file }) => file ?? []));
        written.inputFrames = written.items.map(inputFrames);
        written.previews = files.map(({ sha256 }) => previewOf(sha256)?.clip ?? null);
      },
    } satisfies Pick<Ports['reports'], 'writeInference'>,
  } as unknown as Ports;
  await writeInferenceReport(run, state, ports);
  const { header, items, previews, inputFrames } = written;
  if (header === null) throw new Error('no report was written');
  expect(inferenceReportSchema.parse({ ...header, items })).toEqual({ ...header, items });
  return { header, items, previews, inputFrames, requests };
}

/** The spec at a path, as it is enriched. */
function specText(path: string, edited: Scene['prompts']): string {
  const name = path.slice(path.lastIndexOf('/') + 1).replace('.json', '');
  const id = specIdOf({ prompt: 'After', videoPath: '', controlInputs: {} });
  return JSON.stringify({
    ...{ id, prompt: edited?.[name] ?? 'After', is_upsampled: true, parent_prompt_text: 'Before' },
    metadata: { upsampling: {} },
  });
}

function shaOf(path: string): string {
  return `sha-${path.slice(path.lastIndexOf('/') + 1).replace('.mp4', '')}`;
}

function video(spec: string, name = spec): PlannedVideoTask {
  return {
    ...{ video: `${spec}/${name}`, spec: `${spec}.json`, run_spec: null, name, negative_prompt: '' },
    ...{ parameters: usualParameters, source: null, controls: [], existing_sha256: null },
    ...{ warnings: [], failure: null, batch_id: 0 },
  };
}

function promptFinished(spec: string): InferenceEventBody {
  return {
    ...{
      type: 'task-finished',
      spec: `${spec}.json`,
      task_key: spec,
      output: `/out/${spec}.json`,
      is_reused: false,
    },
    ...{ frames_used: 0, model: 'm', actual_prompt: null, actual_output: null, attempts: 1, duration_ms: 5 },
  };
}

function promptFailed(spec: string): InferenceEventBody {
  const failure = specFailure('hint-failed', 'It could not be made.');
  return { type: 'task-failed', spec: `${spec}.json`, task_key: null, attempts: 0, ...failure };
}

function prepared(spec: string, isEdited: boolean, warnings: string[] = []): InferenceEventBody {
  return { type: 'video-prepared', video: `${spec}/${spec}`, task_key: spec, is_edited: isEdited, warnings };
}

function videoFinished(spec: string, name = spec): InferenceEventBody {
  return {
    ...{
      type: 'video-finished',
      video: `${spec}/${name}`,
      task_key: name,
      output: `/videos/${spec}/${name}.mp4`,
    },
    ...{
      is_reused: false,
      sha256: `sha-${name}`,
      size_bytes: 9,
      width: 1280,
      height: 704,
      frames: 120,
      fps: 24,
    },
    ...{ guardrails: 'on', controls: [], attempts: 1, duration_ms: 60_000 },
  };
}

function videoFailed(spec: string, name = spec): InferenceEventBody {
  return { type: 'video-failed', video: `${spec}/${name}`, task_key: name, attempts: 1, ...blocked };
}
