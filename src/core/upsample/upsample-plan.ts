import { z } from 'zod';
import { innerPathSchema, isInnerPath } from '../inner-path.ts';
import type { LeftOut } from '../spec/select-specs.ts';
import type { UpsampleSettings } from './upsample-settings.ts';

/** What is to be done with a spec. */
export const specActions = ['hint', 'as-is', 'skip', 'fail'] as const;

/** Which of a spec's videos was chosen: its input video, or a control video by its kind. */
const videoKinds = ['video', 'vis', 'edge', 'seg', 'depth'] as const;

/** The video a spec's frames come from, as it was when the run was planned. */
const plannedVideoSchema = z.object({
  path: z.string(),
  width: z.int().min(1),
  height: z.int().min(1),
  /** The size as shown in parts of a pixel; only where it is no whole number of pixels. */
  exact_size: z
    .object({ width: z.int().min(1), height: z.int().min(1), per_pixel: z.int().min(1) })
    .optional(),
  frames: z.int().min(1),
  duration_seconds: z.number().min(0),
  frame_rate: z.number().min(0),
  size_bytes: z.number().min(0),
  modified_ms: z.number(),
  /** Which of the file's videos that are no cover pictures it is, from 0; only where it is not the first. */
  place: z.int().min(1).optional(),
  /** High dynamic range, by its transfer function. */
  hdr: z.enum(['pq', 'hlg']).optional(),
  /** The matrix that is assumed because the file says none; only where it is not that of BT.601. */
  assumed_matrix: z.enum(['bt709', 'bt2020']).optional(),
  /** Missing in older plans; then `video`. */
  kind: z.enum(videoKinds).optional(),
});

const sizeSchema = z.object({ width: z.int().min(1), height: z.int().min(1) });

/** The frames of a hint, and the picture inside where bars make them as large as the model wants. */
export const plannedHintSchema = sizeSchema.extend({
  frames: z.int().min(1),
  picture: sizeSchema.exactOptional(),
});

/** One candidate file and what is to be done with it. JSON, because the plan is part of the checkpoint. */
const plannedSpecShape = z.object({
  /**
   * How every output names this spec: the path of its file relative to the input root, with forward slashes, with
   * `#3` for the third spec of a file that holds several, and `#v1` and so on where several prompts are made of it.
   */
  spec: innerPathSchema,
  /** Which spec of its file, from 1; missing for a file that is one. */
  element: z.int().min(1).optional(),
  /** Which of several prompts of one spec this is, from 1; missing where there is one. */
  variant: z.int().min(1).optional(),
  name: z.string(),
  /** Hex SHA-256 of the file; null when it could not be read. */
  sha256: z.string().nullable(),
  action: z.enum(specActions),
  video: plannedVideoSchema.nullable(),
  /** Size and number of the frames to be sent; null for a text-only task or none. */
  hint: plannedHintSchema.nullable(),
  /** Vision tokens by the conservative and the exact rule, the text's, and the sum that is checked. */
  tokens: z
    .object({
      linear: z.int().min(0),
      pixtral: z.int().min(0),
      vision: z.int().min(0),
      text: z.int().min(0),
      total: z.int().min(0),
    })
    .nullable(),
  failure: z.object({ code: z.string(), message: z.string(), next_step: z.string() }).nullable(),
  batch_id: z.int().min(0).nullable(),
});

/** The same, where what its name says of files stays in the folders it is of: the source's and the output's. */
export const plannedSpecSchema = plannedSpecShape.refine(
  (planned) => isInnerPath(sourceFileOf(planned)) && isInnerPath(outputFileOf(planned)),
  'its name leads out of its folder',
);

/** Makes parts of plans that are equal one object: of a million specs most share their video, sizes and sums. */
export interface EqualValues {
  video(part: PlannedVideo): PlannedVideo;
  hint(part: PlannedHint): PlannedHint;
  tokens(part: PlannedTokens): PlannedTokens;
  /** The spec, with all its parts shared. */
  shared(planned: PlannedSpec): PlannedSpec;
}

/** Many enough for specs that follow each other. */
const valuesRemembered = 10_000;

export function newEqualValues(): EqualValues {
  const video = sharing<PlannedVideo>();
  const hint = sharing<PlannedHint>();
  const tokens = sharing<PlannedTokens>();
  return {
    ...{ video, hint, tokens },
    shared: (planned) => {
      planned.video &&= video(planned.video);
      planned.hint &&= hint(planned.hint);
      planned.tokens &&= tokens(planned.tokens);
      return planned;
    },
  };
}

/** Gives for each part one that is equal: the first of the latest ones. */
function sharing<Part extends object>(): (part: Part) => Part {
  const known = new Map<string, Part>();
  return (part) => {
    const key = JSON.stringify(part);
    const found = known.get(key);
    if (found) return found;
    known.set(key, part);
    const [oldest] = known.keys();
    if (known.size > valuesRemembered && oldest !== undefined) known.delete(oldest);
    return part;
  };
}

