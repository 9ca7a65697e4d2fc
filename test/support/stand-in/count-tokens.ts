/** Tokens of one image by Pixtral's rule: 16 px patches inside 1024 px, and one break per row. */
export function pixtralTokens(size: { width: number; height: number }): number {
  const ratio = Math.max(1, Math.max(size.width, size.height) / 1024);
  const [width, height] = [roundHalfEven(size.width / ratio), roundHalfEven(size.height / ratio)];
  const columns = Math.floor((width - 1) / 16) + 1;
  const rows = Math.floor((height - 1) / 16) + 1;
  return (columns + 1) * rows;
}

/** A text's tokens, roughly: four bytes each. */
export function textTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / 4);
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
