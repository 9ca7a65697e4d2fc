import { resolve } from 'node:path';
import { Args, type Interfaces } from '@oclif/core';
import { openFile } from '../composition.ts';
import { namedBy, resumeRules } from '../core/settings/resume-rules.ts';
import { exitCodes } from '../errors/error-codes.ts';
import { upscalePreviewDocument } from '../output/json/upscale-preview-document.ts';
import { videoPlanDocument } from '../output/json/video-plan-document.ts';
import { videoSetPlanDocument } from '../output/json/video-set-plan-document.ts';
import { partialObserver } from '../output/progress/observers.ts';
import { formatVideoPlan } from '../output/text/video/plan-text.ts';
import { formatUpscalePreview } from '../output/text/video/preview-text.ts';
import { formatVideoSetPlan } from '../output/text/video-set/plan-text.ts';
import type { Ports } from '../ports/ports.ts';
import type { VideoObserver } from '../ports/run-observer.ts';
import { previewUpscale } from '../services/upscale/preview-upscale.ts';
import { resumeUpscaleOptions } from '../services/upscale/resume-upscale.ts';
import { upscaleOperation } from '../services/upscale/upscale-operation.ts';
import { upscaleVideo } from '../services/upscale/upscale-video.ts';
import { expectVideo } from '../services/video/expect-video.ts';
import { planVideo } from '../services/video/plan-video.ts';
import { upscaleVideoSet } from '../services/video-set/begin-set.ts';
import { planVideoSet } from '../services/video-set/plan-set.ts';
import { resumeVideoSetOptions } from '../services/video-set/resume-set.ts';
import { assertPreviewAlone, previewFlags } from './shared/preview-flags.ts';
import { toPreviewRequest } from './shared/preview-request.ts';
import { RunCommand } from './shared/run-command.ts';
import { beginFlags, onQueue, progressFlags } from './shared/run-flags.ts';
import { upscaleView, videoSetView } from './shared/run-views.ts';
import { assertOneModel, upscaleFlags, upscaleLayerOf, videoSetFlags } from './shared/upscale-flags.ts';
import { type AskedUpscale, toUpscaleRequest } from './shared/upscale-request.ts';