/** Specs that were found and are not of the run, and the flags that leave them out. */
export const leftOutSchema = z.object({ count: z.int().min(1), by: z.string() });

/** A bounded group of specs: what one checkpoint covers. */
export const plannedBatchSchema = z.object({
  batch_id: z.int().min(0),
  total_tokens: z.int().min(0),
  specs: z.array(z.string()),
});

export type PlannedVideo = z.infer<typeof plannedVideoSchema>;
type PlannedHint = z.infer<typeof plannedHintSchema>;
type PlannedTokens = NonNullable<PlannedSpec['tokens']>;
export type PlannedSpec = z.infer<typeof plannedSpecShape>;
export type PlannedBatch = z.infer<typeof plannedBatchSchema>;

/** Everything a run will do, computed before anything is sent. */
export interface UpsamplePlan {
  /** Absolute path of the folder that specs are named against. */
  readonly inputRoot: string;
  /** Those that were asked for, with what is known of the server. */
  readonly settings: UpsampleSettings;
  readonly specs: readonly PlannedSpec[];
  readonly batches: readonly PlannedBatch[];
  /** Specs that were found and are not of this plan; null for none. */
  readonly leftOut: LeftOut | null;
  /** Enriched specs of another engine, model or form of prompt, and files that no run made, which this plan would replace. */
  readonly others: readonly OtherResults[];
}

/** Files in the output folder that one earlier run made, or that none did. JSON, as the plan prints it. */
export interface OtherResults {
  /** Empty, as engine and model are, where no run made them. */
  readonly run_id: string;
  readonly engine: string;
  readonly model: string;
  readonly count: number;
  /** One of them, relative to the output folder. */
  readonly example: string;
}

/** What would be replaced, in sentences. */
export function otherResultsText(others: readonly OtherResults[], outputDir: string): string {
  const ofRuns = others.filter(({ run_id: runId }) => runId !== '');
  const strange = others.filter(({ run_id: runId }) => runId === '');
  const sentences = strange.map(({ count, example }) => {
    const what =
      count === 1 ? `${example} in ${outputDir}` : `${count} files in ${outputDir}, such as ${example},`;
    return `${what} would be replaced, and no run of cosmos made ${count === 1 ? 'it' : 'them'}.`;
  });
  return [...(ofRuns.length > 0 ? [resultsOfRunsText(ofRuns, outputDir)] : []), ...sentences].join(' ');
}

function resultsOfRunsText(others: readonly OtherResults[], outputDir: string): string {
  const sum = others.reduce((total, { count }) => total + count, 0);
  const made = others.map(
    ({ run_id: runId, engine, model, count, example }) =>
      `${count} by ${model === '' || engine === 'describe' ? engine : `${engine} with ${model}`} (run ${runId}, such as ${example})`,
  );
  const shown = made.slice(0, mostRunsNamed).join('; ');
  const more = made.length > mostRunsNamed ? `; and by ${made.length - mostRunsNamed} more runs` : '';
  const what = sum === 1 ? '1 enriched spec' : `${sum} enriched specs`;
  return `${what} in ${outputDir} would be replaced, made with another engine, model or form of prompt: ${shown}${more}.`;
}

const mostRunsNamed = 3;

/** Whether an engine is asked for it. */
export function isToBeDone({ action }: PlannedSpec): boolean {
  return action === 'hint' || action === 'as-is';
}

type NamedSpec = Pick<PlannedSpec, 'spec' | 'element' | 'variant'>;

/** How a spec of a file that holds several is named. */
export function elementName(file: string, element: number): string {
  return `${file}#${element}`;
}

/** The file that holds a spec, relative to the input root. */
export function sourceFileOf({ spec, element, variant }: NamedSpec): string {
  const whole = variant === undefined ? spec : spec.slice(0, -variantMark(variant).length);
  return element === undefined ? whole : whole.slice(0, -elementName('', element).length);
}

/**
 * The file for the enriched spec, relative to the output folder: that of its source, `NAME.v1.json` for a variant, and for
 * one of several specs in a file, a file in a folder of that file's name.
 */
export function outputFileOf(planned: NamedSpec): string {
  const { element, variant } = planned;
  const source = sourceFileOf(planned);
  const file = element === undefined ? source : `${source}/${element}.json`;
  return variant === undefined ? file : `${file.replace(/\.json$/i, '')}.v${variant}.json`;
}

/** A planned spec as it stands, or several times where several prompts are made of it. */
export function variantsOf(planned: PlannedSpec, count: number): PlannedSpec[] {
  if (count === 1 || planned.action === 'skip' || planned.action === 'fail') return [planned];
  return Array.from({ length: count }, (_, index) => {
    const variant = index + 1;
    const { spec, name } = planned;
    return { ...planned, spec: `${spec}${variantMark(variant)}`, name: `${name} v${variant}`, variant };
  });
}

/** What the sampling of a variant starts with, where the server can: another seed for each. */
export function variantStart(variant: number, first = 1): number {
  return first + variant - 1;
}

function variantMark(variant: number): string {
  return `#v${variant}`;
}
