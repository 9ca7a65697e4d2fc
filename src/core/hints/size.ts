export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Reads `320x180`. Returns null for anything else, including sides of 0. */
export function parseSize(text: string): Size | null {
  const match = /^(\d{1,5})[xX×](\d{1,5})$/.exec(text.trim());
  if (!match) return null;
  const size = { width: Number(match[1]), height: Number(match[2]) };
  return size.width >= 2 && size.height >= 2 ? size : null;
}

export function formatSize(size: Size): string {
  return `${size.width}x${size.height}`;
}
