import type { InferenceReportHeader, InferenceReportItem } from '../core/inference/inference-report.ts';
import type { ContactSheet, RegionPlan } from '../core/regions/region-plan.ts';
import type { ReportHeader, ReportItem } from '../core/upsample/upsample-report.ts';
import type { UpscalePreview } from '../core/upscale/upscale-preview.ts';
import type { ComparedFrame, VideoReport } from '../core/video/video-report.ts';
import type { VideoSetReport } from '../core/video-set/set-summary.ts';

/** Where a run's reports lie. */
interface ReportPaths {
  readonly json: string;
  readonly html: string;
}

/** Small files that show a video: its first seconds, and frames from all over it in a clip like a hint. */
export interface VideoPreview {
  readonly clip: string;
  readonly stills: string;
}

/** Where the pictures of a run from prompts to videos are. */
export interface RunPictures {
  /** The clip with the frames of a spec's input: the hint that was sent, where there is one. */
  inputFrames(item: InferenceReportItem): string | null;
  /** The preview of the video with this content. */
  previewOf(sha256: string): VideoPreview | null;
}

/** Writes both reports of a run whole, replacing older ones. */
export interface ReportWriter {
  /**
   * @param items - Gives the items from the first each time it is called, failures first.
   * @param hintPath - Where the run keeps the hint with this content.
   */
  write(
    paths: ReportPaths,
    header: ReportHeader,
    items: () => AsyncIterable<ReportItem>,
    hintPath: (sha256: string) => string,
  ): Promise<void>;
  /** @param items - As those of {@link ReportWriter.write}. */
  writeInference(
    paths: ReportPaths,
    header: InferenceReportHeader,
    items: () => AsyncIterable<InferenceReportItem>,
    pictures: RunPictures,
  ): Promise<void>;
  /** @param pictures - Frames before and after; none while there is no finished video. */
  writeUpscale(paths: ReportPaths, report: VideoReport, pictures: readonly ComparedFrame[]): Promise<void>;
  writeVideoSet(paths: ReportPaths, report: VideoSetReport): Promise<void>;
  /** Writes a plan of regions, and a page that shows it. */
  writeRegionPlan(paths: ReportPaths, plan: RegionPlan, sheet: ContactSheet): Promise<void>;
  /** @param path - Of the page. */
  writeUpscalePreview(path: string, preview: UpscalePreview): Promise<void>;
}
