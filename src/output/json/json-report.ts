import { printableJson } from '../../core/printable.ts';
/** `report.json` piece by piece, so that a report of any length needs little memory. */
export async function* renderJsonReport(
  header: object,
  items: AsyncIterable<object>,
): AsyncGenerator<string> {
  const head = printableJson(header, 2);
  yield `${head.slice(0, head.lastIndexOf('\n}'))},\n  "items": [`;
  let separator = '\n    ';
  for await (const item of items) {
    yield separator + printableJson(item);
    separator = ',\n    ';
  }
  yield '\n  ]\n}\n';
}
