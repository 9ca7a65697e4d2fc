import { z } from 'zod';
import { AppError } from '../../errors/app-error.ts';
import { serveCommand } from '../engine/serve-command.ts';
import { hostTableOf } from '../settings/host-list.ts';
import { localHostName, machineNamesOf, workersOf } from '../settings/host-named.ts';
import type { Settings } from '../settings/settings-schema.ts';
import { type EstimatorName, estimatorFor, estimatorNames, serverPrograms } from '../tokens/estimator.ts';
import { instructionFor } from './instruction.ts';
import {
  requestShapeConfig,
  requestShapeOf,
  requestShapeSchema,
  usualRequestShape,
} from './request-shape.ts';

/**
 * What one run was asked to do, frozen in its checkpoint. Which of these a resumed run may have otherwise is said in
 * `core/settings/resume-rules.ts`.
 */
export const upsampleSettingsSchema = z.object({
  output_dir: z.string(),
  auto_resize: z.boolean(),
  /** `WIDTHxHEIGHT`, or `auto` for the largest that the server was measured to take, else for the largest that fits. */
  max_resolution: z.string(),
  /** What `auto` meant when the run was planned: measured sizes, of one shape each. */
  measured_sizes: z.array(z.string()).optional(),
  batch_size: z.int().min(1),
  batch_tokens: z.int().min(1),
  estimator: z.enum(estimatorNames),
  /** The program of the server, where it was found out when the run was planned: it decides how frames are counted. */
  server: z.enum(serverPrograms).optional(),
  /** What the chat template adds to each prompt, where earlier runs have shown it. */
  control_tokens: z.int().min(0).optional(),
  max_tokens: z.int().min(1),
  frames: z.int().min(1),
  fps: z.number().gt(0),
  /** Prompts that are made of each spec; missing: one. */
  variants: z.int().min(2).optional(),
  /** Of the video that is to be made, for prompts that say so and have no video; missing where none does. */
  video_fps: z.number().gt(0).optional(),
  host: z.string(),
  workers: z.int().min(1),
  write_back: z.boolean(),
  force: z.boolean(),
  allow_text_only: z.boolean(),
  /** Specs that are worked on, and that are not: paths, folders or patterns with `*`. Missing: all, and none. */
  only: z.array(z.string()).optional(),
  skip: z.array(z.string()).optional(),
  /** Most specs that are worked on; missing: any number. */
  limit: z.int().min(1).optional(),
  /**
   * Paths of the settings that were named on a command line: they hold against the files when the run is resumed.
   * Missing in checkpoints of older versions; then all of them.
   */
  named: z.array(z.string()).optional(),
  engine: z.object({
    kind: z.enum(['describe', 'openai']),
    model: z.string(),
    base_url: z.string().nullable(),
    api_key_env: z.string().nullable(),
    concurrency: z.int().min(1),
    temperature: z.number(),
    max_output_tokens: z.int().min(1),
    instruction: z.string(),
    ...requestShapeSchema.shape,
    request_timeout_ms: z.int().min(1),
    /** Missing in checkpoints of older versions. */
    command: z.array(z.string()).optional(),
    retry: z.object({
      max_attempts: z.int().min(1),
      base_delay_ms: z.int().min(0),
      max_delay_ms: z.int().min(0),
      max_outage_ms: z.int().min(0),
      /** Missing in checkpoints of older versions: then any number. */
      max_equal_failures: z.int().min(0).optional(),
    }),
  }),
});

export type UpsampleSettings = z.infer<typeof upsampleSettingsSchema>;

/** The estimator that counts for these settings: the one that was chosen, as their server does it. */
export function estimatorOf({
  estimator,
  server,
}: Pick<UpsampleSettings, 'estimator' | 'server'>): EstimatorName {
  return estimatorFor(estimator, server);
}

/** What a command adds to the settings of `config.toml`. */
export interface UpsampleOptions {
  /** Absolute path. */
  readonly outputDir: string;
  readonly host: string;
  readonly workers: number | null;
  readonly writeBack: boolean;
  readonly force: boolean;
  readonly allowTextOnly: boolean;
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  readonly limit?: number | undefined;
  /** Paths of the settings that the command line names. */
  readonly named?: readonly string[];
}

/** The model's name where the embedded engine answers; part of the task key. */
const describeModel = 'describe-3';

/** Freezes what a run will use. */
export function upsampleSettingsFrom(settings: Settings, request: UpsampleOptions): UpsampleSettings {
  const { upsampling } = settings;
  return {
    output_dir: request.outputDir,
    auto_resize: upsampling.auto_resize,
    max_resolution: upsampling.safe_resolution,
    batch_size: upsampling.batch_size,
    batch_tokens: upsampling.batch_tokens,
    estimator: upsampling.estimator,
    max_tokens: upsampling.max_tokens,
    frames: upsampling.frames_to_extract,
    fps: upsampling.fps_for_hints,
    ...(upsampling.variants === 1 ? {} : { variants: upsampling.variants }),
    ...(upsampling.prompt_format === 'text' ? {} : { video_fps: settings.inference.parameters.fps }),
    host: request.host,
    workers: request.workers ?? workersOf(settings, request.host),
    write_back: request.writeBack,
    force: request.force,
    allow_text_only: request.allowTextOnly,
    ...selectionOf(request),
    named: [...(request.named ?? [])],
    engine: { ...engineOf(settings), ...serverOf(settings, request.host) },
  };
}

function selectionOf({ only = [], skip = [], limit }: UpsampleOptions) {
  return {
    ...(only.length === 0 ? {} : { only: [...only] }),
    ...(skip.length === 0 ? {} : { skip: [...skip] }),
    ...(limit === undefined ? {} : { limit }),
  };
}

