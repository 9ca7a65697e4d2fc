import type { Settings } from '../../core/settings/settings-schema.ts';

/** What `upscale` is asked to do. Paths are absolute. */
export interface UpscaleRequest {
  readonly inputPath: string;
  readonly outputPath: string;
  /** Null for an engine without a model. */
  readonly modelPath: string | null;
  readonly host: string;
  readonly slots: number;
  readonly upscaling: Settings['upscaling'];
  /** Replace what stands at the output. */
  readonly isForced: boolean;
  /** A damaged source gives what can be read of it. */
  readonly isKeptGoing: boolean;
}
