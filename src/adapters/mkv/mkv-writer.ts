import type { FileHandle } from 'node:fs/promises';
import { readExactly } from '../files/bounded-read.ts';
import type { ContainerWriter, OpenWriter, WriterInput } from '../muxing/container-writer.ts';
import type { PartFile } from '../muxing/part-file.ts';
import { readSamples, type SampleRun, type SampleTable } from '../muxing/samples.ts';
import { MkvCluster, wrapFrame } from './cluster.ts';
import {
  type ElementPlace,
  elementHeader,
  fixedHeader,
  fixedUintElement,
  makeElement,
  readElement,
  uintElement,
} from './ebml.ts';
import { mkv } from './element-ids.ts';
import { uidOf, withFrameRate, withLength, withTaggedLength } from './heads.ts';
import { type MkvOutputTiming, mkvOutputTimingOf } from './output-timing.ts';
import { blocksOf, type MkvBlock, type MkvSkeleton, readMkvSkeleton } from './skeleton.ts';

/** Blocks that begin a cluster with a key frame are worth a short one. */
const leastClusterMs = 1_000;
const copyBytes = 4 * 1024 * 1024;

/** @throws EbmlFormatError when the skeleton is damaged. */
export async function openMkvWriter(input: WriterInput): Promise<OpenWriter> {
  const { presentation } = input;
  const skeleton = await readMkvSkeleton(input.skeleton, input.first);
  const { videoTrack } = skeleton;
  let beginMs = Math.round(presentation.firstSeconds * 1000);
  for await (const { track, time } of blocksOf(input.skeleton, skeleton)) {
    if (track !== videoTrack) continue;
    beginMs = time;
    break;
  }
  const { frameRate } = input.request.source.facts.video;
  const timing = mkvOutputTimingOf(presentation, beginMs, videoTrack, frameRate);
  return { writer: new MkvWriter(input, skeleton, timing), firstSeconds: timing.firstSeconds };
}

/** Matroska: heads, then clusters in which blocks lie by time, then the index of key frames. */
class MkvWriter implements ContainerWriter {
  readonly #part: PartFile;
  readonly #file: FileHandle;
  readonly #skeleton: MkvSkeleton;
  readonly #timing: MkvOutputTiming;
  readonly #video: SampleTable;
  readonly #blocks: AsyncGenerator<MkvBlock>;
  #next: MkvBlock | null = null;
  #cluster: MkvCluster | null = null;
  /** Where places in the file are counted from. */
  #segmentAt = 0;
  #seekHead: { readonly at: number; readonly places: Map<number, number> } = { at: 0, places: new Map() };
  /** Key frames: time and the place of their cluster. */
  readonly #keys: { readonly time: number; readonly clusterAt: number }[] = [];

  constructor({ part, skeleton: file, video }: WriterInput, skeleton: MkvSkeleton, timing: MkvOutputTiming) {
    this.#part = part;
    this.#file = file;
    this.#skeleton = skeleton;
    this.#timing = timing;
    this.#video = video;
    this.#blocks = blocksOf(file, skeleton);
  }

