import { createHash } from 'node:crypto';
import { type Html, html, trusted } from './html.ts';

/** What the start of a page says, and what code it may run. */
export interface DocumentHead {
  readonly title: string;
  readonly style: string;
  /** Runs before the first paint. */
  readonly earlyScript: string;
  /** Stands further down in the page. */
  readonly script: string;
  /** Where the first link leads, for those who come by keyboard. */
  readonly skipTo: { readonly id: string; readonly text: string };
}

/** The document's start up to and including `<body>`, with the policy that lets only the page's own code run. */
export function renderDocumentHead(head: DocumentHead): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(contentPolicy(head))}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${head.title}</title>
<style>${trusted(head.style)}</style>
<script>${trusted(head.earlyScript)}</script>
</head>
<body>
<a class="skip" href="#${head.skipTo.id}">${head.skipTo.text}</a>
`;
}

function contentPolicy({ script, earlyScript, style }: DocumentHead): string {
  return [
    `default-src 'none'`,
    `script-src ${hashOf(script)} ${hashOf(earlyScript)}`,
    `style-src ${hashOf(style)}`,
    'img-src data:',
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
