import { describe, expect, it } from 'vitest';
import type { ReportItem } from '../../../../../../src/core/upsample/upsample-report.ts';
import { createOrder } from '../../../../../../src/output/report/page/specs/order.ts';
import { sampleItem } from '../../../../../browser/sample-run.ts';
import { sampleRunItem, sampleVideo } from '../../../../../support/sample-inference-report.ts';

const base = { ...sampleItem(1), prompt_before: null, prompt_after: null, video: null, failure: null };
const specs: ReportItem[] = [
  spec('take 10', { prompt_before: 'Ein Café in Köln', duration_ms: 300 }, 130),
  spec('take 9', { prompt_after: 'a RED cube', duration_ms: 900 }, 50),
  spec(
    'broken',
    { status: 'failed', failure: { code: 'no-video', message: 'gone', next_step: 'add' }, tokens: null },
    null,
  ),
  spec('Aerial', { spec: 'coast/drone.json', status: 'reused', duration_ms: null }, 100),
];

describe('the order of specs', () => {
  it.each([
    { rule: 'case and accents do not matter', text: 'cafe koln', expected: ['take 10'] },
    { rule: 'all words must occur', text: 'red aerial', expected: [] },
    { rule: 'words match in any order and field', text: 'cube take', expected: ['take 9'] },
    { rule: 'the path is searched', text: 'DRONE.json', expected: ['Aerial'] },
    { rule: 'the failure code is searched', text: 'no-video', expected: ['broken'] },
    { rule: 'the text of a search is no pattern', text: 'take.10', expected: [] },
  ])('$rule', ({ text, expected }) => expect(names({ text })).toEqual(expected));

  it.each([
    {
      rule: 'failures come first, the rest stays',
      sort: 'failures',
      expected: ['broken', 'take 10', 'take 9', 'Aerial'],
    },
    { rule: 'names count like people do', sort: 'name', expected: ['Aerial', 'broken', 'take 9', 'take 10'] },
    {
      rule: 'drift is sorted by size, not by sign',
      sort: 'drift',
      expected: ['take 9', 'take 10', 'Aerial', 'broken'],
    },
    {
      rule: 'the slowest comes first',
      sort: 'duration',
      expected: ['take 9', 'take 10', 'broken', 'Aerial'],
    },
  ])('$rule', ({ sort, expected }) => expect(names({ sort })).toEqual(expected));

  it('shows the chosen statuses only', () => {
    expect(names({ statuses: new Set(['failed', 'reused']) })).toEqual(['broken', 'Aerial']);
  });

  it('finds specs that arrived after the first search', () => {
    const order = createOrder();
    const growing = specs.slice(0, 1);
    const selection = { text: 'take', statuses: new Set<string>(), sort: 'failures' };
    expect(order.select(growing, selection)).toEqual([0]);
    growing.push(...specs.slice(1));
    expect(order.select(growing, selection)).toEqual([0, 1]);
  });
});

describe('the order of specs with videos', () => {
  const withVideos = [
    sampleRunItem(4, 'done', {
      videos: [sampleVideo('a/one', 'made', { duration_ms: 20 })],
      duration_ms: 900,
    }),
    sampleRunItem(2, 'video-failed'),
    sampleRunItem(5, 'done', {
      videos: [
        sampleVideo('b/one', 'made', { duration_ms: 30 }),
        sampleVideo('b/two', 'reused', { duration_ms: 40, warnings: ['the prompt is cut off'] }),
      ],
    }),
    sampleRunItem(1, 'prompt-failed', { duration_ms: null }),
  ];
  const select = (selection: { text?: string; sort?: string }) =>
    createOrder().select(withVideos, { text: '', sort: '', statuses: new Set(), ...selection });

  it.each([
    {
      rule: 'prompts and videos that failed come first',
      asked: { sort: 'failures' },
      expected: [1, 3, 0, 2],
    },
    {
      rule: 'videos take the time, where some were made',
      asked: { sort: 'duration' },
      expected: [1, 2, 0, 3],
    },
    { rule: 'videos are searched', asked: { text: 'b/two' }, expected: [2] },
    { rule: 'warnings are searched', asked: { text: 'cut off' }, expected: [2] },
    { rule: "videos' failures are searched", asked: { text: 'prompt-blocked' }, expected: [1] },
  ])('$rule', ({ asked, expected }) => expect(select(asked)).toEqual(expected));
});

function names(selection: {
  text?: string;
  sort?: string;
  statuses?: ReadonlySet<string>;
}): (string | undefined)[] {
  const asked = { text: '', sort: 'failures', statuses: new Set<string>(), ...selection };
  return createOrder()
    .select(specs, asked)
    .map((index) => specs[index]?.name);
}

/** A spec whose prediction is 100 tokens, of which the engine counted `actual`. */
function spec(name: string, changes: Partial<ReportItem>, actual: number | null): ReportItem {
  const tokens = base.tokens && { ...base.tokens, prompt_predicted: 100, actual_prompt: actual };
  return { ...base, name, spec: `${name}.json`, tokens, duration_ms: 0, ...changes };
}
