import { describe, expect, it } from 'vitest';
import {
  type InferenceReportHeader,
  type InferenceReportItem,
  inferenceReportSchema,
} from '../../../../../src/core/inference/inference-report.ts';
import { renderInferenceReport } from '../../../../../src/output/report/inference/render-inference-report.ts';
import { reportPageLimits } from '../../../../../src/output/report/specs/render-specs-page.ts';
import type { PageLimits } from '../../../../../src/output/report/specs/spec-data.ts';
import { sampleRunHeader, sampleRunItem } from '../../../../support/sample-inference-report.ts';

const clip = new Uint8Array(Buffer.from('a clip of a video'));
const still = new Uint8Array(Buffer.from('a frame'));
const items = [
  sampleRunItem(1, 'prompt-failed'),
  sampleRunItem(2, 'video-failed'),
  sampleRunItem(3, 'waiting'),
  sampleRunItem(4, 'done'),
  sampleRunItem(5, 'done'),
  sampleRunItem(6, 'left-out'),
];

describe('renderInferenceReport', () => {
  it('carries every spec unchanged, with its pictures, and may play clips of its own', async () => {
    const page = await render({ items });
    expect(blocks(page, 'spec-data').flat()).toEqual(items);
    const media = blocks(page, 'media-data').flat();
    expect(media[3]).toEqual({
      frames: [base64(still)],
      videos: [{ stills: [base64(still)], clip: base64(clip) }],
    });
    expect(media[2]).toEqual({ frames: [base64(still)], videos: [{ stills: [], clip: null }] });
    expect(page).toMatch(/Content-Security-Policy" content="default-src 'none';[^"]*media-src blob:/);
    expect(page).not.toContain('Not everything is in this page');
  });

  it('has a filter for each status that some spec has, with its count', async () => {
    const page = await render({ items });
    const filters = [
      ...page.matchAll(/data-status="([^"]+)"[^>]*>\s*<span[^>]*><\/span><span>([^<]+)<\/span><b>(\d+)/g),
    ];
    expect(filters.map(([, ...parts]) => parts)).toEqual([
      ['prompt-failed', 'Prompts failed', '1'],
      ['video-failed', 'Videos failed', '1'],
      ['waiting', 'Waiting', '1'],
      ['done', 'Done', '2'],
      ['left-out', 'Left out', '1'],
    ]);
  });

  it('lists failed prompts and videos as plain markup for readers without scripts', async () => {
    const page = await render({ items });
    const plain = [...page.matchAll(/<noscript>([\s\S]*?)<\/noscript>/g)].map(([, text]) => text).join('');
    expect(plain.match(/<li>/g)).toHaveLength(2);
    expect(plain).toContain('prompt-blocked');
  });

  it('carries clips up to a number of bytes, stills beyond it, and says so', async () => {
    const page = await render({ items, limits: { maxClipsBytes: clip.byteLength } });
    const videos = blocks(page, 'media-data')
      .flat()
      .flatMap((media) => Object(media).videos);
    expect(videos.filter((video) => video.clip !== null)).toHaveLength(1);
    expect(videos.filter((video) => video.stills.length > 0)).toHaveLength(2);
    expect(page).toContain('1 video does not play here; its link leads to the whole video.');
  });

  it('says how many videos do not play where there is no time for pictures, or no room', async () => {
    const bare = { frames: [], videos: [] };
    const [without, beyond] = await Promise.all([
      render({ items, readMedia: async () => bare }),
      render({ items, limits: { maxItemsWithFrames: 0 } }),
    ]);
    expect(without).toContain('2 videos do not play here; their links lead to the whole video.');
    expect(beyond).toContain('2 videos do not play here');
  });

  it('lists all failures beyond the limit of specs', async () => {
    const page = await render({ items, limits: { maxItems: 1 } });
    expect(blocks(page, 'spec-data').flat()).toEqual(items.slice(0, 2));
    expect(page).toContain('4 specs that did not fail are not listed here.');
  });
});

describe('the head of the page of a run to videos', () => {
  it.each([
    { status: 'complete', commands: [] },
    { status: 'partial', commands: ['cosmos resume run-7'] },
    { status: 'unfinished', commands: ['cosmos resume run-7'] },
    { status: 'failed', commands: ['cosmos resume run-7'] },
    { status: 'paused', commands: ['cosmos resume run-7'] },
    { status: 'detached', commands: ['cosmos attach run-7', 'cosmos resume run-7'] },
  ] as const)('a $status run is continued by $commands', async ({ status, commands }) => {
    const page = await render({ items: [], header: { status, run_id: 'run-7' } });
    expect([...page.matchAll(/data-copy="([^"]*)"/g)].map(([, command]) => command)).toEqual(commands);
  });

  it('of a run that waits for a person says where prompts are edited, and how many videos come', async () => {
    const waiting = [1, 2, 3].map((index) => sampleRunItem(index, 'waiting', { prompt_status: 'upsampled' }));
    const page = await render({ items: waiting, header: { status: 'paused' } });
    expect(page).toContain('edit it in <bdi>/home/you/outputs/upsampled</bdi>');
    expect(page).toContain('make 3 videos');
  });

  it.each([
    { rule: 'counts videos', items, header: {}, title: '2 of 5 videos made' },
    {
      rule: 'counts prompts where no video is asked for',
      items,
      header: { stages: ['upsample'] },
      title: '3 of 6 prompts enriched',
    },
    { rule: 'counts prompts to be read', items, header: { status: 'paused' }, title: '3 prompts to read' },
  ] as const)('its title $rule', async ({ header, title }) => {
    const page = await render({ items, header: header as Partial<InferenceReportHeader> });
    expect(page).toContain(`<h1>${title}</h1>`);
  });

  it('names the model and whether its guardrails are on, only where there are videos', async () => {
    const page = await render({ items, header: { guardrails: 'off' } });
    expect(page).toContain('<dt>Model</dt><dd>Cosmos-Transfer2.5</dd>');
    expect(page).toContain('<dt>Guardrails</dt><dd>Off</dd>');
    expect(await render({ items, header: { stages: ['upsample'] } })).not.toContain('<dt>Guardrails');
  });

  it('does not name who enriched prompts that were taken as they are', async () => {
    const page = await render({ items, header: { stages: ['inference'], engine: '', model: '' } });
    expect(page).not.toContain('<dt>Prompts by');
  });
});

it('the samples are reports', () => {
  const report = { ...sampleRunHeader(items), items };
  expect(inferenceReportSchema.parse(report)).toEqual(report);
});

interface Rendering {
  readonly items: readonly InferenceReportItem[];
  readonly header?: Partial<InferenceReportHeader>;
  readonly limits?: Partial<PageLimits>;
  readonly readMedia?: typeof mediaOf;
}

async function mediaOf({ videos }: InferenceReportItem) {
  return {
    frames: [still],
    videos: videos.map(({ file }) => (file ? { stills: [still], clip } : { stills: [], clip: null })),
  };
}

async function render({ items: listed, header, limits, readMedia = mediaOf }: Rendering): Promise<string> {
  async function* inTurn() {
    yield* listed;
  }
  const head = sampleRunHeader(listed, header);
  let page = '';
  for await (const piece of renderInferenceReport(head, inTurn(), readMedia, {
    ...reportPageLimits,
    ...limits,
  }))
    page += piece;
  return page;
}

function blocks(page: string, name: string): unknown[][] {
  const pattern = new RegExp(`<script type="application/json" class="${name}">(.*?)</script>`, 'gs');
  return [...page.matchAll(pattern)].map(([, json]) => JSON.parse(json ?? ''));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
