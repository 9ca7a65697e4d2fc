import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join, resolve } from 'node:path';
import { cosmosFolders, expandHome } from './adapters/cosmos-folders.ts';
import { ProcessDetectorTool } from './adapters/detect/detector-process.ts';
import { folderCheck, nodeCheck, programCheck, settingsCheck } from './adapters/diagnostics/checks.ts';
import { engineCheck } from './adapters/diagnostics/engine-check.ts';
import { inferenceCheck } from './adapters/diagnostics/inference-check.ts';
import { modelCheck } from './adapters/diagnostics/model-check.ts';
import { runCheck } from './adapters/diagnostics/run-checks.ts';
import { withGreyHints, withRedHint } from './adapters/diagnostics/test-picture.ts';
import { ffmpegInstallLine, findPrograms } from './adapters/ffmpeg/programs.ts';
import { FileResultCache } from './adapters/file-result-cache.ts';
import { FileServerLimits } from './adapters/file-server-limits.ts';
import { FileTemplateTokens } from './adapters/file-template-tokens.ts';
import { LocalFileStore } from './adapters/files/local-file-store.ts';
import { LocalSourceFiles } from './adapters/files/local-source-files.ts';
import { ownerOnly } from './adapters/files/publish-file.ts';
import { cutPictures } from './adapters/frames/cut-pictures.ts';
import { FfmpegFrameTool } from './adapters/frames/ffmpeg-frame-tool.ts';
import { lazyMethods } from './adapters/lazy.ts';
import { SpareWorker } from './adapters/local-host/spare-worker.ts';
import { LocalModelFiles } from './adapters/local-model-files.ts';
import { LocalSpecStore } from './adapters/local-spec-store.ts';
import { createMediaTool } from './adapters/media/caching-media-tool.ts';
import { LocalModelLibrary } from './adapters/models/local-model-library.ts';
import { LocalRunStore } from './adapters/run-store/local-run-store.ts';
import { RunIndex } from './adapters/run-store/run-index.ts';
import { type RunToApprove, RunTrust } from './adapters/run-store/run-trust.ts';
import { systemClock } from './adapters/system-clock.ts';
import { loadTextTokenCounter } from './adapters/text-tokens.ts';
import { loadOnce } from './async/load-once.ts';
import { RecentMap } from './async/recent-map.ts';
import { outputFolder, type WrittenFolder } from './core/run/written-folder.ts';
import { localHostName, machinesNamed } from './core/settings/host-named.ts';
import type { Settings } from './core/settings/settings-schema.ts';
import { engineOf, type UpsampleSettings } from './core/upsample/upsample-settings.ts';
import type { AppError } from './errors/app-error.ts';
import {
  createHost,
  createUpkeep,
  localRoot,
  localWorkerProgram,
  nameKeyVariables,
  workerProgram,
} from './machine-composition.ts';
import type { CheckResult } from './ports/diagnostics.ts';
import type { MediaTool } from './ports/media-tool.ts';
import type { ModelFiles } from './ports/model-files.ts';
import type { ModelLibrary } from './ports/model-library.ts';
import type { CheckedServer, RequestFiles } from './ports/model-server.ts';
import type { Ports } from './ports/ports.ts';
import type { VideoTool } from './ports/video-tool.ts';
import { openApprovals } from './settings-composition.ts';
import type { TestPicture } from './worker/upsample/engines/openai/check-server.ts';

const bytesPerGb = 1024 ** 3;

const hostsRemembered = 100;

/** Opens a file in the program that the desktop has for it; false where there is none. */
export async function openFile(path: string): Promise<boolean> {
  const { openOnDesktop } = await import('./adapters/open-on-desktop.ts');
  return await openOnDesktop(path, process.env, process.platform);
}

/** Continues in another folder; false where this is it already, or where it is gone. */
export function enterFolder(folder: string): boolean {
  if (folder === process.cwd()) return false;
  try {
    process.chdir(folder);
    return true;
  } catch {
    return false;
  }
}

/** What ports have to know of the command that uses them. */
export interface CommandContext {
  /** `--config`, as an absolute path. */
  readonly configFile: string | null;
  /** What the user should know, as a sentence. */
  readonly onNotice: (line: string) => void;
  /** Asks whether a run that the user did not start may continue; false off a terminal. */
  readonly approveRun: (run: RunToApprove) => Promise<boolean>;
}

