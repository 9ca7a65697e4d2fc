import { isPicturePattern } from '../../../core/frames/picture-series.ts';
import { printable } from '../../../core/printable.ts';
import { resumeCommand } from '../../../core/run/run-commands.ts';
import type { VideoSummary } from '../../../core/video/video-summary.ts';
import { bytesText, counted, durationText, numeral, rateText, realtimeText } from '../format.ts';
import type { Style } from '../style.ts';
import { detachedSteps, formatSections } from '../summary-sections.ts';
import { percentText, streamsText, upscaleEngineText, workTexts } from './video-names.ts';

/**
 * What a person reads when an upscale run has ended.
 *
 * @param isSubmitted - Whether a detached run was submitted whole; false when its host was lost on the way.
 */
export function formatVideoSummary(summary: VideoSummary, style: Style, isSubmitted = true): string {
  return formatSections(
    {
      runId: summary.run_id,
      startedAt: summary.started_at,
      host: summary.host,
      report: summary.report.html,
      engine: upscaleEngineText(summary),
      headline: headline(summary, style, isSubmitted),
      results: resultsOf(summary),
      notices: summary.notices,
      failures: summary.failures.map((failure) => ({ ...failure, spec: `segment ${failure.segment_id}` })),
      failureNoun: 'segment',
      nextSteps: nextSteps(summary, style),
    },
    style,
  );
}

function headline(summary: VideoSummary, style: Style, isSubmitted: boolean): string {
  const { counts, status, size, duration_ms: durationMs } = summary;
  const time = `in ${durationText(durationMs)}${speedText(summary)}`;
  if (summary.video !== null) {
    const done = style.good(`${counted(summary.video.frames, 'frame')} ${workTexts[summary.kind].done}`);
    const larger = summary.kind === 'upscale' ? ` to ${size.width}x${size.height}` : '';
    const what = `${style.good('✓')} ${done}${larger}`;
    // Nothing was left to do but, at most, to put them together.
    if (summary.frames_per_second === null) return `${what}; all frames were done before`;
    return `${what} ${time}`;
  }
  if (status === 'detached' && isSubmitted && counts.finished_segments === 0)
    return `… ${counted(counts.frames, 'frame')} in ${counted(counts.segments, 'segment')} submitted ${time}`;
  const open = counts.segments - counts.finished_segments - counts.failed_segments;
  const openText = `${numeral(open)} ${status === 'detached' ? 'still to come' : 'not done'}`;
  const parts = [
    `${numeral(counts.finished_segments)} of ${counted(counts.segments, 'segment')} ${workTexts[summary.kind].done}`,
    counts.failed_segments > 0 ? style.bad(`${numeral(counts.failed_segments)} failed`) : '',
    open > 0 ? openText : '',
    open + counts.failed_segments === 0 ? 'the video is not put together yet' : '',
  ].filter((part) => part !== '');
  return `${status === 'detached' ? '…' : style.bad('✗')} ${parts.join(', ')} ${time}`;
}

/** ` (35 fps, 1.5x realtime)`; empty where nothing is known. */
export function speedText({
  frames_per_second: rate,
  realtime_factor: realtime,
}: Pick<VideoSummary, 'frames_per_second' | 'realtime_factor'>): string {
  if (rate === null) return '';
  return realtime === null
    ? ` (${rateText(rate)})`
    : ` (${rateText(rate)}, ${realtimeText(realtime)} realtime)`;
}

function resultsOf(summary: VideoSummary): [string, string][] {
  const isPictures = isPicturePattern(summary.output);
  const rows: [string, string][] = [[isPictures ? 'Pictures' : 'Video', videoText(summary)]];
  if (summary.video) rows.push(['Verified', verifiedText(summary.video, isPictures)]);
  if (summary.counts.duplicates > 0) rows.push(['Duplicates', duplicatesText(summary)]);
  return rows;
}

function videoText({ output, video }: VideoSummary): string {
  if (video !== null && isPicturePattern(output))
    return `${printable(output)} (${bytesText(video.size_bytes)})`;
  if (video === null) return `${printable(output)} (not written yet)`;
  return `${printable(output)} (${bytesText(video.size_bytes)}, ${durationText(video.duration_seconds * 1000)})`;
}

function verifiedText(video: NonNullable<VideoSummary['video']>, isPictures: boolean): string {
  // Nothing says when a picture is shown.
  if (isPictures) return counted(video.frames, 'picture');
  const error = video.max_time_error_ms;
  const times = error < 0.05 ? 'every time stamp exact' : `time stamps within ${error.toFixed(1)} ms`;
  const streams = streamsText(video.copied_streams, video.converted_streams);
  return [counted(video.frames, 'frame'), times, streams].filter((part) => part !== '').join(', ');
}

function duplicatesText({ counts: { duplicates, frames }, kind }: VideoSummary): string {
  const part = percentText(duplicates, frames);
  return `${counted(duplicates, 'frame')} (${part}) show the picture before them and were not ${workTexts[kind].done} again`;
}

function nextSteps(summary: VideoSummary, style: Style): string[] {
  const { run_id: runId, status, is_resumable: isResumable } = summary;
  if (status === 'detached')
    return detachedSteps(runId, 'bring the segments home and finish the video', style);
  if (status === 'complete' || !isResumable) return [];
  return [`To continue:  ${style.bold(resumeCommand(runId))}`];
}
