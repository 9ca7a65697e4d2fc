import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { ComparedFrame, VideoReport } from '../../../../../src/core/video/video-report.ts';
import { renderVideoReport } from '../../../../../src/output/report/video/render-video-report.ts';
import { failedSegment, sampleSegment, sampleUpscaleReport } from '../../../../support/sample-upscale.ts';

const picture: ComparedFrame = {
  frame: 1201,
  seconds: 3750.04,
  before: new Uint8Array(Buffer.from('before')),
  after: new Uint8Array(Buffer.from('after')),
  closeUp: null,
};

describe('renderUpscaleReport', () => {
  it('is one document that names nothing outside itself', () => {
    const page = render();
    expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
    expect(page.trimEnd()).toMatch(/<\/html>$/);
    expect(page).not.toMatch(
      /\b(?:src|href)="(?!#|data:image\/jpeg;base64,)|@import|url\(|\bimport\(|fetch\(|https?:/,
    );
  });

  it('allows exactly the scripts and the style it has, by hash', () => {
    const page = render();
    const policy = /Content-Security-Policy" content="([^"]+)"/.exec(page)?.[1] ?? '';
    const code = [...page.matchAll(/<(script|style)>([\s\S]*?)<\/\1>/g)].map(([, , text]) =>
      hashOf(text ?? ''),
    );
    expect(code).toHaveLength(3);
    for (const hash of code) expect(policy).toContain(hash);
    expect(policy.match(/sha256-/g)).toHaveLength(3);
    expect(policy).toMatch(/^default-src 'none';/);
    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    expect(page).not.toMatch(/<[^>]+\sstyle=/);
  });

  it('shows pictures before and after, and where they are from', () => {
    const page = render({}, [picture]);
    expect(page).toContain(`src="data:image/jpeg;base64,${Buffer.from('before').toString('base64')}"`);
    expect(page).toContain('Frame 1,201 upscaled to 1280 by 720');
    expect(page).toContain('1:02:30.0');
    expect(render()).not.toContain('Before and after');
  });

  it.each([
    {
      rule: 'a finished run',
      changes: {},
      texts: ['1,439 frames upscaled to 1280', 'every frame within 0.4 ms'],
    },
    {
      rule: 'exact times',
      changes: { video: video({ max_time_error_ms: 0 }) },
      texts: ['every frame at the time it has in the source'],
    },
    {
      rule: 'failures, with their next step',
      changes: { status: 'partial', is_resumable: true, video: null, segments: [failedSegment(2)] },
      texts: [
        '1 segment failed',
        'Frames 481–720 after 3 attempts',
        'smaller --tile',
        'cosmos resume 20260301-101500-7f3a9c',
      ],
    },
    {
      rule: 'no duplicates',
      changes: { counts: { ...sampleUpscaleReport().counts, duplicates: 0 } },
      texts: ['None found'],
    },
    {
      rule: 'duplicates that nobody looked for',
      changes: { settings: { ...sampleUpscaleReport().settings, dedupe: 'off' } },
      texts: ['Not searched for'],
    },
    { rule: 'a source that is gone', changes: { streams: null }, texts: ['can no longer be read'] },
    { rule: 'a source with a picture alone', changes: { streams: [] }, texts: ['no other streams'] },
    {
      rule: 'what was said before the work began',
      changes: { notices: ['12-bit becomes 10-bit.'] },
      texts: ['Good to know', '12-bit becomes 10-bit.'],
    },
    {
      rule: 'a run before its first segment',
      changes: {
        status: 'unfinished',
        time_ms: { total: 0, scan: 0, segments: 0, finish: 0 },
        frames_per_second: null,
        finished_frames: 0,
        segments: [],
      },
      texts: ['0 of 1,439 frames upscaled'],
    },
  ] as const)('tells $rule', ({ changes, texts }) => {
    const page = render(changes as Partial<VideoReport>);
    for (const text of texts) expect(page).toContain(text);
  });

  it('escapes whatever comes from outside', () => {
    const attack = '</script><img src=x onerror="hacked()">\u202e';
    const page = render({
      run_id: attack,
      input: attack,
      output: attack,
      host: attack,
      engine: attack,
      model: attack,
      notices: [attack],
      segments: [failedSegment(0, attack)],
      streams: [{ index: 1, type: attack, codec: attack, language: attack, action: 'drop', why: attack }],
    });
    expect(page).not.toContain('<img');
    expect(page).not.toContain('\u202e');
    expect(page.match(/<\/script>/g)).toHaveLength(2);
  });

  it('lists no more than 500 segments, but all that failed', () => {
    const segments = Array.from({ length: 700 }, (_, index) =>
      index === 650 ? failedSegment(index) : sampleSegment(index),
    );
    const page = render({ segments });
    expect(page.match(/<th scope="row">\d+<\/th>/g)).toHaveLength(501);
    expect(page).toContain('199 more that did not fail');
    expect(page).toContain('<details><summary>700 segments');
  });

  it('joins neighbouring segments with the same outcome in the bar', () => {
    const segments = [0, 1, 2, 3].map((index) => (index === 2 ? failedSegment(index) : sampleSegment(index)));
    const bar = /<svg class="counts-bar"[\s\S]*?<\/svg>/.exec(render({ segments }))?.[0] ?? '';
    expect(
      [...bar.matchAll(/rect class="(\w+)"[^>]* width="([\d.]+)"/g)].map(([, kind, width]) => [kind, width]),
    ).toEqual([
      ['upsampled', '500.0'],
      ['failed', '250.0'],
      ['upsampled', '250.0'],
    ]);
  });
});

function render(changes: Partial<VideoReport> = {}, pictures: readonly ComparedFrame[] = []): string {
  return [...renderVideoReport(sampleUpscaleReport(changes), pictures)].join('');
}

function video(changes: Partial<NonNullable<VideoReport['video']>>): VideoReport['video'] {
  const sample = sampleUpscaleReport().video;
  return sample && { ...sample, ...changes };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
