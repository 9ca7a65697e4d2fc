/** A generated part of a page: everything between `<!-- generated: name -->` and `<!-- /generated -->`. */
const partPattern = /<!-- generated: ([a-z-]+) -->\n[\s\S]*?<!-- \/generated -->/g;

/**
 * The page with its generated parts made anew; the rest stays as it is.
 *
 * @param contents - What belongs into each part, by the part's name.
 * @throws Error for a part that nobody makes, and for one that the page lacks.
 */
export function fillParts(page: string, contents: Readonly<Record<string, string>>): string {
  const filled = new Set<string>();
  const text = page.replaceAll(partPattern, (_, name: string) => {
    const content = contents[name];
    if (content === undefined) throw new Error(`nothing makes the part "${name}"`);
    filled.add(name);
    return `<!-- generated: ${name} -->\n\n${content.trim()}\n\n<!-- /generated -->`;
  });
  const missing = Object.keys(contents).filter((name) => !filled.has(name));
  if (missing.length > 0) throw new Error(`the page has no part "${missing.join('", "')}"`);
  return text;
}
