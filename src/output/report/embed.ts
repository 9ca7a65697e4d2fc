/** A function's source for a page, unable to end the script block it stands in. */
export function embeddedSource(tool: (...parameters: never[]) => unknown): string {
  return tool.toString().replaceAll('</', '<\\/');
}

/** The source of an object of functions, by their names. */
export function embeddedTools(tools: object): string {
  const entries = Object.entries(tools) as [string, (...parameters: never[]) => unknown][];
  return `{\n${entries.map(([name, tool]) => `${name}: ${embeddedSource(tool)},`).join('\n')}\n}`;
}
