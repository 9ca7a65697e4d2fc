import { coverTrack } from '../../core/detect/cover-track.ts';
import { type Detection, showSameThings } from '../../core/detect/detection.ts';
import { ShotCuts } from '../../core/detect/shot-cuts.ts';
import { type Sample, trackDetections } from '../../core/detect/track-detections.ts';
import { fractionValue } from '../../core/frames/fraction.ts';
import { repeatsOf } from '../../core/frames/timeline.ts';
import { displaySize, type Size } from '../../core/hints/display-size.ts';
import { boxInFrame, type Region } from '../../core/regions/place-region.ts';
import type { Detector } from '../../ports/detector.ts';
import type { Ports } from '../../ports/ports.ts';
import type { VideoObserver } from '../../ports/run-observer.ts';
import type { SegmentTask } from '../../protocol/segment.ts';
import type { FoundFrames } from '../video/video-types.ts';

/** What is looked for in a video. */
export interface DetectRequest {
  /** `text`, or the absolute path of a YOLO export. */
  readonly what: string;
  /** Numbers of the classes that count; empty: all. */
  readonly classes: readonly number[];
  /** What is found counts from this score on; `auto`: what suits the detector. */
  readonly confidence: number | 'auto';
}

/** Scores that count where nothing else is said. Writing that can be read has 0.9 and more. */
const usualConfidence = { text: 0.8, model: 0.4 };
/** So much of it keeps up what was found before. */
const weakShare = 0.55;

/**
 * Looks for things in a whole video, and says where they are: see `coverTrack`. Every frame is decoded once, and a few in a
 * second are looked at; where what they show differs, those between are, too, so that first and last frames are exact.
 *
 * @throws AppError as `DetectorTool`; `video-unreadable`; the signal's reason when it aborts.
 */
export async function detectRegions(
  { what, classes, confidence }: DetectRequest,
  found: FoundFrames,
  { detectors, frames }: Pick<Ports, 'detectors' | 'frames'>,
  observer: VideoObserver,
  signal: AbortSignal,
): Promise<Region[]> {
  const { facts, timeline, clip } = found;
  const usual = what === 'text' ? usualConfidence.text : usualConfidence.model;
  const leastScore = confidence === 'auto' ? usual : confidence;
  const shown = displaySize({ ...facts.video.size, ...facts.video });
  await using detector = await detectors.open({ what, shown, leastScore: weakShare * leastScore }, signal);
  const pictures = frames.decode(
    { sourcePath: found.path, segment: wholeVideo(found, detector.picture) },
    signal,
  );
  const sampler = new Sampler(detector, { leastScore, classes, ...found });
  const total = timeline.uniqueFrames.length;
  let done = 0;
  for await (const picture of pictures) {
    await sampler.take(picture);
    signal.throwIfAborted();
    observer.onDetect(++done, total);
  }
  await sampler.end();
  const geometry = { video: facts.video, isTurned: clip.is_turned, frame: clip.frame };
  return trackDetections(sampler.samples, { leastScore })
    .flatMap(coverTrack)
    .map(({ firstPicture, pictures: count, rect }) => {
      const firstFrame = timeline.uniqueFrames[firstPicture] ?? 0;
      const endFrame = timeline.uniqueFrames[firstPicture + count] ?? timeline.times.length;
      const box = boxInFrame(sharesOf(rect, detector.picture, shown), geometry);
      return { firstFrame, frames: endFrame - firstFrame, box };
    })
    .sort((one, other) => one.firstFrame - other.firstFrame);
}

/** To the nearest pixels of the picture as shown: edges are guesses, and outward would be too far on average. */
function sharesOf({ left, top, right, bottom }: Detection['rect'], from: Size, shown: Size) {
  const across = (x: number) => Math.round((x / from.width) * shown.width) / shown.width;
  const down = (y: number) => Math.round((y / from.height) * shown.height) / shown.height;
  return { left: across(left), top: down(top), right: across(right), bottom: down(bottom) };
}

