import { Zip, ZipPassThrough } from 'fflate';

export interface ZipMember {
  readonly name: string;
  readonly content: Uint8Array;
}

/** So much is checked and given on at once: others get their turn in between. */
const pieceBytes = 1024 * 1024;
/** The earliest time there is in archives: the same members give the same bytes. */
const noTime = new Date(1980, 0, 1);

/** A ZIP archive as it grows, its members stored as they are: pictures cannot be made smaller twice. */
export async function* zipStream(members: AsyncIterable<ZipMember>): AsyncGenerator<Uint8Array> {
  let ready: Uint8Array[] = [];
  let failure: unknown = null;
  const archive = new Zip((error, piece) => {
    if (error) failure = error;
    else ready.push(piece);
  });
  const take = () => {
    if (failure) throw failure;
    const pieces = ready;
    ready = [];
    return pieces;
  };
  for await (const { name, content } of members) {
    const member = new ZipPassThrough(name);
    member.mtime = noTime;
    archive.add(member);
    for (let at = 0; at < content.length || at === 0; at += pieceBytes) {
      member.push(content.subarray(at, at + pieceBytes), at + pieceBytes >= content.length);
      yield* take();
    }
  }
  archive.end();
  yield* take();
}
