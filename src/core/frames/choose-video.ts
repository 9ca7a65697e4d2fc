/** A video stream of a file that has several. */
export interface VideoCandidate {
  /** Players are to show it, says the file. Many programs say it of the first stream, whatever that is. */
  readonly isDefault: boolean;
  readonly frames: number;
}

/** A shorter one than this share of the longest is a preview, or a picture that is not marked as a cover. */
const leastShare = 0.1;
/** Of videos that are about equally long the first counts. */
const equalShare = 0.9;

/** Which of a file's videos is meant, by its place: the default one unless it is next to nothing, else the longest. */
export function chooseVideo(candidates: readonly VideoCandidate[]): number {
  const most = Math.max(...candidates.map(({ frames }) => frames));
  const isLong = ({ frames }: VideoCandidate, share: number) => frames >= share * most;
  const byDefault = candidates.findIndex(
    (candidate) => candidate.isDefault && candidate.frames > 1 && isLong(candidate, leastShare),
  );
  if (byDefault !== -1) return byDefault;
  return Math.max(
    0,
    candidates.findIndex((candidate) => isLong(candidate, equalShare)),
  );
}