export default class Upscale extends RunCommand {
  static override summary = 'Upscale a video, with every frame and all sound in place.';
  static override description =
    'Scans the video once, upscales each distinct frame once, in batches over several workers, and joins the larger ' +
    'frames with the sound, subtitles and chapters of the source. Everything finished is kept: after any ' +
    'interruption, --resume continues the run and gives the same video.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> clip.mp4 -o clip-2x.mp4',
    '<%= config.bin %> <%= command.id %> clip.mp4 -o clip-4x.mkv --model realesr-general-x4v3.onnx --scale 4',
    '<%= config.bin %> <%= command.id %> frames/frame_%06d.png --fps 24 -o clip-2x.mp4',
    '<%= config.bin %> <%= command.id %> holiday/ extra.mov -o upscaled --suffix=-2x',
    '<%= config.bin %> <%= command.id %> clip.mp4 --preview --at 0:12 --model esrgan-slim --model esrgan-medium',
    '<%= config.bin %> <%= command.id %> --resume latest',
  ];
  static override strict = false;
  static override args = {
    videos: Args.string({
      description:
        'the video to upscale, or several videos, pictures and folders of them; frames/frame_%06d.png',
      required: false,
    }),
  };
  static override flags = {
    ...upscaleFlags,
    ...videoSetFlags,
    ...previewFlags,
    ...progressFlags,
    ...beginFlags('finishes the video', 'analyze the video, show the plan and stop'),
  };

  async run(): Promise<object> {
    const { flags, argv } = onQueue(await this.parse(Upscale));
    const inputs = argv.map(String);
    const { detach: isDetached } = flags;
    const layer = upscaleLayerOf(flags);
    if (flags.preview) return await this.#preview(inputs, flags);
    assertOneModel(flags);
    if (flags.resume !== undefined) return await this.#resume(flags.resume, inputs, flags);
    const opened = await this.open(flags.config, layer);
    const { ports } = opened;
    const asked = await toUpscaleRequest(inputs, flags, opened);
    if (flags['dry-run']) return await this.#plan(asked, flags, ports);
    if (asked.isSet)
      return await this.carryOut(videoSetView, flags, ports, ({ observer, signal, leave }) =>
        upscaleVideoSet({ ...asked.request, isDetached, leave }, ports, observer, signal),
      );
    return await this.carryOut(upscaleView, flags, ports, ({ observer, signal, leave }) =>
      upscaleVideo({ ...asked.request, isDetached, leave }, ports, observer, signal),
    );
  }

  /** What parts of it would become. A model that cannot be shown makes it partial. */
  async #preview(inputs: readonly string[], flags: UpscaleFlags): Promise<object> {
    assertPreviewAlone(flags);
    const opened = await this.open(flags.config, upscaleLayerOf(flags));
    const request = await toPreviewRequest(inputs, flags, opened);
    const observer = partialObserver<VideoObserver>({
      onNotice: (line) => flags.progress && this.logToStderr(line),
    });
    const preview = await this.interruptibly((signal) =>
      previewUpscale(request, opened.ports, observer, signal),
    );
    const { pagePath } = request;
    this.show(formatUpscalePreview(preview, pagePath, this.style, process.stdout.columns));
    if (flags.open && (await openFile(pagePath))) this.logToStderr(`Opened ${pagePath}`);
    if (preview.variants.some(({ failure }) => failure !== null)) process.exitCode = exitCodes.partial;
    return upscalePreviewDocument(preview, pagePath);
  }

  async #resume(reference: string, videos: readonly string[], flags: UpscaleFlags): Promise<object> {
    const inputs = videos.map((input) => resolve(input));
    const output = flags.output === undefined ? null : resolve(flags.output);
    const kinds = [upscaleView, videoSetView].map(({ kind }) => kind.format.kind);
    const layer = upscaleLayerOf(flags);
    const {
      ports,
      reference: found,
      settingsOver,
    } = await this.openRun(reference, flags.config, layer, kinds);
    const { kind } = await ports.runs.locate(found);
    const common = {
      ...{ reference: found, output, settingsOver, host: flags.host ?? null },
      ...{ isForced: flags.force, isKeptGoing: flags['keep-going'], fps: flags.fps ?? null },
      named: namedBy(resumeRules.upscale, flags),
      modelPathOf: (model: string, scale: number) => ports.modelLibrary.pathOf(model, scale),
    };
    if (kind === videoSetView.kind.format.kind)
      return await this.resume(
        videoSetView,
        flags,
        ports,
        resumeVideoSetOptions({ ...common, inputs, suffix: flags.suffix ?? null }),
      );
    const [input = null] = inputs;
    return await this.resume(upscaleView, flags, ports, resumeUpscaleOptions({ ...common, input }));
  }

  async #plan(asked: AskedUpscale, flags: UpscaleFlags, ports: Ports): Promise<object> {
    if (asked.isSet) {
      const plan = await this.observed(videoSetView, flags, ({ observer, signal }) =>
        planVideoSet(asked.request, ports, observer, signal),
      );
      const document = videoSetPlanDocument(plan);
      this.show(formatVideoSetPlan(document, this.style));
      return document;
    }
    const { request } = asked;
    const plan = await this.observed(upscaleView, flags, ({ observer, signal }) =>
      planVideo(request, upscaleOperation(request, ports), ports, observer, signal),
    );
    const expected = await expectVideo(plan, ports);
    this.show(formatVideoPlan(plan, this.style, expected));
    return videoPlanDocument(plan, expected);
  }
}

type UpscaleFlags = Interfaces.InferredFlags<typeof Upscale.flags & typeof Upscale.baseFlags>;