/** Builds the outside world for this process: the only place where the CLI makes adapters. */
export function createPorts(settings: Settings, toolVersion: string, context: CommandContext): Ports {
  nameKeyVariables(settings);
  const { cache } = cosmosFolders(process.env, process.platform);
  const media = createMediaTool({
    folder: join(cache, 'media'),
    maxSizeBytes: settings.cache.max_size_gb * bytesPerGb,
  });
  const machines = new RecentMap<string, readonly string[]>(hostsRemembered);
  const spare = new SpareWorker(localWorkerProgram(settings));
  return {
    specs: new LocalSpecStore(process.cwd()),
    media,
    runs: createRunStore(settings, context),
    results: new FileResultCache(
      new LocalFileStore(join(cache, 'results'), ownerOnly, { isDurable: false }),
      {
        isShared: settings.cache.share_between_hosts,
      },
    ),
    reports: lazyMethods(async () => (await import('./report-composition.ts')).createReportWriter(media)),
    video: createVideoTool(),
    frames: new FfmpegFrameTool(),
    detectors: new ProcessDetectorTool(workerProgram()),
    models: createModelFiles(),
    modelLibrary: createModelLibrary(),
    tryUpscaling: async (request, signal, use) => {
      const { tryUpscaling } = await import('./worker/try-upscaling.ts');
      const deps = { frames: new FfmpegFrameTool(), cutPictures, program: workerProgram() };
      return await tryUpscaling(request, deps, signal, use);
    },
    sources: new LocalSourceFiles(),
    clock: systemClock,
    checkServer: (engine) => checkModelServer(engine),
    withServerProbe: async (engine, request, use) => {
      const { withServerProbe } = await import('./worker/upsample/engines/openai/probe-server.ts');
      const deps = { media, clock: systemClock, environment: process.env };
      return await withGreyHints((makeHint) => withServerProbe(engine, request, { ...deps, makeHint }, use));
    },
    templateTokens: new FileTemplateTokens(join(cache, 'template-tokens-v1.jsonl')),
    serverLimits: new FileServerLimits(new LocalFileStore(join(cache, 'server-limits'), ownerOnly)),
    requestFiles: createRequestFiles(media),
    machines: (host) => machines.getOr(host, () => machinesNamed(settings, host).names),
    host: (name) => createHost(name, settings, spare),
    upkeep: (name) => createUpkeep(name, settings),
    textTokens: loadTextTokenCounter,
    newRunId: () => newRunId(new Date()),
    expandHome,
    workFolders: (host) => workFoldersOf(settings, host),
    parallelism: availableParallelism(),
    toolVersion,
  };
}

/** What every run writes on this machine, whatever its kind. */
function folders(settings: Settings) {
  const { cache } = cosmosFolders(process.env, process.platform);
  return {
    checkpoints: {
      what: 'checkpoint folder',
      path: resolve(settings.upsampling.checkpoint_dir),
      nextStep: 'Choose another one with --checkpoint-dir.',
    },
    cache: {
      what: 'cache folder',
      path: cache,
      nextStep: 'Set XDG_CACHE_HOME to a folder that you may write to.',
    },
    localHost: {
      what: 'folder of the local host',
      path: localRoot(settings),
      nextStep: 'Choose another one with remote_root under [hosts.local] in config.toml.',
    },
  } as const satisfies Record<string, WrittenFolder>;
}

function workFoldersOf(settings: Settings, host: string): readonly WrittenFolder[] {
  const { checkpoints, cache, localHost } = folders(settings);
  const isHere = machinesNamed(settings, host).names.includes(localHostName);
  return isHere ? [checkpoints, cache, localHost] : [checkpoints, cache];
}

function createRunStore(
  settings: Settings,
  { configFile, onNotice, approveRun }: CommandContext,
): LocalRunStore {
  const index = new RunIndex({
    folder: runIndexFolder(),
    workingFolder: process.cwd(),
    configFile,
    onFailure: (reason) =>
      onNotice(
        `The list of your runs could not be written (${reason}): this run is found only from this folder, or by its path.`,
      ),
  });
  const trust = new RunTrust({
    approvals: openApprovals(),
    ask: approveRun,
    now: () => systemClock.now(),
    onFailure: (reason) =>
      onNotice(
        `It could not be remembered that this run is yours (${reason}): resuming it needs "cosmos trust", and XDG_STATE_HOME set to a folder that you may write to.`,
      ),
  });
  const options = { index, trust, onChosen: onNotice };
  return new LocalRunStore(settings.upsampling.checkpoint_dir, systemClock, options);
}

/**
 * What `doctor` checks on this machine.
 *
 * @param options - The host that is to run the workers, and whether a server is sent a picture.
 */
