import type { ReportHeader, ReportItem } from '../core/upsample/upsample-report.ts';
import type { ComparedFrame, UpscaleReport } from '../core/upscale/upscale-report.ts';

/** Where a run's reports lie. */
interface ReportPaths {
  readonly json: string;
  readonly html: string;
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
  /** @param pictures - Frames before and after; none while there is no finished video. */
  writeUpscale(paths: ReportPaths, report: UpscaleReport, pictures: readonly ComparedFrame[]): Promise<void>;
}
