import { readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { publishFile } from './adapters/files/publish-file.ts';
import type { InferenceReportItem } from './core/inference/inference-report.ts';
import { printableJson } from './core/printable.ts';
import type { ReportItem } from './core/upsample/upsample-report.ts';
import { renderJsonReport } from './output/json/json-report.ts';
import { renderInferenceReport } from './output/report/inference/render-inference-report.ts';
import { renderUpsampleReport } from './output/report/upsample/render-upsample-report.ts';
import { renderContactSheet } from './output/report/video/regions.ts';
import { renderVideoReport } from './output/report/video/render-video-report.ts';
import { renderUpscalePreview } from './output/report/video/upscale-preview.ts';
import { renderVideoSetReport } from './output/report/video-set/render-set-report.ts';
import type { MediaTool } from './ports/media-tool.ts';
import type { ReportWriter, VideoPreview } from './ports/report-writer.ts';

/** Loaded when the first report is written: the pages are as large as all that a run needs before. */
export function createReportWriter(media: MediaTool): ReportWriter {
  const readFrames = async (path: string | null) => {
    if (path === null) return [];
    return await media.readJpegFrames(path).catch(() => []);
  };
  return {
    write: async (paths, header, items, hintPath) => {
      const readMedia = async ({ hint }: ReportItem) => {
        return { frames: await readFrames(hint && hintPath(hint.sha256)), videos: [] };
      };
      await publishFile(paths.json, renderJsonReport(header, items()));
      await publishFile(paths.html, renderUpsampleReport(header, items(), readMedia));
    },
    writeInference: async (paths, header, items, { inputFrames, previewOf }) => {
      const readPreview = async (preview: VideoPreview | null) => {
        const clip = preview && (await readFile(preview.clip).catch(() => null));
        return { clip, stills: await readFrames(preview?.stills ?? null) };
      };
      const readMedia = async (item: InferenceReportItem) => {
        const previews = item.videos.map(({ file }) => readPreview(file && previewOf(file.sha256)));
        return { frames: await readFrames(inputFrames(item)), videos: await Promise.all(previews) };
      };
      await publishFile(paths.json, renderJsonReport(header, items()));
      await publishFile(paths.html, renderInferenceReport(header, items(), readMedia));
    },
    writeUpscale: async (paths, report, pictures) => {
      await publishFile(paths.json, [`${printableJson(report, 2)}\n`]);
      await publishFile(paths.html, renderVideoReport(report, pictures));
    },
    writeVideoSet: async (paths, report) => {
      await publishFile(paths.json, [`${printableJson(report, 2)}\n`]);
      await publishFile(paths.html, renderVideoSetReport(report, dirname(paths.html)));
    },
    writeRegionPlan: async (paths, plan, sheet) => {
      await publishFile(paths.json, [`${printableJson(plan, 2)}\n`]);
      await publishFile(paths.html, renderContactSheet(plan, sheet));
    },
    writeUpscalePreview: async (path, preview) => await publishFile(path, renderUpscalePreview(preview)),
  };
}