  async begin(): Promise<void> {
    await this.#part.write(this.#skeleton.ebml);
    await this.#part.write(fixedHeader(mkv.segment, 0));
    this.#segmentAt = this.#part.position;
    const places = new Map<number, number>(this.#skeleton.heads.map(({ id }) => [id, 0]));
    this.#seekHead = { at: this.#segmentAt, places: places.set(mkv.cues, 0) };
    await this.#part.write(makeSeekHead(places));
    const tracksPlace = this.#skeleton.heads.find(({ id }) => id === mkv.tracks);
    const tracks = tracksPlace ? await readElement(this.#file, tracksPlace) : Buffer.alloc(0);
    const videoUid = uidOf(tracks, this.#skeleton.videoTrack);
    for (const place of this.#skeleton.heads) {
      places.set(place.id, this.#part.position - this.#segmentAt);
      await this.#writeHead(place, videoUid);
    }
    await this.#take();
  }

  async append(segment: SampleRun): Promise<void> {
    for (let sample = segment.first; sample < segment.end; sample += 1) {
      await this.#writeOthers(this.#timing.timeOf(sample));
      await this.#addFrame(segment, sample);
    }
    // Up to the next segment, so that its key frame begins a cluster.
    if (segment.end < this.#timing.frames) await this.#writeOthers(this.#timing.timeOf(segment.end));
    await this.#closeCluster();
  }

  async finish(): Promise<void> {
    await this.#writeOthers(Number.POSITIVE_INFINITY);
    await this.#closeCluster();
    const { places, at } = this.#seekHead;
    places.set(mkv.cues, this.#part.position - this.#segmentAt);
    await this.#part.write(makeElement(mkv.cues, ...this.#keys.map((key) => this.#makeCue(key))));
    await this.#part.writeAt(at, makeSeekHead(places));
    const header = fixedHeader(mkv.segment, this.#part.position - this.#segmentAt);
    await this.#part.writeAt(this.#segmentAt - header.length, header);
  }

  async #writeHead(place: ElementPlace, videoUid: Buffer): Promise<void> {
    const content = place.id === mkv.attachments ? null : await readElement(this.#file, place);
    if (content) {
      const edited = this.#editHead(place.id, content, videoUid);
      await this.#part.write(makeElement(place.id, edited));
      return;
    }
    await this.#part.write(elementHeader(place.id, place.contentBytes));
    for (let copied = 0; copied < place.contentBytes; copied += copyBytes) {
      const bytes = Math.min(copyBytes, place.contentBytes - copied);
      await this.#part.write(await readExactly(this.#file, place.contentAt + copied, bytes));
    }
  }

  #editHead(id: number, content: Buffer, videoUid: Buffer): Buffer {
    if (id === mkv.info) return withLength(content, this.#timing);
    if (id === mkv.tracks) return withFrameRate(content, this.#timing);
    return id === mkv.tags ? withTaggedLength(content, videoUid, this.#timing) : content;
  }

  async #addFrame(segment: SampleRun, sample: number): Promise<void> {
    const { sizes, ranks, keys } = this.#video;
    const frame = ranks[sample] ?? 0;
    const time = this.#timing.timeOf(frame);
    const isKey = keys[sample] === 1;
    const payloadBytes = sizes[sample] ?? 0;
    if (isKey && this.#cluster && time - this.#cluster.time >= leastClusterMs) await this.#closeCluster();
    const cluster = await this.#clusterFor(time, payloadBytes);
    if (isKey) this.#keys.push({ time, clusterAt: this.#part.position - this.#segmentAt });
    const isLast = frame === this.#timing.frames - 1;
    const { before, after } = wrapFrame({
      track: this.#skeleton.videoTrack,
      relativeMs: time - cluster.time,
      isKey,
      payloadBytes,
      durationMs: isLast && this.#timing.frameNs === null ? this.#timing.endMs - time : null,
    });
    const payload = this.#part.isReplaying
      ? payloadBytes
      : await readSamples(this.#video, segment, sample, sample + 1);
    cluster.add(before, payload, after);
  }

  /** Writes the blocks of other streams before this time. */
  async #writeOthers(untilMs: number): Promise<void> {
    for (let block = this.#next; block && block.time < untilMs; block = this.#next) {
      const cluster = await this.#clusterFor(block.time, block.element.length);
      cluster.addCopied(block);
      await this.#take();
    }
  }

  async #take(): Promise<void> {
    do {
      const next = await this.#blocks.next();
      this.#next = next.done ? null : next.value;
    } while (this.#next?.track === this.#skeleton.videoTrack);
  }

  async #clusterFor(time: number, bytes: number): Promise<MkvCluster> {
    if (this.#cluster && !this.#cluster.takes(time, bytes)) await this.#closeCluster();
    this.#cluster ??= new MkvCluster(time);
    return this.#cluster;
  }

  async #closeCluster(): Promise<void> {
    if (!this.#cluster) return;
    const { sizeBytes, bytes } = this.#cluster.finish();
    this.#cluster = null;
    if (this.#part.isReplaying || !bytes) this.#part.skip(sizeBytes);
    else await this.#part.write(bytes);
  }

  #makeCue({ time, clusterAt }: { readonly time: number; readonly clusterAt: number }): Buffer {
    const track = uintElement(mkv.cueTrack, this.#skeleton.videoTrack);
    const place = uintElement(mkv.cueClusterPosition, clusterAt);
    return makeElement(
      mkv.cuePoint,
      uintElement(mkv.cueTime, time),
      makeElement(mkv.cueTrackPositions, track, place),
    );
  }
}

/** The list of where things lie: always of the same size for the same things. */
function makeSeekHead(places: ReadonlyMap<number, number>): Buffer {
  const entries = Array.from(places, ([id, at]) =>
    makeElement(mkv.seek, uintElement(mkv.seekId, id), fixedUintElement(mkv.seekPosition, at)),
  );
  return makeElement(mkv.seekHead, ...entries);
}