/** All unique frames as a detector gets them: turned as they are shown. */
function wholeVideo({ clip, timeline }: FoundFrames, { width, height }: Size): SegmentTask {
  const count = timeline.uniqueFrames.length;
  return {
    ...{ task_key: 'detect', name: 'detect', segment_id: 0, first_batch: 0 },
    ...{ seek_time: null, first_time: null, end_time: null },
    clip: { ...clip, source: '', is_turned: true, frame: { width, height, pixel_format: 'rgb24' } },
    repeats: Array.from({ length: count }, (_, index) => repeatsOf(timeline, index)),
  };
}

/** No more time than this is between two frames that are looked at … */
const stepSeconds = 0.2;
/** … and no more frames: those between are in memory. */
const mostStepFrames = 12;

interface SamplerOptions extends Pick<FoundFrames, 'timeline' | 'clip'> {
  readonly leastScore: number;
  readonly classes: readonly number[];
}

/** A frame that may still be looked at. */
interface HeldPicture {
  readonly number: number;
  readonly picture: Uint8Array;
}

/** Chooses which frames are looked at, as they come. */
class Sampler {
  /** Ascending by picture. */
  readonly samples: Sample[] = [];
  readonly #detector: Detector;
  readonly #options: SamplerOptions;
  readonly #cuts: ShotCuts;
  /** The frame that was looked at last, and all after it. */
  #held: HeldPicture[] = [];
  #shot = 0;
  #count = 0;

  constructor(detector: Detector, options: SamplerOptions) {
    this.#detector = detector;
    this.#options = options;
    this.#cuts = new ShotCuts(detector.picture.width);
  }

  async take(picture: Uint8Array): Promise<void> {
    const number = this.#count++;
    const isCut = this.#cuts.isCut(picture);
    // Both sides of a cut are looked at: what is there before and after it may be something else.
    if (isCut) {
      await this.end();
      this.#shot += 1;
      this.#held = [];
    }
    this.#held.push({ number, picture });
    const [first] = this.#held;
    // Until it ends: a picture that stays is never between two that are looked at.
    const isDue = this.#secondsOf(number + 1) - this.#secondsOf(first?.number ?? 0) > stepSeconds;
    if (this.#held.length === 1 || isDue || this.#held.length > mostStepFrames) await this.end();
  }

  /** Looks at the last frame that came, and between it and the one before where they differ. */
  async end(): Promise<void> {
    const [first] = this.#held;
    const last = this.#held.at(-1);
    if (!first || !last) return;
    if (this.samples.at(-1)?.picture === last.number) return;
    const before = this.samples.at(-1);
    const sample = await this.#sampleOf(last);
    if (before?.picture === first.number) await this.#refine(before, sample);
    this.samples.push(sample);
    this.#held = [last];
  }

  /** Adds what lies between two samples, in order. */
  async #refine(from: Sample, to: Sample): Promise<void> {
    const middle = (from.picture + to.picture) >> 1;
    const held = this.#held.find(({ number }) => number === middle);
    if (middle === from.picture || !held) return;
    if (showSameThings(from.detections, to.detections, this.#options.leastScore)) return;
    const sample = await this.#sampleOf(held);
    await this.#refine(from, sample);
    this.samples.push(sample);
    await this.#refine(sample, to);
  }

  async #sampleOf({ number, picture }: HeldPicture): Promise<Sample> {
    const { classes } = this.#options;
    const detections = await this.#detector.detect(picture);
    const counted = detections.filter(({ label }) => classes.length === 0 || classes.includes(label));
    const [seconds, endSeconds] = [this.#secondsOf(number), this.#secondsOf(number + 1)];
    return { picture: number, seconds, endSeconds, shot: this.#shot, detections: counted };
  }

  #secondsOf(number: number): number {
    const { timeline, clip } = this.#options;
    const frame = timeline.uniqueFrames[number] ?? timeline.times.length;
    return (timeline.times[frame] ?? timeline.endTime) * fractionValue(clip.time_base);
  }
}
