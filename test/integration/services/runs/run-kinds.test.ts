import { appendFile, copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publishFile } from '../../../../src/adapters/files/publish-file.ts';
import { LocalSpecStore } from '../../../../src/adapters/local-spec-store.ts';
import { FfmpegVideoTool } from '../../../../src/adapters/video/ffmpeg-video-tool.ts';
import { inferenceSettingsFrom } from '../../../../src/core/inference/inference-settings.ts';
import { resolveSettings } from '../../../../src/core/settings/resolve-settings.ts';
import { partialObserver } from '../../../../src/output/progress/observers.ts';
import type { ScannedFrame, VideoTool } from '../../../../src/ports/video-tool.ts';
import { inferenceKind } from '../../../../src/services/inference/inference-kind.ts';
import { runModels } from '../../../../src/services/inference/run-models.ts';
import { batchUpsample } from '../../../../src/services/upsample/batch-upsample.ts';
import { upsampleKind } from '../../../../src/services/upsample/upsample-kind.ts';
import { upscaleKind } from '../../../../src/services/upscale/upscale-kind.ts';
import { upscaleVideo } from '../../../../src/services/upscale/upscale-video.ts';
import { upscaleVideoSet } from '../../../../src/services/video-set/begin-set.ts';
import { videoSetKind } from '../../../../src/services/video-set/set-kind.ts';
import { makeClip } from '../../../support/clips.ts';
import { describeRunKind } from '../../../support/contracts/run-kind-contract.ts';
import type { RunScene } from '../../../support/contracts/run-scene.ts';
import { MemoryHost, videoWork } from '../../../support/memory-host.ts';
import { MemoryUpkeep } from '../../../support/memory-upkeep.ts';
import { workOnSegments } from '../../../support/segment-work.ts';
import { sampleSpec, writeSpecs } from '../../../support/spec-builder.ts';
import { temporaryFolder } from '../../../support/temporary-folder.ts';
import { createTestPorts, testRunSettings } from '../../../support/test-ports.ts';
import { countCharacters, countKind, countWork } from '../../../support/toy-kind.ts';

const root = await temporaryFolder();
const upscaling = resolveSettings([
  {
    source: 'the test',
    values: { upscaling: { workers: 1, preset: 'ultrafast', batch_size: 16, dedupe: 'exact' } },
  },
]).upscaling;
const film = await makeClip(join(root, 'film.mp4'), { width: 64, height: 36, seconds: 6.4 });
const filmSegments = 3;
const segmentWork = workOnSegments(film, root, upscaling);
const filmTool = await recordFilm(film);
const shortFilm = await makeClip(join(root, 'short.mp4'), { width: 64, height: 36, frames: 5 });
const shortTool = await recordFilm(shortFilm);
const shortWork = workOnSegments(shortFilm, root, upscaling);
let scenes = 0;

describeRunKind('upsample', makeUpsampleScene);
describeRunKind('upscale', makeUpscaleScene);
describeRunKind('upscale of several videos', makeVideoSetScene);
describeRunKind('inference', makeInferenceScene);
describeRunKind('a toy kind', makeToyScene);

/** A folder of its own for one run. */
async function newFolder(): Promise<string> {
  scenes += 1;
  const folder = join(root, String(scenes));
  await mkdir(folder);
  return folder;
}

async function makeUpsampleScene(): Promise<RunScene> {
  const folder = await newFolder();
  const input = join(folder, 'in');
  const names = ['0.json', '1.json', '2.json', '3.json'];
  const write = (text: string) => {
    const specs = names.map((name) => [
      name,
      sampleSpec({ prompt: `${text} ${name}`, input_video_path: '' }),
    ]);
    return writeSpecs(input, Object.fromEntries(specs));
  };
  await write('A lighthouse');
  const host = new MemoryHost();
  const ports = createTestPorts(folder, host);
  const settings = testRunSettings(folder, { upsampling: { batch_size: 2 } });
  return {
    ...{ kind: upsampleKind, folder, ports, host, taskCount: names.length },
    observe: partialObserver,
    begin: ({ observer, signal, isDetached, leave }) =>
      batchUpsample(
        { inputs: [input], settings, excluded: [], isDetached, leave },
        ports,
        partialObserver(observer),
        signal,
      ),
    changeInputs: async () => {
      await write('A mill');
      return names;
    },
  };
}

async function makeUpscaleScene(): Promise<RunScene> {
  const folder = await newFolder();
  const inputPath = join(folder, 'film.mp4');
  await copyFile(film, inputPath);
  const host = new MemoryHost(segmentWork);
  const ports = { ...createTestPorts(folder, host), video: filmTool };
  const request = {
    ...{ inputPath, outputPath: join(folder, 'film-2x.mp4'), modelPath: null },
    ...{ host: host.name, slots: 1, upscaling, isForced: false, isKeptGoing: false },
  };
  return {
    ...{ kind: upscaleKind, folder, ports, host, taskCount: filmSegments },
    observe: partialObserver,
    begin: ({ observer, signal, isDetached, leave }) =>
      upscaleVideo({ ...request, isDetached, leave }, ports, partialObserver(observer), signal),
    changeInputs: async () => {
      await appendFile(inputPath, 'more');
      return [inputPath];
    },
  };
}

