import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Html, html, trusted } from './html.ts';

interface DocumentStart {
  readonly title: string;
  readonly style: string;
  /** Where the first link leads, for those who come by keyboard. */
  readonly skipTo: { readonly id: string; readonly text: string };
  /** Whether it plays videos, which its program makes of its data blocks. */
  readonly hasVideos?: boolean;
}

/** What `scripts/bundle-page.ts` writes. */
const programPath = createRequire(import.meta.url).resolve('#report-page');
const startCall = 'report.start();';
let program: string | null = null;

/**
 * The document's start up to and including `<body>`, with the program of the pages and the policy that lets only this
 * program and this style act.
 */
export function documentStart({ title, style, skipTo, hasVideos = false }: DocumentStart): Html {
  program ??= readFileSync(programPath, 'utf8');
  const policy = [
    `default-src 'none'`,
    `script-src ${hashOf(program)} ${hashOf(startCall)}`,
    `style-src ${hashOf(style)}`,
    'img-src data:',
    ...(hasVideos ? ['media-src blob:'] : []),
    `base-uri 'none'`,
    `form-action 'none'`,
  ];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy.join('; '))}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${trusted(style)}</style>
<script>${trusted(program)}</script>
</head>
<body>
<a class="skip" href="#${skipTo.id}">${skipTo.text}</a>
`;
}

/** Starts the program on what stands above. */
export const startScript = html`<script>${trusted(startCall)}</script>
`;

/** The end of `<main>` and of the document. */
export const documentEnd = html`</main>
<footer><p>Made by cosmos. This page is complete in itself: it loads nothing and sends nothing.</p></footer>
</body>
</html>
`;

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
