import { basename, join, parse, resolve } from 'node:path';
import { nameOutputs } from '../../core/video-set/name-outputs.ts';
import { usageError } from '../../errors/app-error.ts';
import type { Ports } from '../../ports/ports.ts';
import type { PreviewUpscaleRequest } from '../../services/upscale/preview-upscale.ts';
import { type GivenPreviewFlags, namedMoments } from './preview-flags.ts';
import type { GivenUpscaleFlags } from './upscale-flags.ts';
import { type AskedUpscale, type OpenedUpscale, toUpscaleRequest } from './upscale-request.ts';

type PreviewFlags = GivenUpscaleFlags & GivenPreviewFlags;

/** More of them make a page that no browser likes. */
const mostMoments = 20;

/** A preview is of one video, and lies beside the output that a run would make: `clip-2x.preview.html`. */
export async function toPreviewRequest(
  inputs: readonly string[],
  flags: PreviewFlags,
  opened: OpenedUpscale & { readonly ports: Pick<Ports, 'sources' | 'modelLibrary'> },
): Promise<PreviewUpscaleRequest> {
  const { sources } = opened.ports;
  const [input] = inputs;
  if (inputs.length > 1 || (input !== undefined && (await sources.isFolder(resolve(input)))))
    throw usageError(
      '--preview shows one video at a time.',
      'Name one of them: cosmos upscale clip.mp4 --preview',
    );
  const moments = namedMoments(flags);
  if (moments.length > mostMoments)
    throw usageError(`--at is given ${moments.length} times.`, `Name ${mostMoments} moments at the most.`);
  const isPageNamed = /\.html?$/i.test(flags.output ?? '');
  const { output: named, ...others } = flags;
  const asked = await toUpscaleRequest(inputs, isPageNamed ? others : flags, opened);
  if (!asked.isSet && asked.request.pictures !== undefined)
    throw usageError(
      '--preview shows a video or a picture, and not numbered pictures.',
      'Name one of the pictures: cosmos upscale frames/000001.png --preview',
    );
  const { inputPath, outputPath } = pathsOf(asked, resolve(input ?? ''));
  const { dir, name } = parse(outputPath);
  const { upscaling, isKeptGoing, isForced } = asked.request;
  return {
    ...{ inputPath, outputPath, upscaling, isKeptGoing, moments },
    pagePath: isPageNamed && named !== undefined ? resolve(named) : join(dir, `${name}.preview.html`),
    // One that was made for this is made again; what else the user names is not replaced unasked.
    mayReplace: !isPageNamed || isForced,
    models: await modelsOf(flags, opened),
  };
}

function pathsOf(asked: AskedUpscale, inputPath: string) {
  if (!asked.isSet) return asked.request;
  const { outputDir, upscaling } = asked.request;
  const [usual = ''] = nameOutputs([{ name: basename(inputPath) }], '', upscaling);
  const { outputName = usual } = asked.request;
  return { inputPath, outputPath: join(outputDir, outputName) };
}

/** Those that are named; else that of the settings; else all that are installed. */
async function modelsOf(
  { model: named, engine }: PreviewFlags,
  { settings, ports }: OpenedUpscale & { readonly ports: Pick<Ports, 'modelLibrary'> },
): Promise<PreviewUpscaleRequest['models']> {
  const { upscaling } = settings;
  const ofSettings = upscaling.engine === 'onnx' && upscaling.model !== '' ? [upscaling.model] : null;
  const names = named ?? ofSettings ?? (engine === 'lanczos' ? [] : await installedModels(ports));
  return [...new Set(names)].map((name) => ({
    name: /[/\\.]/.test(name) ? basename(name) : name,
    path: ports.modelLibrary.pathOf(name, upscaling.scale),
  }));
}

async function installedModels({ modelLibrary }: Pick<Ports, 'modelLibrary'>): Promise<string[]> {
  const listed = await modelLibrary.list();
  return listed.filter(({ isInstalled }) => isInstalled).map(({ name }) => name);
}
