import { resolve } from 'node:path';
import { Args } from '@oclif/core';
import { namedBy, resumeRules } from '../core/settings/resume-rules.ts';
import { videoPlanDocument } from '../output/json/video-plan-document.ts';
import { formatVideoPlan } from '../output/text/video/plan-text.ts';
import { resumeUpscaleOptions } from '../services/upscale/resume-upscale.ts';
import { upscaleOperation } from '../services/upscale/upscale-operation.ts';
import { upscaleVideo } from '../services/upscale/upscale-video.ts';
import { expectVideo } from '../services/video/expect-video.ts';
import { planVideo } from '../services/video/plan-video.ts';
import { RunCommand } from './shared/run-command.ts';
import { beginFlags, onQueue, progressFlags } from './shared/run-flags.ts';
import { upscaleView } from './shared/run-views.ts';
import { upscaleFlags, upscaleLayerOf } from './shared/upscale-flags.ts';
import { toUpscaleRequest } from './shared/upscale-request.ts';

export default class Upscale extends RunCommand {
  static override summary = 'Upscale a video, with every frame and all sound in place.';
  static override description =
    'Scans the video once, upscales each distinct frame once, in batches over several workers, and joins the larger ' +
    'frames with the sound, subtitles and chapters of the source. Everything finished is kept: after any ' +
    'interruption, --resume continues the run and gives the same video.';
  static override examples = [
    '<%= config.bin %> <%= command.id %> clip.mp4 -o clip-2x.mp4',
    '<%= config.bin %> <%= command.id %> clip.mp4 -o clip-4x.mkv --model realesr-general-x4v3.onnx --scale 4',
    '<%= config.bin %> <%= command.id %> --resume latest',
  ];
  static override args = { video: Args.string({ description: 'the video to upscale', required: false }) };
  static override flags = {
    ...upscaleFlags,
    ...progressFlags,
    ...beginFlags('finishes the video', 'analyze the video, show the plan and stop'),
  };

  async run(): Promise<object> {
    const { flags, args } = onQueue(await this.parse(Upscale));
    const { detach: isDetached } = flags;
    const layer = upscaleLayerOf(flags);
    if (flags.resume !== undefined) {
      const input = args.video === undefined ? null : resolve(args.video);
      const output = flags.output === undefined ? null : resolve(flags.output);
      const kind = upscaleView.kind.format.kind;
      const { ports, reference, settingsOver } = await this.openRun(flags.resume, flags.config, layer, kind);
      const resumed = resumeUpscaleOptions({
        ...{ reference, input, output, settingsOver },
        host: flags.host ?? null,
        isForced: flags.force,
        isKeptGoing: flags['keep-going'],
        named: namedBy(resumeRules.upscale, flags),
        modelPathOf: (model, scale) => ports.modelLibrary.pathOf(model, scale),
      });
      return await this.resume(upscaleView, flags, ports, resumed);
    }
    const opened = await this.open(flags.config, layer);
    const { ports } = opened;
    const request = toUpscaleRequest(args.video, flags, opened);
    if (flags['dry-run']) {
      const plan = await this.observed(upscaleView, flags, ({ observer, signal }) =>
        planVideo(request, upscaleOperation(request, ports), ports, observer, signal),
      );
      const expected = await expectVideo(plan, ports);
      this.show(formatVideoPlan(plan, this.style, expected));
      return videoPlanDocument(plan, expected);
    }
    return await this.carryOut(upscaleView, flags, ports, ({ observer, signal, leave }) =>
      upscaleVideo({ ...request, isDetached, leave }, ports, observer, signal),
    );
  }
}
