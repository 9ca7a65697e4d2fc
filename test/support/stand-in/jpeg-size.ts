/** Size in pixels from a JPEG's frame header; throws when the bytes are no whole JPEG file. */
export function jpegSize(bytes: Uint8Array): { width: number; height: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 4 || view.getUint16(0) !== 0xffd8) throw new Error('no JPEG: it does not start as one');
  if (view.getUint16(bytes.length - 2) !== 0xffd9) throw new Error('no whole JPEG: it does not end as one');
  for (let at = 2; at + 9 < bytes.length; ) {
    const marker = view.getUint16(at);
    if (isFrameHeader(marker)) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    at += 2 + view.getUint16(at + 2);
  }
  throw new Error('no JPEG: it has no frame header');
}

/** SOF0 to SOF15, without the three markers of that range that mean something else. */
function isFrameHeader(marker: number): boolean {
  return marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);
}
