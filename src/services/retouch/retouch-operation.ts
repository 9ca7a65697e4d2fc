import { ticksToSeconds } from '../../core/frames/fraction.ts';
import { placeRegion, type Region } from '../../core/regions/place-region.ts';
import { parseRegion, regionForm } from '../../core/regions/region-text.ts';
import { contextFramesOf, type RetoucherKind } from '../../core/retouch/retouch-settings.ts';
import type { Settings } from '../../core/settings/settings-schema.ts';
import { usageError } from '../../errors/app-error.ts';
import type { ModelUse } from '../../ports/model-files.ts';
import { encodingOf } from '../video/encoding-of.ts';
import { segmentFrames } from '../video/plan-video.ts';
import type { VideoOperation, VideoRequest } from '../video/video-types.ts';
import { type DetectRequest, detectRegions } from './detect-regions.ts';
import { placeMasks } from './place-masks.ts';
import { assertSameSize, readRegionPlan } from './read-region-plan.ts';

/** What `retouch` is asked to do. */
export interface RetouchRequest extends VideoRequest {
  readonly retouching: Settings['retouching'];
  /** As a person wrote them; see {@link parseRegion}. */
  readonly regions: readonly string[];
  /** A picture or a video that is white where it is to be processed; null: none. */
  readonly maskPath: string | null;
  /** Where the program of `command` starts; absolute. */
  readonly commandFolder: string;
  /** A file with regions, as a dry run writes it; null: none. */
  readonly planPath: string | null;
  /** Null: nothing is looked for. */
  readonly detect: DetectRequest | null;
}

/** What the model of `onnx` is to do. */
export function modelUseOf({
  model_mask: modelMask,
  model_range: modelRange,
}: Settings['retouching']): ModelUse {
  return { kind: 'retouch', modelMask, modelRange };
}

/** Frames given to the engine at once. */
const batchSize = 8;

/** Regions of the frames are processed; everything else of them stays. */
export function retouchOperation(request: RetouchRequest): VideoOperation {
  const { retouching, host, slots, outputPath: output, detect } = request;
  const contextFrames = contextFramesOf(retouching);
  const texts = request.regions.map((text) => parsed(`--region ${text}`, text));
  return {
    ...{ kind: 'retouch', scale: 1, takesRgb: false, batchSize, encoding: retouching },
    modelUse: retouching.engine === 'onnx' ? modelUseOf(retouching) : null,
    maskPath: request.maskPath,
    ...(detect === null || detect.what === 'text' ? {} : { detectorPath: detect.what }),
    // Frames that only look alike would not keep their own pixels outside the regions.
    dedupe: 'exact',
    contextFrames,
    maxSegmentFrames: mostFramesOf(retouching.engine),
    placeRegions: async (found, ports, observer, signal) => {
      const { facts, clip, timeline } = found;
      const geometry = { video: facts.video, isTurned: clip.is_turned, frame: clip.frame };
      const times = { times: timeline.times, timeBase: clip.time_base };
      const plan = request.planPath === null ? null : await readRegionPlan(request.planPath, ports);
      if (plan && request.planPath !== null) assertSameSize(request.planPath, plan, geometry);
      const planned = (plan?.regions ?? []).map(({ region }) =>
        parsed(`${request.planPath}: the region ${region}`, region),
      );
      const named = [...texts, ...planned].map(({ name, region }): Region => {
        const placed = placeRegion(region, geometry, times);
        if (typeof placed === 'string') throw regionError(name, placed);
        return placed;
      });
      const detected = detect === null ? [] : await detectRegions(detect, found, ports, observer, signal);
      const missed = detect !== null && detected.length === 0 ? [nothingFound(request)] : [];
      const regions = [...named, ...detected];
      if (request.maskPath === null) {
        if (regions.length === 0) throw noRegions(request);
        return { regions, masks: null, notices: missed };
      }
      const seconds = [...timeline.times].map((time) =>
        ticksToSeconds(time - (timeline.times[0] ?? 0), clip.time_base),
      );
      const masked = await placeMasks(request.maskPath, { geometry, seconds }, ports, signal);
      return {
        ...masked,
        regions: [...regions, ...masked.regions],
        notices: [...missed, ...masked.notices],
      };
    },
    settingsFor: async (model, encoding) => ({
      ...{ output, host, slots, dedupe: 'exact' },
      keep_going: request.isKeptGoing,
      force: request.isForced,
      named: [...(request.named ?? [])],
      regions: [...request.regions],
      mask: request.maskPath,
      plan: request.planPath,
      detect: detect?.what ?? null,
      detect_classes: [...(detect?.classes ?? [])],
      detect_confidence: retouching.detect_confidence,
      engine: {
        ...{ kind: retouching.engine, batch_size: batchSize, lanes: 1, model: model?.sha256 ?? null },
        ...{ strength: retouching.strength, color: retouching.color },
        dilate_px: retouching.dilate,
        feather_px: retouching.feather,
        context_frames: contextFrames,
        margin_px: retouching.margin,
        ...{ model_mask: retouching.model_mask, model_range: retouching.model_range },
        ...{ command: [...retouching.command], command_format: retouching.command_format },
        command_folder: retouching.engine === 'command' ? request.commandFolder : '.',
        encoding: encodingOf(encoding),
      },
    }),
  };
}

function nothingFound({ detect, inputPath }: RetouchRequest): string {
  return `${detect?.what === 'text' ? 'No text' : 'Nothing'} was found in ${inputPath}.`;
}

function noRegions(request: RetouchRequest) {
  if (request.detect !== null)
    return usageError(nothingFound(request), 'Give a --region, or a lower --detect-confidence.');
  return usageError(`The plan ${request.planPath} has no region.`, 'Add one to it, or give a --region.');
}

/** A program may want all frames of a segment in memory before it gives one back. */
const mostCommandFrames = 96;

function mostFramesOf(engine: RetoucherKind): number {
  if (engine === 'command') return mostCommandFrames;
  return engine === 'onnx' ? segmentFrames.mostWithModel : segmentFrames.most;
}

/** @param name - What messages call it. */
function parsed(name: string, text: string) {
  const region = parseRegion(text);
  if (typeof region === 'string') throw regionError(name, region);
  return { name, region };
}

function regionError(name: string, problem: string) {
  const form = `A region is ${regionForm}, such as 10%,80%,80%,15%@5-12.5 or 24,24,320,80.`;
  return usageError(`${name}: ${problem}`, form);
}
