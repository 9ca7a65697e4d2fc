/**
 * Keeps one ffmpeg at work for ever, and says so on stdout: `node busy-frames.ts decode|scan|scale|encode|resample SOURCE TARGET`.
 * The tests kill it.
 */
import { FfmpegFrameTool } from '../../../src/adapters/frames/ffmpeg-frame-tool.ts';
import { FfmpegVideoTool } from '../../../src/adapters/video/ffmpeg-video-tool.ts';
import { clipOf, noAbort, segmentOf } from './frames/rig.ts';

const [step, source = '', target = ''] = process.argv.slice(2);
const video = new FfmpegVideoTool();
const frames = new FfmpegFrameTool();
const { video: stream } = await video.inspect(source);
const clip = clipOf(stream);
const format = { ...stream.size, pixelFormat: stream.pixelFormat };
const frame = new Uint8Array(96 * 54 * 1.5);

if (step === 'scan') await video.scan(source, stream, { withPictures: true, keepGoing: false }).next();
if (step === 'decode') {
  const segment = segmentOf(clip, [0], { first: 0, end: 36, seekTime: null });
  await frames.decode({ sourcePath: source, segment }, noAbort)[Symbol.asyncIterator]().next();
}
if (step === 'scale') {
  await frames.startScaling(format, { ...format, width: 192, height: 108 }, clip, noAbort).filter([frame]);
}
if (step === 'encode') {
  const encoding = { crf: 20, preset: 'ultrafast', threads: 1 } as const;
  await frames.encode({ path: target, frame: format, clip, encoding }, noAbort).write(frame);
}
if (step === 'resample') {
  // So large and slow that it takes longer than any test waits.
  const encoding = { crf: 20, preset: 'veryslow', threads: 1 } as const;
  const large = { ...clip, target: { ...clip.target, width: 7680, height: 4320 } };
  const segment = segmentOf(large, [0], { first: 0, end: 36, seekTime: null });
  const request = { sourcePath: source, segment, path: target, encoding, onFrames: () => undefined };
  void frames.resample(request, noAbort);
}
process.stdout.write('at work\n');
setInterval(() => undefined, 1000);
