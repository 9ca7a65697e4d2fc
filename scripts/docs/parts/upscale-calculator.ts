import { markdownTable } from '../markdown-table.ts';
import { configurationOf, measured } from './measured-tables.ts';

/** What the seeds call a task: `frames` frames within `budgetSeconds`. */
const frames = 300;
const budgetSeconds = 40;
/** Seconds for one frame, and workers side by side, as the seeds assume them. */
const seedFrameSeconds = 8.72;
const seedWorkers = 6;
const batch = 8;

/** The size of the films that `upscale-stages.ts` measures, in pixels. */
const measuredPixels = 854 * 480;
const measuredScale = 2;

interface Task {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly scale: number;
}

const tasks: readonly Task[] = [
  { name: 'SD2HD', width: 960, height: 540, scale: 2 },
  { name: 'HD24K', width: 1920, height: 1080, scale: 2 },
  { name: 'SD24K', width: 960, height: 540, scale: 4 },
  { name: '4K28K', width: 3840, height: 2160, scale: 2 },
];

type Preset = 'medium' | 'veryfast';

/** Figures that everything is computed from. */
export function calculatorInputs(): string {
  const rows = [
    [
      'start, report and whatever else does not depend on the length',
      `${fixedSeconds().toFixed(1)} s`,
      'upscale-length',
    ],
    ...(
      [
        ['looking at the frames (`--dedupe safe`)', 'scan, dedupe safe'],
        ['decoding', 'decode'],
        ['encoding, preset medium', 'encode, medium'],
        ['encoding, preset veryfast', 'encode, veryfast'],
        ['putting together and verifying', 'assembly, frames'],
      ] as const
    ).map(([name, figure]) => [name, `${rate(figure).toFixed(0)} frames a second`, 'upscale-stages']),
    [`${batch} frames at once, times one at once, a model on the CPU`, gain().toFixed(2), 'batch-sizes'],
  ];
  const table = markdownTable(
    ['', 'measured', 'by'],
    rows.map(([name = '', value = '', by = '']) => [name, value, `\`${by}.ts\``]),
  );
  return `${table}\n\n${configurationOf('upscale-stages')}`;
}

/** What each task takes here besides the model, and how quick the model has to be. */
export function taskTable(): string {
  const rows = tasks.flatMap((task) =>
    (['veryfast', 'medium'] as const).map((preset) => {
      const around = aroundSeconds(task);
      const left = budgetSeconds - around;
      const work = frames * (decodeSeconds(task) + encodeSeconds(task, preset));
      return [
        `${task.name}: ${task.width}x${task.height} to ${task.width * task.scale}x${task.height * task.scale}`,
        preset,
        `${around.toFixed(1)} s`,
        `${work.toFixed(0)} s`,
        left > 0 ? (frames / left).toFixed(1) : 'not to be met',
        left <= 0
          ? 'not to be met'
          : work <= left
            ? 'yes'
            : `no: ${(work / left).toFixed(1)} times the cores`,
      ];
    }),
  );
  const head = [
    'task',
    'preset',
    'around the segments',
    'decoding and encoding',
    'frames a second of the model',
    'enough cores',
  ];
  return markdownTable(head, rows);
}

/** What a model of some speed makes of 300 frames, on this machine's cores. */
export function speedTable(): string {
  const speeds = [0.5, 1, 2, 5, 10, 20];
  const rows = speeds.map((speed) => [
    String(speed),
    ...tasks.map((task) => {
      const work = frames * Math.max(1 / speed, decodeSeconds(task) + encodeSeconds(task, 'veryfast'));
      return `${(aroundSeconds(task) + work).toFixed(0)} s`;
    }),
  ]);
  return markdownTable(['frames a second of the model', ...tasks.map(({ name }) => name)], rows);
}

/** What the seeds foretell of batches, and what the measured gain makes of it. */
export function batchTable(): string {
  const rounds = Math.ceil(frames / seedWorkers);
  const alone = rounds * seedFrameSeconds;
  const seeds = Math.ceil(rounds / batch) * seedFrameSeconds;
  return markdownTable(
    ['', 'seconds for 300 frames', 'frames a second'],
    [
      ['one frame at once, six workers, as the seeds have it', alone],
      ['batches of eight, each as quick as one frame, as the seeds foretell', seeds],
      [`batches of eight with the gain that was measured here, ${gain().toFixed(2)}`, alone / gain()],
      ['what the budget needs, with nothing around it', budgetSeconds],
    ].map(([name, seconds]) => [
      String(name),
      Number(seconds).toFixed(0),
      (frames / Number(seconds)).toFixed(2),
    ]),
  );
}

function gain(): number {
  return measured('batch-sizes', `${batch} at once, times one at once`);
}

function fixedSeconds(): number {
  return measured('upscale-length', 'whatever the length');
}

/**
 * What comes before the first segment and after the last one. Putting together does not depend on the size of frames:
 * what is decoded to verify it is a segment at most, and segments have fewer frames where these are larger.
 */
function aroundSeconds({ width, height }: Task): number {
  const source = (width * height) / measuredPixels;
  return fixedSeconds() + frames * (source / rate('scan, dedupe safe') + 1 / rate('assembly, frames'));
}

function decodeSeconds({ width, height }: Task): number {
  return (width * height) / measuredPixels / rate('decode');
}

function encodeSeconds({ width, height, scale }: Task, preset: Preset): number {
  const output = (width * height * scale ** 2) / (measuredPixels * measuredScale ** 2);
  return output / rate(`encode, ${preset}`);
}

/** Frames per second of a stage with films of the measured size. */
function rate(stage: string): number {
  return measured('upscale-stages', stage);
}
