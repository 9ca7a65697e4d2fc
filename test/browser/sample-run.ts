import type { ReportHeader, ReportItem } from '../../src/core/upsample/upsample-report.ts';

const scenes = [
  ['warehouse robot', 'A robot arm picks up a red cube.', 'robots/arm'],
  ['harbour at dusk', 'Cranes unload containers at dusk.', 'harbour/dusk'],
  ['forest trail', 'A trail through a pine forest in fog.', 'nature/trail'],
  ['城市街道', '雨后的城市街道,行人撑着伞。', 'asia/street'],
  ['سوق قديم', 'رجل يمشي في سوق قديم بين المحلات.', 'mena/souk'],
  ['kitchen', 'Steam rises from a pot on the stove.', 'indoor/kitchen'],
  ['coast road', 'A car drives along the coast road, seen from a drone.', 'roads/coast'],
] as const;

const causes = [
  [
    'video-unreadable',
    'The video clips/take_07.mp4 has no frame that can be read.',
    'Re-export the video, then resume the run.',
  ],
  ['resolution-too-large', '1920x1080 needs 71,746 tokens; the limit is 3,686.', 'Use --auto-resize.'],
  ['prompt-too-long', 'The prompt alone needs 5,210 of 4,096 tokens.', 'Shorten the prompt.'],
] as const;

/** `count` specs with every status, failures first, as a run would report them. */
export function sampleItems(count: number): ReportItem[] {
  const failures = Math.min(Math.max(3, Math.round(count / 50)), count);
  return Array.from({ length: count }, (_, index) => sampleItem(index, index < failures, count));
}

/** The header that fits `items`. */
export function sampleHeader(
  items: readonly ReportItem[],
  changes: Partial<ReportHeader> = {},
): ReportHeader {
  const counted = (status: ReportItem['status']) => items.filter((item) => item.status === status).length;
  return {
    version: 1,
    run_id: '20260301-101500-7f3a9c',
    tool_version: '0.1.0',
    status: 'partial',
    ending: null,
    host: 'local',
    engine: 'openai',
    model: 'mistralai/Pixtral-12B-2409',
    input_root: './demo/specs',
    output_dir: './outputs/upsampled',
    started_at: '2026-03-01T10:15:00.000Z',
    finished_at: '2026-03-01T10:17:31.000Z',
    duration_ms: 151_400,
    counts: {
      total: items.length,
      upsampled: counted('upsampled'),
      reused: counted('reused'),
      skipped: counted('skipped'),
      failed: counted('failed'),
    },
    token_drift: {
      estimator: 'linear',
      prompts: counted('upsampled'),
      predicted: 66_900,
      actual: 18_216,
      drift_percent: 267.3,
      is_notable: true,
      is_vision_missing: false,
    },
    is_resumable: true,
    ...changes,
  };
}

/** One spec that worked; `changes` say what is different. */
export function sampleItem(index: number, isFailed = false, count = 40): ReportItem {
  const [name, prompt, folder] = scenes[index % scenes.length] ?? scenes[0];
  const status = isFailed ? 'failed' : statusOf(index, count);
  const isAnswered = status === 'upsampled' || status === 'reused';
  const [code, message, nextStep] = causes[index % causes.length] ?? causes[0];
  const hasNoVideo = isFailed && index % 3 === 0;
  return {
    spec: `${folder}/${String(index).padStart(4, '0')}.json`,
    name: `${name} ${index}`,
    status,
    prompt_before: prompt,
    prompt_after: isAnswered ? enriched(prompt, index) : null,
    output: isAnswered ? `outputs/upsampled/${folder}/${String(index).padStart(4, '0')}.json` : null,
    video: hasNoVideo
      ? null
      : { path: `clips/take_${index}.mp4`, width: 1920, height: 1080, frames: 240 + index },
    hint: hasNoVideo
      ? null
      : { sha256: index.toString(16).padStart(64, 'a'), width: 320, height: 180, frames: 2, generated: true },
    frames_used: isAnswered ? 2 : null,
    tokens: {
      estimator: 'linear',
      vision: 1992,
      text: 30 + (index % 20),
      output_reserved: 300,
      limit: 4096,
      prompt_predicted: 2025 + (index % 20),
      actual_prompt: isAnswered ? 540 + ((index * 37) % 60) : null,
      actual_output: isAnswered ? 96 + (index % 40) : null,
    },
    attempts: isAnswered ? 1 + (index % 7 === 0 ? 1 : 0) : Number(isFailed),
    duration_ms: isAnswered ? 620 + ((index * 389) % 2900) : null,
    failure: isFailed ? { code, message, next_step: nextStep } : null,
  };
}

function statusOf(index: number, count: number): ReportItem['status'] {
  if (index >= count - Math.ceil(count / 20)) return 'pending';
  if (index % 11 === 0) return 'skipped';
  return index % 6 === 0 ? 'reused' : 'upsampled';
}

/** The user's words with a scene around them, one word changed, the way a model answers. */
function enriched(prompt: string, index: number): string {
  if (/[\u4e00-\u9fff]/.test(prompt)) {
    return `${prompt.replace('行人', '几位行人')}霓虹灯的倒影在湿润的路面上闪烁,镜头缓慢向前推进,画面安静而富有电影感。`;
  }
  if (/[\u0600-\u06ff]/.test(prompt)) {
    return `${prompt} الضوء الدافئ يتسلل من بين الأقمشة المعلقة، والكاميرا تتبعه ببطء.`;
  }
  const changed = prompt.replace('A ', 'A single ').replace('seen from a drone', 'filmed from a low drone');
  return `${changed} The light is soft and slightly warm, falling from the left and leaving long, gentle shadows on the ground. The camera holds steady at eye level while the subject moves calmly through the middle of the frame. Fine detail is visible in every surface, from brushed metal to worn paint, and the background stays in quiet focus. Take ${index} has a muted palette of greys and ochres with one saturated accent, and the motion is slow, even and physically plausible from the first frame to the last.`;
}