/** A run's settings in the shape of `config.toml`, from which {@link upsampleSettingsFrom} makes the same again. */
export function configOf(run: UpsampleSettings) {
  const { engine } = run;
  const { retry } = engine;
  const isEmbedded = engine.kind === 'describe';
  return {
    upsampling: {
      ...{ output_dir: run.output_dir, auto_resize: run.auto_resize, estimator: run.estimator },
      safe_resolution: run.max_resolution,
      ...{ batch_size: run.batch_size, batch_tokens: run.batch_tokens, max_tokens: run.max_tokens },
      ...{ frames_to_extract: run.frames, fps_for_hints: run.fps },
      prompt_format: engine.prompt_format ?? 'text',
      variants: run.variants ?? 1,
      engine: {
        kind: engine.kind,
        ...(isEmbedded
          ? {}
          : { ...servedBy(run), ...requestShapeConfig(engine), temperature: engine.temperature }),
        concurrency: engine.concurrency,
        max_output_tokens: engine.max_output_tokens,
        request_timeout_s: engine.request_timeout_ms / 1000,
      },
    },
    ...(run.video_fps === undefined ? {} : { inference: { parameters: { fps: run.video_fps } } }),
    retry: {
      max_attempts: retry.max_attempts,
      base_delay_s: retry.base_delay_ms / 1000,
      max_delay_s: retry.max_delay_ms / 1000,
      max_outage_s: retry.max_outage_ms / 1000,
      ...(retry.max_equal_failures === undefined ? {} : { max_equal_failures: retry.max_equal_failures }),
    },
    ...hostTableOf(run.host, run.workers),
  };
}

/** Where a default was filled in, the default stands again: it follows from what may be another one by now. */
function servedBy({ engine, max_tokens: maxTokens, frames }: UpsampleSettings) {
  const { model, concurrency, instruction, command = [] } = engine;
  const isUsual =
    command[0] === 'vllm' &&
    JSON.stringify(command) ===
      JSON.stringify(serveCommand({ command: [], model, maxTokens, frames, concurrency }));
  return {
    model,
    base_url: engine.base_url ?? '',
    api_key_env: engine.api_key_env ?? '',
    instruction: instruction === instructionFor('auto', model, engine.prompt_format) ? 'auto' : instruction,
    command: isUsual ? [] : command,
  };
}

/** How the configured engine is asked. */
export function engineOf({ upsampling, retry }: Settings): UpsampleSettings['engine'] {
  const { engine, prompt_format: format } = upsampling;
  const isEmbedded = engine.kind === 'describe';
  const model = isEmbedded ? describeModel : engine.model;
  return {
    kind: engine.kind,
    model,
    base_url: isEmbedded || engine.base_url === '' ? null : engine.base_url,
    api_key_env: isEmbedded || engine.api_key_env === '' ? null : engine.api_key_env,
    concurrency: engine.concurrency,
    temperature: isEmbedded ? 0 : engine.temperature,
    max_output_tokens: engine.max_output_tokens,
    instruction: isEmbedded ? '' : instructionFor(engine.instruction, model, format),
    // The embedded engine is asked for nothing of it, but says that it cannot write another format.
    ...requestShapeOf(isEmbedded ? { ...upsampling, engine: usualRequestShape } : upsampling),
    request_timeout_ms: Math.round(engine.request_timeout_s * 1000),
    retry: {
      max_attempts: retry.max_attempts,
      base_delay_ms: Math.round(retry.base_delay_s * 1000),
      max_delay_ms: Math.round(retry.max_delay_s * 1000),
      max_outage_ms: Math.round(retry.max_outage_s * 1000),
      max_equal_failures: retry.max_equal_failures,
    },
  };
}

/**
 * The server that the worker starts itself: on a host that is not this machine whenever no other is named, here only
 * when its command is.
 */
function serverOf(settings: Settings, host: string): { readonly command?: string[] } {
  const { upsampling } = settings;
  const { engine, max_tokens: maxTokens, frames_to_extract: frames } = upsampling;
  const isOwn = engine.kind === 'openai' && engine.base_url === '';
  if (engine.kind === 'openai' && !isOwn) assertNetwork(settings, host);
  const isHere = machineNamesOf(settings, host).every((name) => name === localHostName);
  if (!isOwn || (isHere && engine.command.length === 0)) return {};
  const { command, model, concurrency } = engine;
  return { command: [...serveCommand({ command, model, maxTokens, frames, concurrency })] };
}

/** A container without a network can ask no server, wherever that is. */
function assertNetwork(settings: Settings, named: string): void {
  const host = machineNamesOf(settings, named).find(
    (name) => name !== localHostName && settings.hosts[name]?.network === 'none',
  );
  if (host === undefined) return;
  throw new AppError({
    code: 'config-invalid',
    message: `The workers on ${host} have no network, so they cannot ask the server of base_url.`,
    nextStep: `Set network = "host" under [hosts.${host}], or leave out base_url to let the worker start the server.`,
  });
}

/** Checked before anything is prepared: no run can continue without a server. */
export function assertServerIsNamed({ engine }: UpsampleSettings): void {
  if (engine.kind !== 'openai' || engine.base_url !== null || (engine.command?.length ?? 0) > 0) return;
  throw new AppError({
    code: 'config-invalid',
    message: 'The engine openai needs a server, but base_url is not set.',
    nextStep:
      'Set it with --base-url http://127.0.0.1:8000/v1, or let a host serve the model with --host NAME.',
  });
}
