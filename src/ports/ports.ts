import type { WrittenFolder } from '../core/run/written-folder.ts';
import type { UpsampleSettings } from '../core/upsample/upsample-settings.ts';
import type { Clock } from './clock.ts';
import type { DetectorTool } from './detector.ts';
import type { FrameTool } from './frame-tool.ts';
import type { Host } from './host.ts';
import type { HostUpkeep } from './host-upkeep.ts';
import type { MediaTool } from './media-tool.ts';
import type { ModelFiles } from './model-files.ts';
import type { ModelLibrary } from './model-library.ts';
import type {
  CheckedServer,
  ProbeRequest,
  RequestFiles,
  ServerLimitsStore,
  ServerProbe,
  TemplateTokens,
} from './model-server.ts';
import type { ReportWriter } from './report-writer.ts';
import type { ResultCache } from './result-cache.ts';
import type { RunStore } from './run-store.ts';
import type { SourceFiles } from './source-files.ts';
import type { SpecStore } from './spec-store.ts';
import type { TryUpscaling } from './upscale-trial.ts';
import type { VideoTool } from './video-tool.ts';

/** The outside world as the services see it; `composition.ts` builds it. */
export interface Ports {
  readonly specs: SpecStore;
  readonly media: MediaTool;
  readonly runs: RunStore;
  readonly video: VideoTool;
  readonly frames: Pick<FrameTool, 'decode'>;
  readonly detectors: DetectorTool;
  readonly models: ModelFiles;
  readonly modelLibrary: ModelLibrary;
  readonly tryUpscaling: TryUpscaling;
  readonly sources: SourceFiles;
  readonly results: ResultCache;
  readonly reports: ReportWriter;
  readonly clock: Clock;
  /** Looks at the server of an engine as a run does, without waiting for it. */
  checkServer(engine: UpsampleSettings['engine']): Promise<CheckedServer>;
  /** Opens the server of an engine to be asked with pictures, for as long as `use` takes. @throws AppError as its `ask`. */
  withServerProbe<T>(
    engine: UpsampleSettings['engine'],
    request: ProbeRequest,
    use: (probe: ServerProbe) => Promise<T>,
  ): Promise<T>;
  readonly templateTokens: TemplateTokens;
  readonly serverLimits: ServerLimitsStore;
  readonly requestFiles: RequestFiles;
  /** Names of the machines that a host stands for: itself, a list, or a pool's. @throws AppError `host-unknown`, `config-invalid`. */
  machines(host: string): readonly string[];
  /** The host of this name, which may be a list or a pool. @throws AppError `host-unknown`. */
  host(name: string): Host;
  /** Upkeep of the host of this name. @throws AppError `host-unknown`; `usage-invalid` for several machines. */
  upkeep(name: string): HostUpkeep;
  /** Loads the counter of text tokens: takes a moment, so it is done only when a plan is made. */
  textTokens(): Promise<(text: string) => number>;
  /** A new run's id: its time and a few random letters. */
  newRunId(): string;
  /** Resolves a leading `~` to the home folder of the user. */
  expandHome(path: string): string;
  /** Folders that a run on this host writes on this machine, whatever its kind. */
  workFolders(host: string): readonly WrittenFolder[];
  /** How many media processes run at once. */
  readonly parallelism: number;
  readonly toolVersion: string;
}
