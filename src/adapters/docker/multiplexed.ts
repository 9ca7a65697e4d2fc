/** What a program wrote. */
interface ProgramOutput {
  readonly stdout: string;
  /** stdout and stderr in the order in which they were written. */
  readonly both: string;
}

const headerBytes = 8;
const stdoutNumber = 1;

/**
 * Takes apart what an engine sends of a program without a terminal: frames of eight bytes (the stream's number,
 * three zeros, the length as a big-endian number) and the content. A last frame that is cut short is kept.
 */
export function demultiplex(bytes: Buffer): ProgramOutput {
  const all: Buffer[] = [];
  const stdout: Buffer[] = [];
  for (let offset = 0; offset + headerBytes <= bytes.length; ) {
    const end = offset + headerBytes + bytes.readUInt32BE(offset + 4);
    const content = bytes.subarray(offset + headerBytes, end);
    all.push(content);
    if (bytes[offset] === stdoutNumber) stdout.push(content);
    offset = end;
  }
  return { stdout: Buffer.concat(stdout).toString('utf8'), both: Buffer.concat(all).toString('utf8') };
}
