/** A page of the docs for a terminal: without marks of generated parts and pictures, and links by their text. */
export function pageText(markdown: string): string {
  return markdown
    .replaceAll(/^<!--.*-->\n?/gm, '')
    .replaceAll(/^!\[[^\]]*\]\([^)]*\)\n*/gm, '')
    .replaceAll(/\[([^\]]+)\]\(([^)\s]+)\)/g, (_link, text: string, target: string) =>
      /^https?:/.test(target) ? `${text} (${target})` : text,
    )
    .trimEnd();
}