export async function checkThisMachine(
  settings: Settings,
  problem: AppError | null,
  { host = localHostName, isDeep = false }: { readonly host?: string; readonly isDeep?: boolean } = {},
): Promise<readonly CheckResult[]> {
  const { ffmpeg, ffprobe } = findPrograms();
  const checkServer = () =>
    isDeep
      ? withRedHint((picture) => checkModelServer(engineOf(settings), picture))
      : checkModelServer(engineOf(settings));
  const ofModels = {
    isLocal: host === localHostName,
    isDeep,
    models: createModelFiles(),
    library: createModelLibrary(),
  };
  const { checkpoints, cache, localHost } = folders(settings);
  const output = outputFolder(resolve(settings.upsampling.output_dir), '--output-dir');
  const ofMachine = [
    nodeCheck,
    programCheck('ffmpeg', ffmpeg, ffmpegInstallLine()),
    programCheck('ffprobe', ffprobe, ffmpegInstallLine()),
    settingsCheck(settings, problem),
  ];
  // Of settings that cannot be used, nothing that follows from them is known.
  const ofSettings = [
    engineCheck(settings, { host, checkServer }),
    modelCheck('upscaling', settings, ofModels),
    modelCheck('retouching', settings, ofModels),
    ...(host === localHostName ? [inferenceCheck(settings)] : []),
    folderCheck('cache', cache, true),
    folderCheck('host root', localHost, true),
    folderCheck('checkpoints', checkpoints, false),
    folderCheck('output', output, false),
  ];
  const checks = problem === null ? [...ofMachine, ...ofSettings] : ofMachine;
  return await Promise.all(checks.map(({ name, run }) => runCheck(name, run)));
}

async function checkModelServer(
  engine: UpsampleSettings['engine'],
  picture?: TestPicture,
): Promise<CheckedServer> {
  const { checkServer } = await import('./worker/upsample/engines/openai/check-server.ts');
  const { cache } = cosmosFolders(process.env, process.platform);
  const media = createMediaTool({ folder: join(cache, 'media'), maxSizeBytes: 0 });
  return await checkServer(engine, { media, clock: systemClock, environment: process.env }, picture);
}

function createVideoTool(): VideoTool {
  const load = loadOnce(
    async () => new (await import('./adapters/video/ffmpeg-video-tool.ts')).FfmpegVideoTool(),
  );
  return lazyMethods<VideoTool>(load, {
    scan: async function* (...asked) {
      return yield* (await load()).scan(...asked);
    },
  });
}

function createModelFiles(): ModelFiles {
  return new LocalModelFiles(async (path, use, signal) => {
    const { tryOutModel } = await import('./worker/try-out-model.ts');
    return await tryOutModel(path, use, workerProgram(), signal);
  });
}

function createModelLibrary(): ModelLibrary {
  const { cache, data } = cosmosFolders(process.env, process.platform);
  return new LocalModelLibrary(
    {
      cache: resolve(cache, 'models'),
      user: resolve(data, 'models'),
      installed: resolve(data, 'installed-models'),
    },
    {
      clock: systemClock,
      measure: async (path, signal) => {
        const { measureModel } = await import('./worker/measure-model.ts');
        return await measureModel(path, workerProgram(), signal);
      },
    },
  );
}

function createRequestFiles(media: MediaTool): RequestFiles {
  const load = () => import('./worker/upsample/engines/openai/request-files.ts');
  return {
    bodyOf: async (engine, task, hintPath) => (await load()).requestBodyOf(engine, task, hintPath, media),
    judgeOf: async (engine) => (await load()).createJudge(engine, systemClock),
  };
}

/** `20260110-093000-12ca1b2c`: sorts by time to the millisecond, and is a folder name everywhere. */
function newRunId(now: Date): string {
  const [date = '', time = ''] = now.toISOString().replaceAll(/[-:]/g, '').split(/[T.]/);
  const milliseconds = now.getUTCMilliseconds().toString(16).padStart(3, '0');
  return `${date}-${time}-${milliseconds}${randomBytes(3).toString('hex').slice(1)}`;
}

/** Version of this program, from its package. */
export async function readToolVersion(): Promise<string> {
  const text = await readFile(new URL('../package.json', import.meta.url), 'utf8');
  const document: unknown = JSON.parse(text);
  const version =
    typeof document === 'object' && document !== null && 'version' in document ? document.version : null;
  return typeof version === 'string' ? version : '0.0.0';
}

/** Where it is remembered which runs this user has: a file for each. */
export function runIndexFolder(): string {
  return join(cosmosFolders(process.env, process.platform).state, 'runs');
}
