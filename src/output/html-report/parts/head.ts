import { createHash } from 'node:crypto';
import type { ReportHeader } from '../../../core/report/report.ts';
import { type Html, html, trusted } from '../html.ts';
import { pageScript, themeScript } from '../script.ts';
import { pageStyle } from '../styles/page-style.ts';
import { statusWords } from './status-words.ts';

/** The document's start up to and including `<body>`, with the policy that lets only the page's own code run. */
export function renderHead(header: ReportHeader): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(contentPolicy())}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${statusWords(header.status).title}: cosmos run ${header.run_id}</title>
<style>${trusted(pageStyle)}</style>
<script>${trusted(themeScript)}</script>
</head>
<body>
<a class="skip" href="#results">Skip to the specs</a>
`;
}

function contentPolicy(): string {
  return [
    `default-src 'none'`,
    `script-src ${hashOf(pageScript)} ${hashOf(themeScript)}`,
    `style-src ${hashOf(pageStyle)}`,
    'img-src data:',
    `base-uri 'none'`,
    `form-action 'none'`,
  ].join('; ');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
