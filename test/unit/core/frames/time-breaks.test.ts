import { expect, it } from 'vitest';
import { TimeBreakFinder, type TimedPacket } from '../../../../src/core/frames/time-breaks.ts';

const [picture, sound, text] = [0, 1, 2];

function packet(stream: number, seconds: number, position: number, durationSeconds = 0.5): TimedPacket {
  return { stream, decodeSeconds: seconds, shownSeconds: seconds, durationSeconds, position };
}

function find(packets: readonly TimedPacket[], container = 'mpegts') {
  const finder = new TimeBreakFinder(container, new Set([picture, sound]));
  for (const each of packets) finder.add(each);
  return { breaks: finder.breaks(), length: finder.lengthSeconds() };
}

it('finds none where times go on, jitter and fall behind another stream', () => {
  const packets = [
    packet(0, 1, 0),
    packet(1, 0.2, 10),
    packet(0, 1.5, 20),
    packet(0, 1.45, 30),
    packet(1, 0.7, 40),
  ];
  expect(find(packets).breaks).toEqual([]);
});

it('moves all streams by the same, so that none begins before it ended', () => {
  const { breaks, length } = find([
    ...[packet(picture, 1, 0), packet(sound, 1, 10), packet(picture, 1.5, 20), packet(sound, 1.5, 30, 0.7)],
    ...[packet(picture, 1, 40), packet(sound, 1.1, 50), packet(picture, 1.5, 60)],
  ]);
  expect(breaks).toHaveLength(1);
  expect(breaks[0]).toMatchObject({ fromSeconds: 1.5, toSeconds: 1 });
  // The picture alone would need 1.0 s, the sound 1.1 s.
  expect(breaks[0]?.offsetSeconds).toBeCloseTo(1.1, 9);
  expect([...(breaks[0]?.firstPackets ?? [])]).toEqual([
    [picture, 2],
    [sound, 2],
  ]);
  expect(length).toBeCloseTo(2.1, 9);
});

it('keeps the last packets of a part in it, which come late', () => {
  const { breaks } = find([
    ...[packet(picture, 1, 0), packet(picture, 1.5, 5), packet(sound, 1, 10), packet(picture, 1, 100)],
    ...[packet(sound, 1.5, 20), packet(sound, 1, 110), packet(picture, 1.5, 120)],
  ]);
  expect(breaks.map(({ firstPackets }) => Object.fromEntries(firstPackets))).toEqual([{ 0: 2, 1: 2 }]);
});

it('takes a stream along that has no clock of its own, from where it lies in the file', () => {
  const { breaks } = find([
    ...[packet(picture, 1, 0), packet(text, 1.2, 10), packet(picture, 1.5, 20)],
    ...[packet(picture, 1, 40), packet(picture, 1.5, 60), packet(text, 1.7, 70), packet(text, 1.8, 80)],
  ]);
  expect([...(breaks[0]?.firstPackets ?? [])]).toEqual([
    [picture, 2],
    [text, 1],
  ]);
});

it.each([
  { container: 'mpegts', breaks: 1 },
  { container: 'matroska,webm', breaks: 0 },
])('takes a leap ahead for a break only where recorders join bytes: $container', ({ container, breaks }) => {
  const found = find([packet(picture, 1, 0), packet(picture, 5000, 10)], container);
  expect(found.breaks).toHaveLength(breaks);
  expect(found.length).toBeCloseTo(breaks === 1 ? 1 : 4999.5, 6);
});

it('adds up over several breaks', () => {
  const again = Array.from({ length: 4 }, (_, part) => [
    packet(picture, 7, part * 20),
    packet(picture, 7.5, part * 20 + 10),
  ]);
  const { breaks, length } = find(again.flat());
  expect(breaks.map(({ offsetSeconds }) => offsetSeconds)).toEqual([1, 2, 3]);
  expect(length).toBe(4);
});
