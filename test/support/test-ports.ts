import { join } from 'node:path';
import { FileResultCache } from '../../src/adapters/file-result-cache.ts';
import { FileServerLimits } from '../../src/adapters/file-server-limits.ts';
import { FileTemplateTokens } from '../../src/adapters/file-template-tokens.ts';
import { LocalFileStore } from '../../src/adapters/files/local-file-store.ts';
import { LocalSourceFiles } from '../../src/adapters/files/local-source-files.ts';
import { publishFile } from '../../src/adapters/files/publish-file.ts';
import { FfmpegFrameTool } from '../../src/adapters/frames/ffmpeg-frame-tool.ts';
import { LocalSpecStore } from '../../src/adapters/local-spec-store.ts';
import { CachingMediaTool } from '../../src/adapters/media/caching-media-tool.ts';
import { FfmpegMediaTool } from '../../src/adapters/media/ffmpeg-media-tool.ts';
import { LocalModelLibrary } from '../../src/adapters/models/local-model-library.ts';
import { LocalRunStore } from '../../src/adapters/run-store/local-run-store.ts';
import { systemClock } from '../../src/adapters/system-clock.ts';
import { FfmpegVideoTool } from '../../src/adapters/video/ffmpeg-video-tool.ts';
import { resolveSettings } from '../../src/core/settings/resolve-settings.ts';
import { type UpsampleSettings, upsampleSettingsFrom } from '../../src/core/upsample/upsample-settings.ts';
import { renderJsonReport } from '../../src/output/json/json-report.ts';
import { partialObserver } from '../../src/output/progress/observers.ts';
import type { Host } from '../../src/ports/host.ts';
import type { Ports } from '../../src/ports/ports.ts';
import { createJudge, requestBodyOf } from '../../src/worker/upsample/engines/openai/request-files.ts';
import { MemoryUpkeep } from './memory-upkeep.ts';

/** The ports of the program with everything below one folder, on a host of the test's own. */
export function createTestPorts(folder: string, host: Host): Ports {
  const mediaFolder = join(folder, 'cache', 'media');
  const media = new CachingMediaTool(
    new FfmpegMediaTool({ hintFolder: CachingMediaTool.stagingFolderOf(mediaFolder) }),
    { folder: mediaFolder, maxSizeBytes: 2 ** 30 },
  );
  let runs = 0;
  return {
    specs: new LocalSpecStore(folder),
    media,
    runs: new LocalRunStore(join(folder, 'checkpoints'), systemClock),
    results: new FileResultCache(new LocalFileStore(join(folder, 'cache', 'results'))),
    reports: {
      write: (paths, header, items) => publishFile(paths.json, renderJsonReport(header, items())),
      writeInference: (paths, header, items) => publishFile(paths.json, renderJsonReport(header, items())),
      writeUpscale: (paths, report) => publishFile(paths.json, [JSON.stringify(report)]),
      writeVideoSet: (paths, report) => publishFile(paths.json, [JSON.stringify(report)]),
      writeRegionPlan: (paths, plan) => publishFile(paths.json, [JSON.stringify(plan)]),
      writeUpscalePreview: (path, preview) => publishFile(path, [JSON.stringify(preview)]),
    },
    video: new FfmpegVideoTool({ retimedFolder: join(folder, 'cache', 'retimed') }),
    frames: new FfmpegFrameTool(),
    detectors: { open: () => Promise.reject(new Error('there is no detector')) },
    models: { assertOnnx: async () => undefined, tryOut: async () => null },
    modelLibrary: createTestLibrary(folder),
    tryUpscaling: () => Promise.reject(new Error('nothing is tried')),
    sources: new LocalSourceFiles(),
    clock: systemClock,
    checkServer: () => Promise.reject(new Error('there is no server')),
    withServerProbe: () => Promise.reject(new Error('there is no server')),
    templateTokens: new FileTemplateTokens(join(folder, 'cache', 'template-tokens.jsonl')),
    serverLimits: new FileServerLimits(new LocalFileStore(join(folder, 'cache', 'server-limits'))),
    requestFiles: {
      bodyOf: (engine, task, hintPath) => requestBodyOf(engine, task, hintPath, media),
      judgeOf: async (engine) => createJudge(engine, systemClock),
    },
    machines: (name) => [name],
    host: () => host,
    upkeep: () => new MemoryUpkeep(),
    textTokens: async () => (text) => Math.ceil(text.length / 4),
    newRunId: () => `test-run-${runs++}`,
    expandHome: (path) => path,
    workFolders: () => [],
    parallelism: 2,
    toolVersion: '0.1.0',
  };
}

/** Settings of a run that writes to `out` below the folder. */
export function testRunSettings(
  folder: string,
  values: object = {},
  change: Partial<UpsampleSettings> = {},
): UpsampleSettings {
  const settings = resolveSettings([{ source: 'the test', values }]);
  const request = { outputDir: join(folder, 'out'), host: 'memory', workers: null };
  const flags = { writeBack: false, force: false, allowTextOnly: true };
  return { ...upsampleSettingsFrom(settings, { ...request, ...flags }), ...change };
}

/** An observer that wants to know nothing. */
export const silent = partialObserver({});

function createTestLibrary(folder: string): LocalModelLibrary {
  const inside = (name: string) => join(folder, 'cache', name);
  return new LocalModelLibrary(
    {
      cache: inside('models'),
      user: inside('own-models'),
      installed: inside('installed-models'),
    },
    { clock: systemClock, measure: async () => ({ scale: 2, megapixelsPerSecond: 1 }) },
  );
}