/** Videos of one segment each, and more of them than are read ahead. */
async function makeVideoSetScene(): Promise<RunScene> {
  const folder = await newFolder();
  const films = join(folder, 'films');
  await mkdir(films);
  const paths = ['a', 'b', 'c', 'd', 'e'].map((name) => join(films, `${name}.mp4`));
  for (const path of paths) await copyFile(shortFilm, path);
  const host = new MemoryHost(shortWork);
  const ports = { ...createTestPorts(folder, host), video: shortTool };
  const request = {
    ...{ inputs: [films], outputDir: join(folder, 'larger'), suffix: '', modelPath: null },
    ...{ host: host.name, slots: 1, upscaling, isForced: false, isKeptGoing: false },
  };
  return {
    ...{ kind: videoSetKind, folder, ports, host, taskCount: paths.length, takesChanged: true },
    observe: partialObserver,
    begin: ({ observer, signal, isDetached, leave }) =>
      upscaleVideoSet({ ...request, isDetached, leave }, ports, partialObserver(observer), signal),
    changeInputs: async () => {
      for (const path of paths) await appendFile(path, 'more');
      return paths;
    },
  };
}

async function makeInferenceScene(): Promise<RunScene> {
  const folder = await newFolder();
  const input = join(folder, 'in');
  const names = ['0', '1', '2', '3'];
  const clips = names.map((name) => join(folder, `${name}.mp4`));
  for (const clip of clips) await copyFile(film, clip);
  const specs = names.map((name) => [
    `${name}.json`,
    sampleSpec({
      prompt: `A lighthouse ${name}`,
      input_video_path: `../${name}.mp4`,
      control_inputs: { edge: null },
    }),
  ]);
  await writeSpecs(input, Object.fromEntries(specs));
  const host = new MemoryHost(videoWork(folder));
  const upkeep = new MemoryUpkeep();
  upkeep.facts = { ...upkeep.facts, inferenceImage: { name: 'cosmos-inference:1', isPresent: true } };
  const ports = { ...createTestPorts(folder, host), upkeep: () => upkeep };
  const settings = inferenceSettingsFrom(
    resolveSettings([{ source: 'the test', values: { inference: { batch_size: 2 } } }]),
    testRunSettings(folder),
    {
      ...{ stages: ['inference'], isReviewed: false, videosDir: join(folder, 'videos'), workers: 1 },
      ...{ isForced: false, only: [], skip: [], named: [] },
    },
  );
  return {
    ...{ kind: inferenceKind, folder, ports, host, taskCount: names.length },
    observe: partialObserver,
    begin: ({ observer, signal, isDetached, leave }) =>
      runModels(
        { inputs: [input], settings, excluded: [], mappedFolders: [], isDetached, leave },
        ports,
        partialObserver(observer),
        signal,
      ),
    changeInputs: async () => {
      for (const clip of clips) await appendFile(clip, 'more');
      // A process stats each video once; the one that resumes is another.
      Object.assign(ports, { specs: new LocalSpecStore(folder) });
      return clips;
    },
  };
}

async function makeToyScene(): Promise<RunScene> {
  const folder = await newFolder();
  const paths = ['a', 'b', 'c', 'd'].map((name) => join(folder, `${name}.txt`));
  for (const [index, path] of paths.entries()) await writeFile(path, 'x'.repeat(index));
  const host = new MemoryHost(countWork);
  const ports = createTestPorts(folder, host);
  const request = { paths, outputDir: join(folder, 'out'), host: host.name };
  return {
    ...{ kind: countKind, folder, ports, host, taskCount: paths.length },
    observe: partialObserver,
    begin: (control) => countCharacters(request, { ...control, ports }),
    changeInputs: async () => {
      for (const path of paths) await appendFile(path, 'y');
      return paths;
    },
  };
}

/**
 * What ffmpeg finds in the film, found once for all scenes. The finished video is only the segments one after the other:
 * how it is really put together is tested elsewhere.
 */
async function recordFilm(film: string): Promise<VideoTool> {
  const tool = new FfmpegVideoTool();
  const facts = await tool.inspect(film);
  const index = await tool.packetIndex(film, facts);
  const frames: ScannedFrame[] = [];
  for await (const frame of tool.scan(film, facts.video, { withPictures: false, keepGoing: false }))
    frames.push(frame);
  return {
    inspect: async () => facts,
    packetIndex: async () => index,
    retime: async (path) => path,
    discard: async () => undefined,
    writePicture: async () => ({ sizeBytes: 0 }),
    writePictures: async () => ({ sizeBytes: 0 }),
    arePicturesAlike: async () => true,
    joinPictures: async () => {
      throw new Error('there are no pictures');
    },
    removeRetimed: async () => undefined,
    cutPart: async () => null,
    checkSegment: async () => null,
    async *scan() {
      yield* frames;
      return { damage: null, changes: [] };
    },
    assemble: async ({ segments, outputPath }) => {
      const parts = await Promise.all(segments.map(({ path }) => readFile(path)));
      const content = Buffer.concat(parts);
      await publishFile(outputPath, content);
      return {
        sizeBytes: content.byteLength,
        frames: frames.length,
        durationSeconds: facts.durationSeconds ?? 0,
        maxTimeErrorMs: 0,
        notices: [],
        streams: { copied: 0, converted: 0 },
      };
    },
    pictures: async () => [],
    makePreview: async () => undefined,
    trySound: async () => ({ failure: 'the film is silent' }),
    tryEncoder: async () => null,
  };
}
